"""The database as the rest of the server sees it: plain reads, and transactions that announce their events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from server.clock import Clock, utc_now
from server.crypto.vault import Vault
from server.db import deadline, waiting
from server.db.clock import DatabaseClock
from server.db.engine import connect, limit_transaction
from server.db.reading import reading
from server.db.record import current_record
from server.db.sealing import NO_KEYS, give_vault
from server.errors import CommitUnanswered, UnavailableNow

CHANNEL = "sanset_events"
"""On which PostgreSQL tells the followers to look."""
_ANNOUNCED = "sanset.announced"


@dataclass(frozen=True, slots=True)
class Announcement:
    """An event as its listeners see it. `id` is its place in the event table."""

    id: int
    topic: str
    key: str
    payload: dict[str, Any] | None


Announced: TypeAlias = Callable[[], Iterable[Announcement]]
"""Tells the events of a transaction, once it is committed."""


class Database:
    """Hands out connections. `on_commit` is told of the events of each transaction right after its commit."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 8,
        lock_ms: int | None = None,
        clock: Clock = utc_now,
        vault: Vault = NO_KEYS,
    ) -> None:
        """`clock` is this process's own, of which the database's may differ; `vault` opens what is sealed."""
        self.engine: Engine = connect(url, pool_size=pool_size, impatient=True, lock_ms=lock_ms)
        self.vault = vault
        give_vault(self.engine, vault)
        self._reader = reading(self.engine)
        self.clock = DatabaseClock(self._seconds, clock)
        """The time by the database's clock, of which a worker's own may differ."""
        self.on_commit: Callable[[list[Announcement]], None] = self._wake_the_followers

    @property
    def is_postgresql(self) -> bool:
        """Whether this is PostgreSQL."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection without a transaction, for plain reads."""
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction: commits when the block ends, rolls back when it raises.

        It writes the record of the call that it is for, where that is due (server/db/record.py).
        Raises errors.OutOfTime instead of committing when the call's time is over, and CommitUnanswered when it
        was before the database had answered.
        """
        record = current_record()
        with self.engine.connect() as connection:
            announced: list[Announced] = []
            connection.info[_ANNOUNCED] = announced
            with connection.begin() as transaction:
                limit_transaction(connection)
                if record is not None:
                    record.begin()
                yield connection
                deadline.check()
                if record is not None:
                    record.write(connection)
                try:
                    transaction.commit()
                except DBAPIError as error:
                    if error.connection_invalidated and error.statement in (None, waiting.COMMIT):
                        # Whether it was committed is not known, so it must not be repeated here; a caller with
                        # a request id can repeat safely.
                        left = deadline.remaining()
                        is_over = left is not None and left <= 0
                        raise (CommitUnanswered() if is_over else UnavailableNow()) from error
                    raise
        if record is not None:
            record.committed()
        if announced:
            self.on_commit([announcement for events in announced for announcement in events()])

    def _wake_the_followers(self, _announcements: list[Announcement]) -> None:
        """What is done in a process without a follower of its own, as a command is."""
        if self.is_postgresql:
            with suppress(DBAPIError), self.read() as connection:  # they look by themselves, only later
                connection.exec_driver_sql(f"NOTIFY {CHANNEL}")

    def _seconds(self) -> float:
        """The database's time, in seconds since the epoch."""
        ask = (
            "SELECT extract(epoch FROM clock_timestamp())"
            if self.is_postgresql
            else "SELECT (julianday('now') - 2440587.5) * 86400.0"
        )
        with self.read() as connection:
            return float(connection.exec_driver_sql(ask).scalar_one())

    def close(self) -> None:
        """Close every idle connection."""
        self.engine.dispose()


def announce(connection: Connection, events: Announced) -> None:
    """Have `on_commit` told of events once the transaction of `connection` is committed."""
    connection.info.setdefault(_ANNOUNCED, []).append(events)
