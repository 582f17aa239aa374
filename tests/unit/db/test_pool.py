"""The pool: bounded, persistent after lost races, and silent after the deadline."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from server.db import deadline as deadlines
from server.db.database import Announcement, Database, announce
from server.db.deadline import Deadline
from server.db.faults import refusal_of
from server.db.pool import ATTEMPTS, Pool
from server.errors import Conflict, OutOfTime, Overloaded, UnavailableNow


@pytest.fixture
def pool() -> Iterator[Pool]:
    """One thread, and room for one more call."""
    pool = Pool(threads=1, max_queued=1)
    yield pool
    pool.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database with one table."""
    database = Database(f"sqlite:///{tmp_path / 'x.db'}", pool_size=2)
    with database.transaction() as tx:
        tx.exec_driver_sql("CREATE TABLE written (text)")
    yield database
    database.close()


def _written(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.exec_driver_sql("SELECT text FROM written").scalars())


LOST = {
    "deadlock": lambda: OperationalError("x", {}, psycopg.errors.DeadlockDetected()),
    "serialization": lambda: OperationalError("x", {}, psycopg.errors.SerializationFailure()),
    "locked": lambda: OperationalError("x", {}, sqlite3.OperationalError("database is locked")),
    "connection": lambda: OperationalError(
        "x", {}, psycopg.OperationalError("gone"), connection_invalidated=True
    ),
}


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
def test_a_lost_race_is_run_again(pool: Pool, lost: Callable[[], DBAPIError]) -> None:
    tries = []

    def use_case(word: str) -> str:
        tries.append(word)
        if len(tries) < 3:
            raise lost()
        return word

    assert asyncio.run(pool.run(Deadline(30), use_case, "done")) == "done"
    assert len(tries) == 3


@pytest.mark.parametrize(("lost", "refusal"), [("deadlock", Conflict), ("connection", UnavailableNow)])
def test_a_race_lost_too_often_is_given_up(pool: Pool, lost: str, refusal: type[Exception]) -> None:
    tries = []

    def use_case() -> None:
        tries.append(1)
        raise LOST[lost]()

    with pytest.raises(OperationalError) as caught:
        asyncio.run(pool.run(Deadline(60), use_case))
    assert len(tries) == ATTEMPTS
    assert isinstance(refusal_of(caught.value), refusal)


HELD = {
    "row": lambda: OperationalError("x", {}, psycopg.errors.LockNotAvailable()),
    "locked": LOST["locked"],
}


@pytest.mark.parametrize("held", HELD.values(), ids=HELD)
def test_a_row_that_another_holds_is_come_back_for_without_a_thread(held: Callable[[], DBAPIError]) -> None:
    async def story() -> tuple[int, list[str]]:
        pool, tries, others = Pool(threads=1, max_queued=10, max_wait_seconds=0.2), [], list[str]()

        def use_case() -> None:
            tries.append(1)
            raise held()

        waiting = asyncio.create_task(pool.run(Deadline(60), use_case))
        while not waiting.done():
            await pool.run(Deadline(60), others.append, "served")
        with pytest.raises(OperationalError) as caught:
            await waiting
        assert isinstance(refusal_of(caught.value), Conflict)
        assert pool.busy == 0
        pool.close()
        return len(tries), others

    tries, others = asyncio.run(story())
    assert tries > 2
    assert len(others) > tries


def test_a_row_is_waited_for_to_the_deadline_by_work_that_must_end(pool: Pool) -> None:
    tries = []

    def use_case() -> str:
        tries.append(1)
        if len(tries) < 9:
            raise HELD["row"]()
        return "done"

    assert asyncio.run(pool.run_vital(Deadline(60), use_case)) == "done"


def test_another_fault_is_not_repeated(pool: Pool) -> None:
    tries = []

    def use_case() -> None:
        tries.append(1)
        raise IntegrityError("x", {}, sqlite3.IntegrityError("UNIQUE constraint failed"))

    with pytest.raises(IntegrityError) as caught:
        asyncio.run(pool.run(Deadline(30), use_case))
    assert len(tries) == 1
    assert refusal_of(caught.value) is None


def test_a_full_queue_refuses_at_once_and_takes_calls_again_later(pool: Pool) -> None:
    async def story() -> None:
        gate = threading.Event()
        first = asyncio.create_task(pool.run(Deadline(30), gate.wait))
        second = asyncio.create_task(pool.run(Deadline(30), gate.wait))
        await asyncio.sleep(0)
        assert pool.busy == 2
        with pytest.raises(Overloaded):
            await pool.run(Deadline(30), gate.wait)
        gate.set()
        assert await first
        assert await second
        assert await pool.run(Deadline(30), gate.wait)
        assert pool.busy == 0

    asyncio.run(story())


def test_nothing_is_committed_after_the_deadline(pool: Pool, database: Database) -> None:
    deadline = Deadline(30)

    def use_case() -> None:
        with database.transaction() as tx:
            tx.exec_driver_sql("INSERT INTO written VALUES ('late')")
            deadline.expires_at = time.monotonic()

    with pytest.raises(OutOfTime):
        asyncio.run(pool.run(deadline, use_case))
    assert _written(database) == []


def test_nothing_is_committed_for_a_caller_who_left(pool: Pool, database: Database) -> None:
    async def story() -> None:
        began, gate, ended = threading.Event(), threading.Event(), threading.Event()

        def use_case() -> None:
            try:
                with database.transaction() as tx:
                    tx.exec_driver_sql("INSERT INTO written VALUES ('left')")
                    began.set()
                    gate.wait()
            finally:
                ended.set()

        call = asyncio.create_task(pool.run(Deadline(30), use_case))
        await asyncio.to_thread(began.wait)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        gate.set()
        await asyncio.to_thread(ended.wait)

    asyncio.run(story())
    assert _written(database) == []


def test_a_call_whose_time_passed_in_the_queue_is_not_begun(pool: Pool) -> None:
    async def story() -> None:
        gate, ran = threading.Event(), []
        first = asyncio.create_task(pool.run(Deadline(30), gate.wait))
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            await pool.run(Deadline(0.01), ran.append, "late")
        gate.set()
        await first
        await pool.run(Deadline(30), lambda: None)
        assert ran == []

    asyncio.run(story())


def test_the_deadline_holds_only_for_the_call_it_came_with(pool: Pool) -> None:
    async def story() -> None:
        with pytest.raises(OutOfTime):
            await pool.run(Deadline(-1), lambda: None)
        await pool.run(Deadline(30), deadlines.check)

    asyncio.run(story())
    deadlines.check()


def test_listeners_hear_of_a_transaction_after_its_commit_and_never_of_one_undone(database: Database) -> None:
    heard: list[tuple[str, list[str]]] = []
    database.on_commit = lambda news: heard.extend((each.key, _written(database)) for each in news)
    with database.transaction() as tx:
        tx.exec_driver_sql("INSERT INTO written VALUES ('kept')")
        announce(tx, lambda: [Announcement(1, "topic", "kept", None)])
        assert heard == []
    with contextlib.suppress(ZeroDivisionError), database.transaction() as tx:
        tx.exec_driver_sql("INSERT INTO written VALUES ('undone')")
        announce(tx, [Announcement(2, "topic", "undone", None)])
        _ = 1 / 0
    with database.transaction() as tx:
        tx.exec_driver_sql("INSERT INTO written VALUES ('quiet')")
    assert heard == [("kept", ["kept"])]
    assert _written(database) == ["kept", "quiet"]
