"""Events on PostgreSQL wait for nobody: not for strangers, and not for transactions that publish slowly."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import Connection, make_url, text
from structlog.testing import capture_logs
from support.order_keys import OrderKey
from support.raw_event import RawEvent

from server.db import waiting
from server.db.database import Announcement, Database
from server.events import publishers
from server.events.consumer import Consumer
from server.events.follower import Follower
from server.events.log import ORDER, SESSION, publish
from server.events.position import horizon

PATIENCE = 60.0
CUT_FOLLOWERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
    "AND datname = current_database() AND (query LIKE 'LISTEN%' OR query LIKE '%topic, key, payload FROM events%')"
)


@pytest.fixture
def db(postgres_url: str) -> Iterator[Database]:
    database = Database(postgres_url, pool_size=12)
    yield database
    database.close()


class Listener:
    """Another worker, as far as it follows the events."""

    def __init__(self, url: str, topic: str) -> None:
        self.heard: list[Announcement] = []
        self._db = Database(url, pool_size=2)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.follower = Follower(self._db)
        self.follower.listen(topic, self.heard.append)
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(PATIENCE)

    async def _start(self) -> None:
        self.follower.start()

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until it holds."""
        give_up = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < give_up, f"heard only {self.keys}"
            time.sleep(0.002)

    @property
    def keys(self) -> list[str]:
        """The keys of what was heard, in the order of hearing."""
        return [event.key for event in self.heard]

    def close(self) -> None:
        """End it."""
        self.follower.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()
        self._db.close()


@contextmanager
def listening(url: str, topic: str = ORDER) -> Iterator[Listener]:
    listener = Listener(url, topic)
    try:
        yield listener
    finally:
        listener.close()


def publish_in(db: Database, *keys: str, topic: str = ORDER) -> None:
    for key in keys:
        with db.transaction() as tx:
            publish(tx, RawEvent(topic, key, {}))


def take(db: Database, reader: Consumer[OrderKey] | None = None) -> list[str]:
    found: list[str] = []
    reader = reader or Consumer(db, "mail", OrderKey)
    while reader.take(
        lambda _connection, stored: [one.event.key for one in stored], lambda _tx, keys: found.extend(keys)
    ):
        pass
    return found


@contextmanager
def open_transaction(url: str, database: str | None = None) -> Iterator[psycopg.Connection]:
    """Somebody's transaction that has written, and stays open."""
    target = make_url(url).set(drivername="postgresql", database=database or make_url(url).database)
    with psycopg.connect(target.render_as_string(hide_password=False)) as connection:
        connection.execute("CREATE TEMP TABLE note (text text)")
        connection.execute("INSERT INTO note VALUES ('still writing')")
        yield connection
        if not connection.closed:
            connection.rollback()


def publish_late(tx: Connection, key: str) -> None:
    """Write an event, which goes to the table with what follows it."""
    publish(tx, RawEvent(ORDER, key, {}))


def publish_now(tx: Connection, key: str) -> None:
    """Write an event, and have it in the table before the commit."""
    publish_late(tx, key)
    waiting.flush(tx)


def raw_event(connection: psycopg.Connection, key: str) -> None:
    """An event as the version before writes it, or a person does."""
    connection.execute(
        "INSERT INTO events (transaction_id, topic, key, created_at) "
        "VALUES ((pg_current_xact_id()::text)::bigint, 'order', %s, now())",
        (key,),
    )


@pytest.mark.parametrize("where", ["another database", "this database"])
def test_a_strangers_open_transaction_holds_back_nothing(db: Database, postgres_url: str, where: str) -> None:
    database = "postgres" if where == "another database" else None
    with listening(postgres_url) as worker, open_transaction(postgres_url, database):
        publish_in(db, "1", "2")
        assert take(db) == ["1", "2"]
        worker.until(lambda: worker.keys == ["1", "2"])


def test_a_slow_publisher_delays_its_own_events_alone(db: Database, postgres_url: str) -> None:
    with listening(postgres_url) as worker:
        with db.transaction() as slow:
            publish_now(slow, "slow")
            publish_in(db, "fast")
            worker.until(lambda: worker.keys == ["fast"])
            assert take(db) == []  # the outboxes keep the order
        worker.until(lambda: worker.keys == ["fast", "slow"])
        assert take(db) == ["slow", "fast"]


def test_a_revoked_session_is_heard_of_whoever_is_slow(db: Database, postgres_url: str) -> None:
    with (
        listening(postgres_url, SESSION) as worker,
        open_transaction(postgres_url, "postgres"),
        open_transaction(postgres_url) as publisher,
    ):
        raw_event(publisher, "slow")
        publish_in(db, "revoked", topic=SESSION)
        worker.until(lambda: worker.keys == ["revoked"])


def test_who_writes_first_and_publishes_late_is_not_passed_over(db: Database, postgres_url: str) -> None:
    with listening(postgres_url) as worker:
        with db.transaction() as older:
            older.execute(text("SELECT pg_current_xact_id()"))
            publish_in(db, "fast")
            assert take(db) == ["fast"]  # it has not published
            publish(older, RawEvent(ORDER, "late", {}))
        assert take(db) == ["late"]
        worker.until(lambda: worker.keys == ["fast", "late"])


def test_whoever_writes_an_event_holds_the_lock(db: Database, postgres_url: str) -> None:
    with open_transaction(postgres_url) as publisher:
        raw_event(publisher, "raw")
        publish_in(db, "fast")
        assert take(db) == []
        publisher.commit()
    assert take(db) == ["raw", "fast"]


def test_the_lock_of_a_savepoint_that_is_undone_is_taken_anew(db: Database) -> None:
    with db.transaction() as slow:
        with slow.begin_nested() as part:
            publish_now(slow, "undone")
            part.rollback()
        publish_now(slow, "kept")
        publish_in(db, "fast")
        assert take(db) == []
    assert take(db) == ["kept", "fast"]


def test_ids_beyond_32_bits_are_told_apart(db: Database) -> None:
    with db.transaction() as tx:
        tx.execute(text(f"SELECT setval('events_id_seq', {2**32 - 2})"))
    with db.transaction() as slow:
        publish_now(slow, "slow")
        publish_in(db, "fast", "faster", "fastest")
        with db.read() as connection:
            assert horizon(connection) == (2**32 + 2, 2**32 - 2)
    assert take(db) == ["slow", "fast", "faster", "fastest"]


def test_what_is_held_back_is_measured_and_its_cause_named_and_ended(
    db: Database, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishers, "NAMED_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(publishers, "ENDED_AFTER_SECONDS", 0.3)
    with (
        capture_logs() as logs,
        listening(postgres_url) as worker,
        open_transaction(postgres_url) as publisher,
    ):
        pid = publisher.info.backend_pid
        raw_event(publisher, "never")
        publish_in(db, "waits")
        worker.until(lambda: worker.follower.lag_seconds > 0.1)
        worker.until(lambda: any(line["event"] == "publisher_ended" for line in logs))
        worker.until(lambda: worker.follower.lag_seconds < 0.1)
        with pytest.raises(psycopg.OperationalError):
            publisher.commit()
    assert take(db) == ["waits"]
    assert pid in [line["pid"] for line in logs if line["event"] == "events_held_back"]
    assert pid in [line["pid"] for line in logs if line["event"] == "publisher_ended"]


def test_a_follower_whose_connection_is_cut_misses_nothing(db: Database, postgres_url: str) -> None:
    with listening(postgres_url) as worker:
        for n in range(10):
            publish_in(db, str(n))
            with db.read() as connection:
                connection.execute(text(CUT_FOLLOWERS))
        worker.until(lambda: len(worker.heard) >= 10)
        assert worker.keys == [str(n) for n in range(10)]


def test_a_table_that_lost_its_last_rows_is_followed_on(db: Database, postgres_url: str) -> None:
    """As a standby has it that takes over before it got everything."""
    with listening(postgres_url) as worker:
        publish_in(db, "1", "2", "3")
        worker.until(lambda: len(worker.heard) == 3)
        with db.transaction() as tx:
            tx.execute(text("DELETE FROM events"))
            tx.execute(text("SELECT setval('events_id_seq', 1)"))
            tx.execute(text(CUT_FOLLOWERS))
        worker.until(lambda: worker.follower._progress.read_to <= 1)
        publish_in(db, "4")
        worker.until(lambda: worker.keys[-1] == "4")


@pytest.mark.parametrize("others", [0, 5])
def test_an_outbox_whose_table_lost_its_last_rows_carries_on(db: Database, others: int) -> None:
    """The same, where so many other events came before the outbox looks again."""
    reader = Consumer(db, "mail", OrderKey)
    publish_in(db, "1", "2", "3")
    reader.take(lambda _connection, _stored: None, lambda _tx, _rows: None)
    with db.transaction() as tx:
        tx.execute(text("DELETE FROM events"))
        tx.execute(text("SELECT setval('events_id_seq', 1)"))
        tx.execute(text("UPDATE consumers SET event_id = 0"))
    publish_in(db, "4")
    publish_in(db, *["other"] * others, topic=SESSION)
    taken = take(db, reader)
    publish_in(db, "5")
    assert [*taken, *take(db, reader)] == ["4", "5"]


def test_nothing_is_skipped_or_told_twice_however_transactions_overlap(
    db: Database, postgres_url: str
) -> None:
    committed: list[str] = []
    ended = threading.Event()
    consumed: list[tuple[int, str]] = []

    def publisher(number: int) -> None:
        chance = random.Random(number)
        for n in range(40):
            keys = [f"{number}-{n}-{i}" for i in range(chance.randint(1, 3))]
            try:
                with db.transaction() as tx:
                    kept = _publish_at_random(tx, keys, chance)
                committed.extend(kept)
            except _Undone:
                pass

    def consumer() -> None:
        reader = Consumer(db, "mail", OrderKey)
        while True:
            last = ended.is_set()
            taken = reader.take(
                lambda _connection, stored: [(one.id, one.event.key) for one in stored],
                lambda _tx, told: consumed.extend(told),
            )
            if last and not taken:
                return

    with listening(postgres_url) as worker:
        reading = threading.Thread(target=consumer)
        reading.start()
        writing = [threading.Thread(target=publisher, args=(number,)) for number in range(6)]
        for thread in writing:
            thread.start()
        for thread in writing:
            thread.join(60)
        ended.set()
        reading.join(30)
        worker.until(lambda: len(worker.heard) >= len(committed))
        assert sorted(worker.keys) == sorted(committed)
    assert [key for _, key in sorted(consumed)] == [key for _, key in consumed], "in the order of ids"
    assert sorted(key for _, key in consumed) == sorted(committed)


class _Undone(Exception):
    """The transaction is to be rolled back."""


def _publish_at_random(tx: Connection, keys: list[str], chance: random.Random) -> list[str]:
    kept = []
    write = publish_now if chance.random() < 0.8 else publish_late
    if chance.random() < 0.5:
        tx.execute(text("SELECT pg_current_xact_id()"))
    for key in keys:
        if chance.random() < 0.2:
            with tx.begin_nested() as part:
                write(tx, f"undone-{key}")
                part.rollback()
        write(tx, key)
        kept.append(key)
        time.sleep(chance.choice((0, 0, 0.0005, 0.003)))
    if chance.random() < 0.15:
        raise _Undone
    return kept
