"""SQL of the sign-ins that are counted: one function per question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, exists, select, update

from server.auth.models import Session, SignInCount
from server.db.base import Statement, UtcDateTime
from server.db.prepared import Prepared
from server.db.upsert import insert_of


def _count_on(dialect: str) -> Statement:
    over = SignInCount.started_at <= bindparam("window_began", type_=UtcDateTime)
    statement: Statement = (
        insert_of(dialect)(SignInCount)
        .on_conflict_do_update(
            index_elements=[SignInCount.key],
            set_={
                "attempts": case((over, 1), else_=SignInCount.attempts + 1),
                "started_at": case((over, bindparam("now", type_=UtcDateTime)), else_=SignInCount.started_at),
            },
        )
        .returning(SignInCount.attempts, SignInCount.started_at)
    )
    return statement


_COUNT = Prepared(_count_on)


def count(tx: Connection, key: str, now: datetime, window_began: datetime) -> tuple[int, datetime]:
    """Count one more under `key`, anew when its window is over; the count, and when its window began."""
    row = _COUNT.one(tx, key=key, started_at=now, attempts=1, now=now, window_began=window_began)
    return row.attempts, row.started_at


_UNCOUNT = Prepared(
    update(SignInCount)
    .where(SignInCount.key == bindparam("counted"), SignInCount.attempts > 0)
    .values(attempts=SignInCount.attempts - 1)
)


def uncount(tx: Connection, keys: Sequence[str]) -> None:
    """Count one less under each of `keys`."""
    for key in keys:
        _UNCOUNT.run(tx, counted=key)


_HAS_SESSION_FROM = Prepared(
    select(
        exists().where(Session.user_id == bindparam("owner"), Session.ip == bindparam("address")).label("has")
    )
)


def has_session_from(tx: Connection, user_id: int, address: str) -> bool:
    """Return whether a user has signed in from an address before."""
    return bool(_HAS_SESSION_FROM.one(tx, owner=user_id, address=address).has)
