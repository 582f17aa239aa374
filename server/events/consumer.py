"""Readers of the event table that keep their position: each event has its effect once, whoever dies when.

Where the follower tells a worker what is new, a consumer does something about every event: write a mail, a
webhook's delivery. Its position is a row in `consumers`, moved in the transaction that has the effect.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

import structlog
from sqlalchemy import ColumnElement, Connection, Integer, bindparam, case, func, or_, select, update

from server.db.database import Database
from server.db.prepared import Prepared
from server.db.upsert import insert_for
from server.events.models import ConsumerPosition, Event
from server.events.position import horizon
from server.events.topics import Topic

BATCH = 200
REST = timedelta(seconds=12)
"""How long an outbox may rest in which nothing waits: an event wakes it, so looking is but a precaution."""

E = TypeVar("E", bound=Topic)
Rows = TypeVar("Rows")

log = structlog.get_logger()


_READ = Prepared(
    select(Event.id, Event.key, Event.payload)
    .where(Event.topic == bindparam("about"), Event.id > bindparam("after"), Event.id <= bindparam("until"))
    .order_by(Event.id)
    .limit(bindparam("batch", type_=Integer))
)
_MOVE = Prepared(
    update(ConsumerPosition)
    .where(
        ConsumerPosition.name == bindparam("consumer"),
        ConsumerPosition.transaction_id == 0,
        ConsumerPosition.event_id == bindparam("left_at"),
    )
    .values(event_id=bindparam("further"))
)


def is_handled() -> ColumnElement[bool]:
    """Whether every consumer has an event behind it."""
    # A position that the previous version wrote is no proof; the next run of its outbox gives one.
    safe_position = case((ConsumerPosition.transaction_id == 0, ConsumerPosition.event_id), else_=0)
    return Event.id <= func.coalesce(select(func.min(safe_position)).scalar_subquery(), Event.id)


@dataclass(frozen=True, slots=True)
class StoredEvent(Generic[E]):
    """An event and its id in the table."""

    id: int
    event: E


class Consumer(Generic[E]):
    """Reads the events of one topic in their order, each exactly once."""

    def __init__(self, db: Database, name: str, kind: type[E], *, batch: int = BATCH) -> None:
        """It takes up to `batch` events at a time."""
        self._db = db
        self._batch = batch
        self._name = name
        self._kind = kind
        self._empty_until = -1
        """Up to there nothing of the topic lies behind the position: it spares reading over other topics."""
        self._position_left: int | None = None
        """Where this reader left the position; another may have moved it since."""
        self.has_all = False
        """Whether nothing was left out at the last time because somebody might still write before it."""

    def take(
        self,
        prepare: Callable[[Connection, Sequence[StoredEvent[E]]], Rows],
        store: Callable[[Connection, Rows], None],
    ) -> int:
        """Take the next events and return how many there were.

        `prepare` reads what it needs, outside any transaction; `store` writes the effect, in the one that moves
        the position. When another worker was faster, nothing is stored, and there may be as many again.
        """
        with self._db.read() as connection:
            # Asked for before the events are read: what had ended by now is whole then.
            drawn, settled = horizon(connection)
            self.has_all = settled == drawn
            if drawn < max(self._empty_until, self._position_left or 0):
                self._forget()  # a standby that lost its last rows has taken over
            if settled <= self._empty_until:
                return 0
            position = self._position_left
            if position is None:
                position = self._position(connection, settled)
            events = self._read(connection, position, settled)
            if not events:
                self._empty_until = max(self._empty_until, settled)
                return 0
            prepared = prepare(connection, events)
        with self._db.transaction() as tx:
            moved = self._move(tx, position, events[-1].id)
            if moved:
                store(tx, prepared)
        if not moved:
            self._forget()
            return self._batch
        self._position_left = events[-1].id
        return len(events)

    def _forget(self) -> None:
        """Have the position read anew: it is not where it was left."""
        self._empty_until, self._position_left = -1, None

    def _position(self, connection: Connection, settled: int) -> int:
        row = connection.execute(
            select(ConsumerPosition.transaction_id, ConsumerPosition.event_id).where(
                ConsumerPosition.name == self._name
            )
        ).one_or_none()
        if row is None:
            return self._begin()
        return (
            self._adopt(row.transaction_id, row.event_id, settled)
            if row.transaction_id
            else int(row.event_id)
        )

    def _begin(self) -> int:
        """The position of a consumer that is new: the beginning of what is kept."""
        with self._db.transaction() as tx:
            values = {"name": self._name, "transaction_id": 0, "event_id": 0, "first_event_id": 0}
            tx.execute(insert_for(tx)(ConsumerPosition).values(values).on_conflict_do_nothing())
        return 0

    def _adopt(self, transaction_id: int, event_id: int, settled: int) -> int:
        """Carry on where the version before stopped, which read in the order of transactions.

        What it had not handled may lie before its last event; effects know what they did already. In a database
        restored from a dump the order of transactions is that of another cluster, and holds all the same: it is
        the one in which these events were read.
        """
        behind = or_(
            Event.transaction_id > transaction_id,
            (Event.transaction_id == transaction_id) & (Event.id > event_id),
        )
        with self._db.transaction() as tx:
            first = tx.scalar(select(func.min(Event.id)).where(Event.topic == self._kind.topic, behind))
            position = min(event_id, settled, event_id if first is None else first - 1)
            tx.execute(
                update(ConsumerPosition)
                .where(
                    ConsumerPosition.name == self._name,
                    ConsumerPosition.transaction_id == transaction_id,
                    ConsumerPosition.event_id == event_id,
                )
                .values(transaction_id=0, event_id=position)
            )
        log.info("outbox_place_adopted", consumer=self._name, event_id=position)
        self._empty_until = -1
        return position

    def _read(self, connection: Connection, position: int, settled: int) -> list[StoredEvent[E]]:
        """The next events behind `position`, of what is settled."""
        after = max(position, self._empty_until)
        rows = _READ.all(connection, about=self._kind.topic, after=after, until=settled, batch=self._batch)
        return [StoredEvent(row.id, self._kind.of_json(row.key, row.payload)) for row in rows]

    def _move(self, tx: Connection, position: int, further: int) -> bool:
        return _MOVE.run(tx, consumer=self._name, left_at=position, further=further) == 1
