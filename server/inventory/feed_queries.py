"""SQL of the changes of the stock as the event table has them: one function per question."""

from __future__ import annotations

from sqlalchemy import BigInteger, Connection, Integer, bindparam, func, or_, select

from server.db.base import AnyRow
from server.db.prepared import Prepared
from server.events.models import Event
from server.events.topics import CatalogReplaced, StockMoved

_EVENTS_AFTER = Prepared(
    select(Event.id, Event.topic, Event.key, Event.payload, Event.created_at)
    .where(
        or_(Event.topic == StockMoved.topic, Event.topic == CatalogReplaced.topic),
        Event.id > bindparam("after", type_=BigInteger),
        Event.id <= bindparam("until", type_=BigInteger),
    )
    .order_by(Event.id)
    .limit(bindparam("most", type_=Integer))
)


def events_after(connection: Connection, after: int, until: int, limit: int) -> list[AnyRow]:
    """The events behind `after`, up to `until`, by which stock moved, or everything may have."""
    return _EVENTS_AFTER.all(connection, after=after, until=until, most=limit)


def first_event_id(connection: Connection) -> int:
    """The first event that is kept; 0 without any."""
    return int(connection.scalar(select(func.min(Event.id))) or 0)
