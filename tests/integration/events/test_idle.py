"""A shop with nothing to do does nothing: outboxes rest until an event wakes them, followers until a commit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, make_url, text

from server.clock import utc_now
from server.db.database import CHANNEL, Database
from server.db.pool import Pool
from server.db.work import Work
from server.events.consumer import REST
from server.events.log import CATALOG, ORDER, PRODUCT, SESSION, NewEvent, publish
from server.events.sources import SqliteSource, source_of
from server.jobs.runner import Job, Jobs
from server.mail.outbox import MailOutbox
from server.webhooks.courier import Courier
from server.webhooks.outbox import WebhookOutbox
from server.webhooks.signing import EndpointSigner


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = Database(database_url, pool_size=4)
    yield database
    database.close()


@pytest.fixture
def pool() -> Iterator[Pool]:
    threads = Pool(threads=2, max_queued=10)
    yield threads
    threads.close()


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


def outboxes(db: Database, pool: Pool) -> list[Any]:
    return [
        MailOutbox(db, Work(db, pool), utc_now, Sender(), mail_from="a@b.test"),
        WebhookOutbox(db, Work(db, pool), utc_now, EndpointSigner(b"key"), Courier(allow_private=True)),
    ]


def test_outboxes_in_which_nothing_waits_rest_and_ask_little(db: Database, pool: Pool) -> None:
    async def scenario() -> None:
        for outbox in outboxes(db, pool):
            assert await outbox.run() == REST
            statements = statements_of(db)
            assert await outbox.run() == REST
            assert len([one for one in statements if not one.startswith(("BEGIN", "PRAGMA"))]) <= 2

    asyncio.run(scenario())


def test_a_mail_that_is_still_to_be_sent_is_looked_after_at_the_usual_pace(db: Database, pool: Pool) -> None:
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
    assert asyncio.run(outboxes(db, pool)[0].run()) is None


def test_an_event_that_waits_for_a_slow_transaction_keeps_the_outboxes_awake(
    postgres_url: str, pool: Pool
) -> None:
    db = Database(postgres_url, pool_size=4)
    with db.transaction() as slow:
        publish(slow, NewEvent(ORDER, "1", {}))
        for outbox in outboxes(db, pool):
            assert asyncio.run(outbox.run()) is None
    db.close()


def test_a_job_rests_as_long_as_it_says_and_wakes_for_news(db: Database, pool: Pool) -> None:
    runs: list[str] = []

    async def run() -> timedelta:
        runs.append("run")
        return timedelta(seconds=12)

    async def scenario() -> None:
        jobs = Jobs(Work(db, pool), utc_now, [Job("outbox", run, every=timedelta(seconds=2))])
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
            publish(tx, NewEvent(PRODUCT, "1"))
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
            publish(tx, NewEvent(topic, "1"))
        listener.execute("SELECT 1")
        assert bool(list(listener.notifies(timeout=0))) is by_the_commit
    db.close()


def test_a_process_without_a_follower_wakes_those_of_the_others(postgres_url: str) -> None:
    db = Database(postgres_url, pool_size=4)
    url = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}")
        with db.transaction() as tx:
            publish(tx, NewEvent(PRODUCT, "1"))
        listener.execute("SELECT 1")
        assert list(listener.notifies(timeout=0))
    db.close()
