"""Where a reader of the event table stands, and how far the table is settled.

Ids are given at the insert, not at the commit, so a later id may be seen before an earlier one. What is below the
horizon has ended for good: whoever reads no further misses nothing.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Engine, func, literal_column, select

from server.events.models import Event

Position = tuple[int, int]
"""A transaction's id and an event's; on SQLite the first is always 0."""


def horizon(engine: Engine) -> ColumnElement[int]:
    """The id below which every transaction has ended; on SQLite all are 0, and what is visible has ended."""
    if engine.dialect.name == "postgresql":
        return literal_column("(pg_snapshot_xmin(pg_current_snapshot())::text)::bigint").label("horizon")
    return literal_column("1").label("horizon")


def end(connection: Connection) -> Position:
    """The position below which all is said: nothing will be written before it any more."""
    if connection.dialect.name == "postgresql":
        return connection.execute(select(horizon(connection.engine))).scalar_one() - 1, 2**62
    return 0, connection.scalar(select(func.max(Event.id))) or 0
