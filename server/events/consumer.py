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
from sqlalchemy import Connection, or_, select, tuple_, update

from server.db.database import Database
from server.db.upsert import insert_for
from server.events.models import Consumer as Place
from server.events.models import Event
from server.events.position import Position, end, horizon

BATCH = 200
OVERLAP = 1000
"""Events that are read once more when a database turns out to be a copy; effects know what they did already."""

Rows = TypeVar("Rows")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Told:
    """An event as a consumer sees it."""

    id: int
    position: Position
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
            # Asked for before the events are read: what had ended by now is whole then.
            settled = end(connection)
            if place[0] > settled[0]:
                place = self._adopt(place[1])
            told = self._read(connection, place, settled)
            if not told:
                self._empty_until = max(self._empty_until, settled)
                return 0
            prepared = prepare(connection, told)
        with self._db.transaction() as tx:
            if self._move(tx, place, told[-1].position):
                store(tx, prepared)
        return len(told)

    def _place(self, connection: Connection) -> Position:
        row = connection.execute(
            select(Place.transaction_id, Place.event_id).where(Place.name == self._name)
        ).one_or_none()
        return (row.transaction_id, row.event_id) if row is not None else self._begin()

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
            foreign = or_(Event.transaction_id >= horizon(tx.engine), Event.id <= event_id)
            tx.execute(update(Event).where(foreign).values(transaction_id=0))
            begin = max(event_id - OVERLAP, 0)
            tx.execute(
                update(Place)
                .where(Place.name == self._name, Place.event_id == event_id)
                .values(transaction_id=0, event_id=begin)
            )
        self._empty_until = (-1, -1)
        return 0, begin

    def _read(self, connection: Connection, place: Position, settled: Position) -> list[Told]:
        """The next events behind `place`, of what is settled."""
        rows = connection.execute(
            select(Event.id, Event.transaction_id, Event.key, Event.payload, Event.created_at)
            .where(
                Event.topic == self._topic,
                tuple_(Event.transaction_id, Event.id) > max(place, self._empty_until),
                tuple_(Event.transaction_id, Event.id) <= settled,
            )
            .order_by(Event.transaction_id, Event.id)
            .limit(BATCH)
        )
        return [
            Told(row.id, (row.transaction_id, row.id), row.key, row.payload or {}, row.created_at)
            for row in rows
        ]

    def _move(self, tx: Connection, place: Position, further: Position) -> bool:
        moved = tx.execute(
            update(Place)
            .where(
                Place.name == self._name,
                Place.transaction_id == place[0],
                Place.event_id == place[1],
            )
            .values(transaction_id=further[0], event_id=further[1])
        )
        return moved.rowcount == 1
