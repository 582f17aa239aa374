"""Readers of the event table that keep their place: each event has its effect once, whoever dies when.

Where the follower tells a worker what is new, a consumer does something about every event: write a mail, a
webhook's delivery. Its place is a row in `consumers`, moved in the transaction that has the effect.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import structlog
from sqlalchemy import ColumnElement, Connection, func, literal_column, or_, select, tuple_, update

from server.db.database import Database
from server.db.upsert import insert_for
from server.events.models import Consumer as Place
from server.events.models import Event

BATCH = 200
OVERLAP = 1000
"""Events that are read once more when a database turns out to be a copy; effects know what they did already."""

Position = tuple[int, int]
Rows = TypeVar("Rows")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Told:
    """An event as a consumer sees it."""

    id: int
    key: str
    payload: dict[str, Any]
    time: datetime


class Consumer:
    """Reads the events of one topic in their order, each exactly once."""

    def __init__(self, db: Database, name: str, topic: str) -> None:
        self._db = db
        self._name = name
        self._topic = topic
        self._empty_until: Position = (-1, -1)
        """Up to there nothing of the topic lies behind the place: spares reading over what is of other topics."""

    def take(
        self,
        prepare: Callable[[Connection, Sequence[Told]], Rows],
        store: Callable[[Connection, Rows], None],
    ) -> int:
        """Take the next events and return how many there were.

        `prepare` reads what it needs, outside any transaction; `store` writes the effect, in the one that moves
        the place. When another worker was faster, nothing is stored.
        """
        with self._db.read() as connection:
            place = self._place(connection)
            told, end = self._read(connection, place)
            if not told:
                self._empty_until = max(self._empty_until, end)
                return 0
            prepared = prepare(connection, told)
        with self._db.transaction() as tx:
            if self._move(tx, place, end):
                store(tx, prepared)
        return len(told)

    def _place(self, connection: Connection) -> Position:
        row = connection.execute(
            select(Place.transaction_id, Place.event_id).where(Place.name == self._name)
        ).one_or_none()
        if row is None:
            return self._begin()
        if row.transaction_id >= _horizon(connection):
            return self._adopt(row.event_id)
        return row.transaction_id, row.event_id

    def _begin(self) -> Position:
        """The place of a consumer that is new: the beginning of what is kept."""
        with self._db.transaction() as tx:
            values = {"name": self._name, "transaction_id": 0, "event_id": 0, "first_event_id": 0}
            tx.execute(insert_for(tx)(Place).values(values).on_conflict_do_nothing())
        return 0, 0

    def _adopt(self, event_id: int) -> Position:
        """Carry on in a database restored from a dump: its cluster counts transactions from the start.

        The events keep their order by their ids, and come before all that the new cluster writes.
        """
        log.warning("events_renumbered", consumer=self._name)
        with self._db.transaction() as tx:
            foreign = or_(Event.transaction_id >= _horizon(tx), Event.id <= event_id)
            tx.execute(update(Event).where(foreign).values(transaction_id=0))
            begin = max(event_id - OVERLAP, 0)
            tx.execute(
                update(Place)
                .where(Place.name == self._name, Place.event_id == event_id)
                .values(transaction_id=0, event_id=begin)
            )
        self._empty_until = (-1, -1)
        return 0, begin

    def _read(self, connection: Connection, place: Position) -> tuple[list[Told], Position]:
        """The next events behind `place`, and the position up to which there are no others.

        The end is asked for first: what had ended by then is whole in the later statement.
        """
        end = _end(connection)
        rows = connection.execute(
            select(Event.id, Event.transaction_id, Event.key, Event.payload, Event.created_at)
            .where(
                Event.topic == self._topic,
                tuple_(Event.transaction_id, Event.id) > max(place, self._empty_until),
                tuple_(Event.transaction_id, Event.id) <= end,
            )
            .order_by(Event.transaction_id, Event.id)
            .limit(BATCH)
        ).all()
        told = [Told(row.id, row.key, row.payload or {}, row.created_at) for row in rows]
        return told, (rows[-1].transaction_id, rows[-1].id) if rows else end

    def _move(self, tx: Connection, place: Position, end: Position) -> bool:
        moved = tx.execute(
            update(Place)
            .where(
                Place.name == self._name,
                Place.transaction_id == place[0],
                Place.event_id == place[1],
            )
            .values(transaction_id=end[0], event_id=end[1])
        )
        return moved.rowcount == 1


def _horizon(connection: Connection) -> int:
    """The id below which every transaction has ended; on SQLite all are 0, and what is visible has ended."""
    if connection.dialect.name != "postgresql":
        return 1
    xmin: ColumnElement[int] = literal_column("(pg_snapshot_xmin(pg_current_snapshot())::text)::bigint")
    return int(connection.execute(select(xmin)).scalar_one())


def _end(connection: Connection) -> Position:
    """The position below which all is said: nothing will be written before it any more."""
    if connection.dialect.name == "postgresql":
        return _horizon(connection) - 1, 2**62
    return 0, connection.scalar(select(func.max(Event.id))) or 0
