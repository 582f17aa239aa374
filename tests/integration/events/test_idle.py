"""A shop with nothing to do does nothing: outboxes rest until an event wakes them, followers until a commit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, make_url, text
from support.raw_event import RawEvent
from support.rooms import core_of
from support.running_shop import test_settings

from server.clock import utc_now
from server.core import Core
from server.db import waiting
from server.db.database import CHANNEL, Database
from server.events.consumer import REST
from server.events.log import CATALOG, ORDER, PRODUCT, SESSION, publish
from server.events.sources import SqliteSource, source_of
from server.jobs.runner import Job, Jobs
from server.mail import part as mail_part
from server.order import queries
from server.webhooks import part as webhooks_part


def core_on(url: str, data_dir: Path) -> Core:
    return core_of(test_settings(url, data_dir), utc_now)


@pytest.fixture
def core(database_url: str, tmp_path: Path) -> Iterator[Core]:
    core = core_on(database_url, tmp_path)
    yield core
    core.pool.close()
    core.db.close()


@pytest.fixture
def db(core: Core) -> Database:
    return core.db


class Sender:
    """Sends nothing."""

    def send(self, mail_id: int, message: object) -> None:
        raise AssertionError("there is nothing to send")

    def rest(self) -> None:
        """Nothing is open."""


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something to come true."""
    while not condition():  # noqa: ASYNC110 - a job tells nobody that it ran
        await asyncio.sleep(0.005)


def statements_of(db: Database) -> list[str]:
    found: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *told: found.append(told[2]))
    return found


def outboxes(core: Core) -> list[Any]:
    return [
        mail_part.build(core, Sender()).outbox,
        webhooks_part.build(core, read_metadata=queries.metadata_of_orders).outbox,
    ]


def test_outboxes_in_which_nothing_waits_rest_and_ask_little(core: Core) -> None:
    async def scenario() -> None:
        for outbox in outboxes(core):
            assert await outbox.run() == REST
            statements = statements_of(core.db)
            assert await outbox.run() == REST
            assert len([one for one in statements if not one.startswith(("BEGIN", "PRAGMA"))]) <= 2

    asyncio.run(scenario())


def test_a_mail_that_is_still_to_be_sent_is_looked_after_at_the_usual_pace(core: Core, db: Database) -> None:
    later = utc_now() + timedelta(hours=1)
    with db.transaction() as tx:
        tx.execute(
            text(
                "INSERT INTO mails (id, key, kind, recipient, subject, plain, html, status, attempts, error, "
                "created_at, next_attempt_at, retry_until) VALUES (1, 'a', 'low_stock', 'a@b.test', '', '', '', "
                "'PENDING', 1, '', :later, :later, :later)"
            ),
            {"later": later if db.is_postgresql else later.strftime("%Y-%m-%d %H:%M:%S.%f")},
        )
    assert asyncio.run(outboxes(core)[0].run()) is None


def test_an_event_that_waits_for_a_slow_transaction_keeps_the_outboxes_awake(
    postgres_url: str, tmp_path: Path
) -> None:
    core = core_on(postgres_url, tmp_path)
    with core.db.transaction() as slow:
        publish(slow, RawEvent(ORDER, "1", {}))
        waiting.flush(slow)
        for outbox in outboxes(core):
            assert asyncio.run(outbox.run()) is None
    core.pool.close()
    core.db.close()


def test_a_job_rests_as_long_as_it_says_and_wakes_for_news(core: Core) -> None:
    runs: list[str] = []

    async def run() -> timedelta:
        runs.append("run")
        return timedelta(seconds=12)

    async def scenario() -> None:
        jobs = Jobs(core.work, utc_now, [Job("outbox", run, every=timedelta(seconds=2))])
        jobs.start()
        await until(lambda: bool(runs) and "outbox" in jobs._next)
        assert jobs._next["outbox"] - utc_now() > timedelta(seconds=8)
        jobs.wake("outbox")
        await until(lambda: len(runs) == 2)
        await jobs.stop()

    asyncio.run(scenario())


def test_while_nobody_writes_a_follower_on_sqlite_asks_nothing(sqlite_url: str) -> None:
    db = Database(sqlite_url, pool_size=4)
    source = SqliteSource(db)
    asked: list[str] = []
    with source.opened():
        source.read(0, (), 10)
        source.await_news(0.4)
        source._driver.set_trace_callback(asked.append)
        source.await_news(0.1)
        assert asked == []
        with db.transaction() as tx:
            publish(tx, RawEvent(PRODUCT, "1"))
        source.await_news(10)
        assert [one.key for one in source.read(0, (), 10)] == ["1"]
    db.close()


def test_a_follower_that_waits_for_news_is_woken_to_stop(db: Database) -> None:
    source, opened = source_of(db, "this one"), threading.Event()

    def follow() -> None:
        with source.opened():
            opened.set()
            source.await_news(60)

    follower = threading.Thread(target=follow)
    follower.start()
    assert opened.wait(10)
    source.wake()
    follower.join(10)
    assert not follower.is_alive()


@pytest.mark.parametrize(("topic", "by_the_commit"), [(SESSION, True), (CATALOG, True), (PRODUCT, False)])
def test_what_must_not_be_late_is_told_by_the_commit_itself(
    postgres_url: str, topic: str, by_the_commit: bool
) -> None:
    db = Database(postgres_url, pool_size=4)
    url = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}")
        db.on_commit = lambda announcements: None  # the process dies right after its commit
        with db.transaction() as tx:
            publish(tx, RawEvent(topic, "1"))
        listener.execute("SELECT 1")
        assert bool(list(listener.notifies(timeout=0))) is by_the_commit
    db.close()


def test_a_process_without_a_follower_wakes_those_of_the_others(postgres_url: str) -> None:
    db = Database(postgres_url, pool_size=4)
    url = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}")
        with db.transaction() as tx:
            publish(tx, RawEvent(PRODUCT, "1"))
        listener.execute("SELECT 1")
        assert list(listener.notifies(timeout=0))
    db.close()
