"""SQL of the sign-ins that are counted: one function per question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, case, exists, select, update

from server.auth.models import Session, SignInCount
from server.db.upsert import insert_for


def count(tx: Connection, key: str, now: datetime, window_began: datetime) -> tuple[int, datetime]:
    """Count one more under `key`, anew when its window is over; the count, and when its window began."""
    over = SignInCount.started_at <= window_began
    counted = (
        insert_for(tx)(SignInCount)
        .values(key=key, started_at=now, attempts=1)
        .on_conflict_do_update(
            index_elements=[SignInCount.key],
            set_={
                "attempts": case((over, 1), else_=SignInCount.attempts + 1),
                "started_at": case((over, now), else_=SignInCount.started_at),
            },
        )
        .returning(SignInCount.attempts, SignInCount.started_at)
    )
    row = tx.execute(counted).one()
    return row.attempts, row.started_at


def uncount(tx: Connection, keys: Sequence[str]) -> None:
    """Count one less under each of `keys`."""
    for key in keys:
        tx.execute(
            update(SignInCount)
            .where(SignInCount.key == key, SignInCount.attempts > 0)
            .values(attempts=SignInCount.attempts - 1)
        )


def has_session_from(tx: Connection, user_id: int, address: str) -> bool:
    """Return whether a user has signed in from an address before."""
    before = exists().where(Session.user_id == user_id, Session.ip == address)
    return bool(tx.scalar(select(before)))
