"""The bridge to the database: reads and writes on the pool, within a deadline, each committed or not at all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from server.db.database import Database
from server.db.deadline import Deadline
from server.db.pool import Pool
from server.db.work import Work
from server.errors import OutOfTime, Overloaded


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    """The bridge to a database with one table, by one thread, with room for one more call."""
    database = Database(f"sqlite:///{tmp_path / 'x.db'}", pool_size=2)
    with database.transaction() as tx:
        tx.exec_driver_sql("CREATE TABLE notes (text)")
    pool = Pool(threads=1, max_queued=1)
    yield Work(database, pool)
    pool.close()
    database.close()


def _notes(connection: Connection) -> list[str]:
    return list(connection.exec_driver_sql("SELECT text FROM notes").scalars())


def _note(tx: Connection, text: str) -> int:
    return tx.exec_driver_sql("INSERT INTO notes VALUES (?)", (text,)).rowcount


def test_what_is_written_is_committed_and_read(work: Work) -> None:
    async def scenario() -> None:
        assert await work.write(_note, "one") == 1
        assert await work.read(_notes) == ["one"]

    asyncio.run(scenario())


def test_a_rule_that_refuses_leaves_nothing(work: Work) -> None:
    def refuse(tx: Connection) -> None:
        _note(tx, "one")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        asyncio.run(work.write(refuse))
    assert asyncio.run(work.read(_notes)) == []


def test_a_rule_whose_transaction_lost_a_race_runs_again_in_a_new_one(work: Work) -> None:
    tries = []

    def rule(tx: Connection) -> None:
        tries.append(_note(tx, f"try {len(tries) + 1}"))
        if len(tries) < 3:
            raise OperationalError("x", {}, psycopg.errors.DeadlockDetected())

    asyncio.run(work.write(rule))
    assert asyncio.run(work.read(_notes)) == ["try 3"]


def test_nothing_is_committed_after_the_deadline_of_the_call(work: Work) -> None:
    deadline = Deadline(30)

    def rule(tx: Connection) -> None:
        _note(tx, "late")
        deadline.expires_at = 0

    with pytest.raises(OutOfTime):
        asyncio.run(work.write(rule, deadline=deadline))
    assert asyncio.run(work.read(_notes)) == []


def test_vital_work_is_not_refused_however_much_waits(work: Work) -> None:
    async def scenario() -> None:
        free = threading.Event()
        waiting = [asyncio.ensure_future(work.run(free.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await work.write(_note, "refused")
        vital = asyncio.ensure_future(work.write(_note, "vital", vital=True))
        await asyncio.sleep(0)
        free.set()
        await asyncio.gather(vital, *waiting)
        assert await work.read(_notes) == ["vital"]

    asyncio.run(scenario())
