"""Where a follower reads the events: on the driver's own connection, as this goes on all the time."""

from __future__ import annotations

import json
import os
import select
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from psycopg.rows import TupleRow

from server.db.database import CHANNEL, Announcement, Database
from server.db.engine import lone_connection
from server.db.patience import PatientConnection
from server.events.position import HORIZON, Horizon
from server.events.waking import Waker

POLL_SECONDS = 1.0
"""How late news is at the most for which no NOTIFY comes, as from a process that died right after its commit. What
must not be so late is notified of by the commit itself (see server/events/log.py)."""
POOLED_POLL_SECONDS = 0.1
"""The same behind a pooler, where none ever comes."""
SILENT_SECONDS = 2.0
"""A look that takes longer was asked of a connection that is dead."""
SQLITE_LOOK_SECONDS = 0.05
"""How often the write-ahead log is looked at: its time of change costs a fiftieth of the data version."""
SQLITE_BUSY_LOOK_SECONDS = 0.01
BUSY_SECONDS = 0.3
"""News comes in bursts, and two changes may bear one time: so long after one, the data version is asked for."""
SQLITE_POLL_SECONDS = 1.0
"""The data version tells of every commit; reading without its word is but a precaution."""


class EventSource(Protocol):
    """The event table, as a follower reads it."""

    @property
    def poll_seconds(self) -> float:
        """How long to wait for news before the next look."""

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Hold the connection that the other methods use."""

    def horizon(self) -> Horizon:
        """How far the table is settled now."""

    def read(self, after: int, missing: Sequence[int], limit: int) -> list[Announcement]:
        """The events behind `after`, and those of `missing` that are there now, in their order."""

    def await_news(self, seconds: float) -> None:
        """Return when there may be news, when `wake` is called, or after `seconds`."""

    def wake(self) -> None:
        """End the waiting of another thread at once, as the follower stops."""


def source_of(database: Database, name: str) -> EventSource:
    """The source of a follower; `name` is what its own process signs its notices with."""
    return PostgresSource(database, name) if database.is_postgresql else SqliteSource(database)


class PostgresSource:
    """Reads on a connection outside the pool, on which NOTIFY wakes it as well."""

    def __init__(self, database: Database, name: str) -> None:
        self._url = database.engine.url
        self._name = name
        self._waker = Waker()
        self.connection: PatientConnection
        self.poll_seconds = POLL_SECONDS

    @contextmanager
    def opened(self) -> Iterator[None]:
        with (
            self._waker.opened(),
            lone_connection(self._url, "sanset", answers_within=SILENT_SECONDS) as self.connection,
        ):
            if self.connection.is_pooled:  # which may hand what was listened for to anyone
                self.poll_seconds = POOLED_POLL_SECONDS
            else:
                self.connection.execute(f"LISTEN {CHANNEL}")
            yield

    def horizon(self) -> Horizon:
        row = self.connection.execute(HORIZON).fetchone()
        assert row is not None
        return Horizon(*row)

    def read(self, after: int, missing: Sequence[int], limit: int) -> list[Announcement]:
        condition: str = "id > %s"
        values: list[int | list[int]] = [after]
        if missing:
            condition, values = "(id > %s OR id = ANY(%s))", [after, list(missing)]
        cursor = self.connection.execute(
            f"SELECT id, topic, key, payload FROM events WHERE {condition} ORDER BY id LIMIT {limit}",  # noqa: S608
            values,
        )
        return [Announcement(*row) for row in cursor]

    def await_news(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        # Our own events were told already: they are no news.
        while not any(notice.payload != self._name for notice in self.connection.notifies(timeout=0)):
            left = until - time.monotonic()
            if left <= 0:
                return
            ready, _, _ = select.select([self.connection.fileno(), self._waker.fileno()], [], [], left)
            if self._waker.fileno() in ready:
                return

    def wake(self) -> None:
        self._waker.wake()

    def query(self, statement: str, values: Sequence[object] = ()) -> list[TupleRow]:
        """The rows of a statement on the same connection."""
        return self.connection.execute(statement, values).fetchall()


class SqliteSource:
    """Reads on a connection of the pool, as often as its data version says that another one has committed."""

    poll_seconds = SQLITE_POLL_SECONDS

    def __init__(self, database: Database) -> None:
        self._database = database
        self._driver: sqlite3.Connection
        self._log = f"{database.engine.url.database}-wal"
        self._last_changed = 0
        self._busy_until = 0.0
        self._woken = threading.Event()

    @contextmanager
    def opened(self) -> Iterator[None]:
        with self._database.read() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            self._driver = driver
            self._seen = self._version()
            yield

    def horizon(self) -> Horizon:
        (last,) = self._driver.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()
        return Horizon(last, last)

    def read(self, after: int, missing: Sequence[int], limit: int) -> list[Announcement]:
        self._seen = self._version()  # before it is read: what comes meanwhile is news
        rows = self._driver.execute(
            "SELECT id, topic, key, payload FROM events WHERE id > ? ORDER BY id LIMIT ?", (after, limit)
        ).fetchall()
        return [
            Announcement(i, topic, key, json.loads(payload) if payload is not None else None)
            for i, topic, key, payload in rows
        ]

    def await_news(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until and not self._woken.is_set():
            changed = self._changed()
            if changed != self._last_changed:
                self._last_changed, self._busy_until = changed, now + BUSY_SECONDS
            if now >= self._busy_until:
                self._woken.wait(SQLITE_LOOK_SECONDS)
            elif self._version() != self._seen:
                return
            else:
                self._woken.wait(SQLITE_BUSY_LOOK_SECONDS)

    def wake(self) -> None:
        self._woken.set()

    def _changed(self) -> int:
        """When a commit last wrote the write-ahead log."""
        try:
            return os.stat(self._log).st_mtime_ns
        except OSError:  # it is there from the first commit on
            return 0

    def _version(self) -> int:
        version: int = self._driver.execute("PRAGMA data_version").fetchone()[0]
        return version
