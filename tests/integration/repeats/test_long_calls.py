"""Calls of several transactions: the first one's reply is everybody's, and what died is carried on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.wrappers_pb2 import Int64Value
from sqlalchemy import Connection

from server.db.database import Database
from server.db.deadline import Deadline
from server.errors import NotFound
from server.repeats.claims import Claim, Key
from server.repeats.errors import IdempotencyMismatch, StillRunning
from server.repeats.long_call import LEASE_MARGIN, AlreadyClaimed, Begun, Ended, LongCall, store_refusal

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
WORK_SECONDS = 10.0
LEASE = timedelta(seconds=WORK_SECONDS) + LEASE_MARGIN
KEY = Key(1, "Checkout", "0b54c6ae-7dd4-4d5e-9b2c-0f4f5ad9d5b1")
CLAIM = Claim(KEY, "hash of the body")
CALLS = LongCall(Int64Value, WORK_SECONDS)


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = Database(database_url, pool_size=2)
    yield database
    database.close()


def begin(db: Database, now: datetime = NOW, claim: Claim = CLAIM) -> Begun[str] | Ended[Int64Value] | None:
    def resume(_tx: Connection, _now: datetime) -> Begun[str]:
        return Begun("resumed")

    try:
        with db.transaction() as tx:
            return Begun(CALLS.claim(tx, claim, now, lambda _tx, _now: "started"))
    except AlreadyClaimed:
        with db.transaction() as tx:
            return CALLS.take_up(tx, claim, now, resume)


def end(db: Database, value: int, claim: Claim = CLAIM) -> Ended[Int64Value]:
    with db.transaction() as tx:
        return CALLS.end(tx, claim, Int64Value(value=value))


def test_the_first_call_does_the_work_and_a_repeat_gets_its_reply(db: Database) -> None:
    assert begin(db) == Begun("started")
    assert begin(db) is None
    assert end(db, 7) == Ended(Int64Value(value=7))
    assert begin(db) == Ended(Int64Value(value=7))


def test_another_body_under_the_same_request_id_is_refused(db: Database) -> None:
    begin(db)
    with pytest.raises(IdempotencyMismatch):
        begin(db, claim=Claim(KEY, "another"))


def test_a_call_without_a_request_id_begins_every_time(db: Database) -> None:
    anonymous = Claim(Key(1, "RefundOrder", ""), "")
    assert begin(db, claim=anonymous) == begin(db, claim=anonymous) == Begun("started")
    assert end(db, 7, anonymous) == Ended(Int64Value(value=7))
    assert end(db, 8, anonymous) == Ended(Int64Value(value=8))


def test_a_call_whose_lease_has_run_out_is_resumed_by_one_repeat(db: Database) -> None:
    begin(db)
    late = NOW + LEASE + timedelta(seconds=1)
    assert begin(db, late - timedelta(seconds=2)) is None
    assert begin(db, late) == Begun("resumed")
    assert begin(db, late) is None


def test_of_two_that_end_a_call_the_first_reply_counts(db: Database) -> None:
    begin(db)
    assert end(db, 7) == Ended(Int64Value(value=7))
    assert end(db, 8) == Ended(Int64Value(value=7))


def test_a_refusal_ends_a_call_as_well_and_no_reply_follows_it(db: Database) -> None:
    begin(db)
    with db.transaction() as tx:
        store_refusal(tx, KEY)
    assert begin(db) == Ended(None)
    assert end(db, 7) == Ended(None)


def test_a_failed_beginning_leaves_no_claim(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.transaction() as tx:
        CALLS.claim(tx, CLAIM, NOW, lambda _tx, _now: 1 // 0)
    assert begin(db) == Begun("started")


class Unfit(NotFound):
    """What the first call has left is nothing to begin with."""

    message = "There is nothing left."


def test_a_repeat_is_not_refused_for_what_the_first_call_has_changed(db: Database) -> None:
    def refuse(_tx: Connection, _now: datetime) -> str:
        raise Unfit()

    with pytest.raises(Unfit), db.transaction() as tx:
        CALLS.claim(tx, CLAIM, NOW, refuse)
    begin(db)
    with pytest.raises(AlreadyClaimed), db.transaction() as tx:
        CALLS.claim(tx, CLAIM, NOW, refuse)


def test_what_a_repeat_began_is_undone(db: Database) -> None:
    def start(tx: Connection, _now: datetime) -> str:
        store_refusal(tx, KEY)
        return "started"

    begin(db)
    with pytest.raises(AlreadyClaimed), db.transaction() as tx:
        CALLS.claim(tx, CLAIM, NOW, start)
    assert begin(db) is None, "the first call is still at work"


def test_a_repeat_waits_until_the_first_call_has_ended() -> None:
    states: list[Begun[str] | Ended[Int64Value] | None] = [None, Begun("started"), Ended(Int64Value(value=7))]

    async def claimed() -> str:
        raise AlreadyClaimed()

    async def next_state() -> Begun[str] | Ended[Int64Value] | None:
        return states.pop(0)

    async def ended_by_another(_progress: str) -> None:
        return None

    run = CALLS.run(CLAIM, Deadline(10), begin=claimed, carry_on=next_state, finish=ended_by_another)
    assert asyncio.run(run) == Ended(Int64Value(value=7))


def test_a_repeat_gives_up_near_its_deadline() -> None:
    async def claimed() -> None:
        raise AlreadyClaimed()

    async def at_work() -> None:
        return None

    async def finish(_progress: object) -> None:
        raise AssertionError("nothing was begun")

    with pytest.raises(StillRunning) as refused:
        asyncio.run(CALLS.run(CLAIM, Deadline(0.1), begin=claimed, carry_on=at_work, finish=finish))
    assert refused.value.facts["request_id"] == KEY.request_id
