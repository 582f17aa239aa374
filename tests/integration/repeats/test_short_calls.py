"""Calls of one transaction run once for each request id."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sanset.v1 import auth_pb2
from sanset.v1 import promotion_pb2 as pb
from sqlalchemy import Connection, func, insert, select

from server.crypto.ring import KeyRing
from server.crypto.vault import Vault
from server.db.database import Database
from server.db.deadline import Deadline
from server.errors import InvalidField
from server.identity import Identity, Role
from server.promotion.errors import PointsTooFew
from server.repeats import owners
from server.repeats.claims import MAX_OF_ONE
from server.repeats.errors import IdempotencyMismatch, TooManyGuestRequestIds, TooManyRequestIds
from server.repeats.models import IdempotencyKey
from server.repeats.short_call import once
from server.rpc.call import Call
from server.rpc.networks import neighbours_of

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
REQUEST_ID = "0b54c6ae-7dd4-4d5e-9b2c-0f4f5ad9d5b1"


class Points:
    """A servicer whose use cases have an effect each time they run."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._vault = Vault(KeyRing([b"secret"]))
        self.fails = False

    def _clock(self) -> datetime:
        return NOW

    def _have_effect(self, tx: Connection) -> None:
        values = {"user_id": 0, "method": "effect", "request_id": str(uuid.uuid4()), "body_hash": ""}
        tx.execute(insert(IdempotencyKey).values(values | {"created_at": NOW}))

    def effects(self, connection: Connection | None = None) -> int:
        if connection is None:
            with self._db.read() as reading:
                return self.effects(reading)
        query = select(func.count()).where(IdempotencyKey.method == "effect")
        return connection.execute(query).scalar_one()

    @once(pb.Loyalty)
    def adjust(
        self, tx: Connection, request: pb.AdjustPointsRequest, call: Call, now: datetime, factor: int = 1
    ) -> pb.Loyalty:
        self._have_effect(tx)
        if self.fails:
            raise PointsTooFew(points=0, requested=request.points)
        return pb.Loyalty(points=request.points * factor)

    @once(auth_pb2.Tokens, guest=lambda request, _call: request.reason, sealed="access_token")
    def greet(
        self, tx: Connection, request: pb.AdjustPointsRequest, call: Call, now: datetime
    ) -> auth_pb2.Tokens:
        self._have_effect(tx)
        return auth_pb2.Tokens(access_token=f"secret {self.effects(tx)}")


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = Database(database_url, pool_size=2)
    yield database
    database.close()


def call(user_id: int = 1, method: str = "AdjustPoints", role: Role = Role.ADMIN) -> Call:
    identity = Identity(user_id, role, "session", NOW.timestamp() + 60)
    return Call(f"/sanset.v1.PromotionService/{method}", "", "", False, None, Deadline(10), identity)


def adjust(points: Points, *, request_id: str = REQUEST_ID, by: int = 5, caller: Call) -> int:
    request = pb.AdjustPointsRequest(user_id=2, points=by, request_id=request_id)
    return points.adjust(request, caller, factor=2).points


def greet(points: Points, name: str, request_id: str = REQUEST_ID, address: str = "192.0.2.7") -> str:
    guest = call(method="Greet")
    guest.address = address
    guest.caller = None
    return points.greet(pb.AdjustPointsRequest(reason=name, request_id=request_id), guest).access_token


def test_a_repeat_gets_the_first_reply_and_has_no_effect(db: Database) -> None:
    points = Points(db)
    assert [adjust(points, caller=call()) for _ in range(3)] == [10, 10, 10]
    assert adjust(points, request_id=REQUEST_ID.upper(), caller=call()) == 10
    assert points.effects() == 1


def test_without_a_request_id_it_runs_every_time(db: Database) -> None:
    points = Points(db)
    assert [adjust(points, request_id="", caller=call()) for _ in range(2)] == [10, 10]
    assert points.effects() == 2


def test_the_same_id_of_another_user_or_method_is_another(db: Database) -> None:
    points = Points(db)
    for caller in (call(), call(user_id=3), call(method="AdjustInventory")):
        adjust(points, caller=caller)
    assert points.effects() == 3


def test_another_body_is_refused(db: Database) -> None:
    points = Points(db)
    adjust(points, caller=call())
    with pytest.raises(IdempotencyMismatch):
        adjust(points, by=6, caller=call())
    assert points.effects() == 1


def test_what_fails_may_be_tried_again_under_the_same_id(db: Database) -> None:
    points = Points(db)
    points.fails = True
    with pytest.raises(PointsTooFew):
        adjust(points, caller=call())
    points.fails = False
    assert adjust(points, caller=call()) == 10


def test_what_its_own_effect_refuses_gets_the_first_reply(db: Database) -> None:
    points = Points(db)
    adjust(points, caller=call())
    points.fails = True
    assert adjust(points, caller=call()) == 10
    with pytest.raises(IdempotencyMismatch):
        adjust(points, by=6, caller=call())


def test_a_guest_has_request_ids_of_their_own_and_their_secret_is_kept_sealed(db: Database) -> None:
    points = Points(db)
    assert greet(points, "ann") == greet(points, "ann") == "secret 1"
    assert greet(points, "bob") == "secret 2"
    with db.read() as connection:
        columns = select(IdempotencyKey.user_id, IdempotencyKey.reply)
        stored = connection.execute(columns.where(IdempotencyKey.method == "Greet")).all()
    assert all(row.user_id < 0 for row in stored)
    assert not any(b"secret" in row.reply for row in stored)


def test_a_guest_without_a_name_is_told_from_others_by_a_request_id_that_nobody_can_guess(
    db: Database,
) -> None:
    points = Points(db)
    assert greet(points, "") == greet(points, "") == "secret 1"
    with pytest.raises(InvalidField):
        greet(points, "", "0b54c6ae-7dd4-5d5e-9b2c-0f4f5ad9d5b1")


@pytest.mark.parametrize(
    ("flooding", "neighbour"), [("192.0.2.7", "192.0.2.200"), ("2001:db8::1", "2001:db8::ffff:2")]
)
def test_a_flood_of_guests_without_a_name_shuts_out_its_own_network_alone(
    db: Database, flooding: str, neighbour: str
) -> None:
    points = Points(db)
    share_of = {each: owners.stranger(Vault(KeyRing([b"secret"])).number_of(neighbours_of(each))) for each in (
        flooding, neighbour, *(f"198.51.{i}.1" for i in range(9))
    )}  # fmt: skip
    full = share_of[flooding]
    elsewhere = next(each for each, share in share_of.items() if share != full)
    row = {"method": "AddItem", "body_hash": "", "created_at": NOW, "user_id": full}
    with db.transaction() as tx:
        tx.execute(insert(IdempotencyKey), [row | {"request_id": str(i)} for i in range(MAX_OF_ONE)])
    for address in (flooding, neighbour):
        with pytest.raises(TooManyGuestRequestIds, match=r"At most 10000 request ids .* from one network"):
            greet(points, "", str(uuid.uuid4()), address)
    request_id = str(uuid.uuid4())
    first = greet(points, "", request_id, elsewhere)
    assert greet(points, "", request_id, elsewhere) == first
    assert -owners.SHARES < full <= 0


def test_the_request_ids_of_one_customer_are_limited_and_those_of_staff_are_not(db: Database) -> None:
    row = {"method": "AddItem", "body_hash": "", "created_at": NOW}
    with db.transaction() as tx:
        rows = [
            row | {"user_id": user, "request_id": str(i)} for user in (1, 2) for i in range(MAX_OF_ONE - 1)
        ]
        tx.execute(insert(IdempotencyKey), rows)
    points = Points(db)
    customer, another = call(role=Role.CUSTOMER), "1b54c6ae-7dd4-4d5e-9b2c-0f4f5ad9d5b1"
    adjust(points, caller=customer)
    with pytest.raises(TooManyRequestIds):
        adjust(points, request_id=another, caller=customer)
    assert adjust(points, caller=customer) == 10, "a repeat is still known"
    for request_id in (REQUEST_ID, another):
        adjust(points, request_id=request_id, caller=call(user_id=2))
