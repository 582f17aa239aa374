"""Calls of one transaction run once for each request id."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sanset.v1 import promotion_pb2 as pb
from sqlalchemy import Connection

from server.db.database import Database
from server.db.deadline import Deadline
from server.identity import Identity, Role
from server.promotion.errors import PointsTooFew
from server.repeats.errors import IdempotencyMismatch
from server.repeats.short_call import once
from server.rpc.call import Call

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
REQUEST_ID = "0b54c6ae-7dd4-4d5e-9b2c-0f4f5ad9d5b1"


class Points:
    """A servicer whose use case counts how often it runs."""

    def __init__(self) -> None:
        self.runs = 0
        self.fails = False

    @once(pb.Loyalty)
    def adjust(
        self, tx: Connection, request: pb.AdjustPointsRequest, call: Call, now: datetime, factor: int = 1
    ) -> pb.Loyalty:
        self.runs += 1
        if self.fails:
            raise PointsTooFew(points=0, wanted=request.points)
        return pb.Loyalty(points=request.points * factor)


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = Database(database_url, pool_size=2)
    yield database
    database.close()


def call(user_id: int = 1, method: str = "AdjustPoints") -> Call:
    identity = Identity(user_id, Role.ADMIN, "session", NOW.timestamp() + 60)
    return Call(f"/sanset.v1.PromotionService/{method}", "", "", False, "", None, Deadline(10), identity)


def adjust(db: Database, points: Points, *, request_id: str = REQUEST_ID, by: int = 5, caller: Call) -> int:
    request = pb.AdjustPointsRequest(user_id=2, points=by, request_id=request_id)
    with db.transaction() as tx:
        return points.adjust(tx, request, caller, NOW, factor=2).points


def test_a_repeat_gets_the_first_reply_and_runs_nothing(db: Database) -> None:
    points = Points()
    assert [adjust(db, points, caller=call()) for _ in range(3)] == [10, 10, 10]
    assert adjust(db, points, request_id=REQUEST_ID.upper(), caller=call()) == 10
    assert points.runs == 1


def test_without_a_request_id_it_runs_every_time(db: Database) -> None:
    points = Points()
    assert [adjust(db, points, request_id="", caller=call()) for _ in range(2)] == [10, 10]
    assert points.runs == 2


def test_the_same_id_of_another_user_or_method_is_another(db: Database) -> None:
    points = Points()
    for caller in (call(), call(user_id=3), call(method="AdjustInventory")):
        adjust(db, points, caller=caller)
    assert points.runs == 3


def test_another_body_is_refused(db: Database) -> None:
    points = Points()
    adjust(db, points, caller=call())
    with pytest.raises(IdempotencyMismatch):
        adjust(db, points, by=6, caller=call())
    assert points.runs == 1


def test_what_fails_may_be_tried_again_under_the_same_id(db: Database) -> None:
    points = Points()
    points.fails = True
    with pytest.raises(PointsTooFew):
        adjust(db, points, caller=call())
    points.fails = False
    assert adjust(db, points, caller=call()) == 10
