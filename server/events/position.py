"""How far the event table is settled: whoever reads no further misses nothing.

Ids are given at the insert and seen at the commit, so a later id may be seen before an earlier one. On
PostgreSQL a transaction that publishes holds a shared advisory lock from before its first id is drawn until it
has ended. The lock's key is the last id that was drawn by then, so all of its own are above it. A trigger of
the table takes it, whoever writes. SQLite has one writer: what is visible is settled.

A reader asks in this order: (1) the last id that was drawn, (2) the locks, (3) in a later statement the events.
An id up to (1) was drawn by a transaction that had its lock by then. At (2) either it still holds it, and the
lock's key is below the id, or it has ended, and (3) shows what it committed. So all up to the least of (1) and
the keys is settled. What strangers do, in this database or another, holds nothing back.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, func, select, text

from server.db.base import Statement
from server.db.prepared import Prepared
from server.events.models import Event

LOCK_CLASS = 0x53414E53
"""The first key of the publishers' locks. The second is an id's lower 32 bits, as many as a lock can hold."""

_DRAWN = "(SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS drawn FROM events_id_seq) AS seq"
_BEHIND = "((seq.drawn - objid::bigint) & 4294967295)"
# A key above the last id is of who began since.
_KEY = f"(seq.drawn - CASE WHEN {_BEHIND} < 2147483648 THEN {_BEHIND} ELSE 0 END)"
_LOCKS = f"""
    FROM pg_locks
    WHERE locktype = 'advisory' AND classid = {LOCK_CLASS} AND objsubid = 2 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""  # noqa: S608 - nothing in it comes from outside
# The locks depend on the last id, so PostgreSQL asks for it first.
HORIZON = f"""
    SELECT seq.drawn, coalesce(open.key, seq.drawn) AS settled
    FROM {_DRAWN} CROSS JOIN LATERAL (SELECT min({_KEY}) AS key {_LOCKS}) AS open
"""  # noqa: S608
"""One row, a `Horizon`, on PostgreSQL."""
HOLDERS = f"""
    FROM {_DRAWN} CROSS JOIN LATERAL (SELECT pid, {_KEY} AS key {_LOCKS}) AS open
    LEFT JOIN pg_stat_activity USING (pid)
    WHERE open.key < %s
"""
"""The publishers that keep an id from being settled."""


class Horizon(NamedTuple):
    """The last id that was drawn, and the last one that is settled: nothing up to it will appear any more."""

    drawn: int
    settled: int


def _horizon_on(dialect: str) -> Statement:
    if dialect == "postgresql":
        return text(HORIZON).columns(drawn=BigInteger, settled=BigInteger)
    last = func.coalesce(func.max(Event.id), 0)
    return select(last.label("drawn"), last.label("settled"))


_HORIZON = Prepared(_horizon_on)


def horizon(connection: Connection) -> Horizon:
    """How far the table is settled now; read the events in a statement of its own afterwards."""
    return Horizon(*_HORIZON.one(connection))
