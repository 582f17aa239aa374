"""SQL of the guesses that are counted: one function per question."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    SQLColumnExpression,
    String,
    bindparam,
    case,
    cast,
    delete,
    exists,
    literal,
    null,
    or_,
    select,
    update,
)

from server.addresses import beginning_of_household
from server.auth.models import Session, SignInCount
from server.db.base import AnyRow, Statement, UtcDateTime
from server.db.prepared import Prepared
from server.db.upsert import insert_of


@dataclass(frozen=True, slots=True)
class Count:
    """What is counted under a key: in a window that began at a time, and in a row."""

    attempts: int
    started_at: datetime
    failures: int
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Lock:
    """The failures of an account in a row, and until when they lock it."""

    failures: int
    until: datetime | None


def _count_on(dialect: str) -> Statement:
    over = SignInCount.started_at <= bindparam("window_began", type_=UtcDateTime)
    forgotten = SignInCount.started_at <= bindparam("memory_began", type_=UtcDateTime)
    statement: Statement = (
        insert_of(dialect)(SignInCount)
        .on_conflict_do_update(
            index_elements=[SignInCount.key],
            set_={
                "attempts": case((over, 1), else_=SignInCount.attempts + 1),
                "started_at": case((over, bindparam("now", type_=UtcDateTime)), else_=SignInCount.started_at),
                "failures": case((forgotten, 1), else_=SignInCount.failures + 1),
            },
        )
        .returning(
            SignInCount.attempts, SignInCount.started_at, SignInCount.failures, SignInCount.locked_until
        )
    )
    return statement


_COUNT = Prepared(_count_on)


def count(
    tx: Connection, key: str, user_id: int | None, now: datetime, *, window: timedelta, memory: timedelta
) -> Callable[[], Count]:
    """Count one more under `key`: anew when its window is over, and in a row with those of its `memory`.

    To look at the count has it done; until then it waits, to share a round trip.
    """
    pending = _COUNT.later(
        tx,
        key=key,
        user_id=user_id,
        started_at=now,
        attempts=1,
        failures=1,
        now=now,
        window_began=now - window,
        memory_began=now - memory,
    )
    return lambda: Count(*pending.one())


_LOCK = Prepared(
    update(SignInCount)
    .where(SignInCount.key == bindparam("counted"))
    .values(locked_until=bindparam("until", type_=UtcDateTime))
)


def lock(tx: Connection, key: str, until: datetime) -> None:
    """Refuse what comes under `key` until a time."""
    _LOCK.run(tx, counted=key, until=until)


_FORGIVE = Prepared(
    update(SignInCount)
    .where(SignInCount.key == bindparam("counted"))
    .values(
        attempts=case((SignInCount.attempts > 0, SignInCount.attempts - 1), else_=0),
        failures=0,
        locked_until=null(),
    )
)


def forgive(tx: Connection, keys: Sequence[str]) -> None:
    """Count one less under each of `keys`, and none in a row."""
    for key in keys:
        _FORGIVE.later(tx, counted=key)


def withdraw(tx: Connection, keys: Sequence[str], *, unlock: bool) -> None:
    """Count one less under each of `keys`, in the window and in a row; `unlock` takes their locks away."""
    statement = (
        update(SignInCount)
        .where(SignInCount.key.in_(keys), SignInCount.attempts > 0, SignInCount.failures > 0)
        .values(attempts=SignInCount.attempts - 1, failures=SignInCount.failures - 1)
    )
    tx.execute(statement.values(locked_until=None) if unlock else statement)


def forget(tx: Connection, user_id: int) -> bool:
    """Delete what is counted of an account; whether there was anything."""
    return tx.execute(delete(SignInCount).where(SignInCount.user_id == user_id)).rowcount > 0


def forget_beginning(tx: Connection, beginning: str) -> bool:
    """Delete what is counted under keys that begin so; whether there was anything."""
    is_meant = SignInCount.key.startswith(beginning, autoescape=True)
    return tx.execute(delete(SignInCount).where(is_meant)).rowcount > 0


def lock_of(connection: Connection, key: str) -> Lock:
    """The failures in a row under `key`, and their lock."""
    statement = select(SignInCount.failures, SignInCount.locked_until).where(SignInCount.key == key)
    row = connection.execute(statement).one_or_none()
    return Lock(0, None) if row is None else Lock(*row)


def failures_of(
    connection: Connection, user_id: int, beginnings: Collection[str], limit: int
) -> Sequence[AnyRow]:
    """What failed in a row of an account, by place: key, failures, since when, and when the lock ends.

    Only what is counted under keys of these `beginnings`.
    """
    is_meant = or_(*(SignInCount.key.startswith(each, autoescape=True) for each in beginnings))
    return connection.execute(
        select(SignInCount.key, SignInCount.failures, SignInCount.started_at, SignInCount.locked_until)
        .where(SignInCount.user_id == user_id, SignInCount.failures > 0, is_meant)
        .order_by(SignInCount.started_at.desc(), SignInCount.key)
        .limit(limit)
    ).all()


def is_locked(user_id: SQLColumnExpression[int], now: datetime) -> ColumnElement[bool]:
    """Whether an account is locked where its owner is not known, as a column for others' statements."""
    key = literal("user ") + cast(user_id, String)
    return exists().where(SignInCount.key == key, SignInCount.locked_until > now)


_NO_HOUSEHOLD: Final = "-"
"""Like no address."""
_HAS_SESSION_FROM = Prepared(
    select(
        exists()
        .where(
            Session.user_id == bindparam("owner"),
            or_(
                Session.signed_in_from == bindparam("address"),
                Session.signed_in_from.like(bindparam("household")),
            ),
            Session.revoked_at.is_(None),
        )
        .label("has")
    )
)


def has_session_from(tx: Connection, user_id: int, address: str) -> bool:
    """Return whether a user has signed in from an address before, or from another one of its household.

    Where a session was only carried on is no such place, as whoever stole a refresh token does that; nor is one
    whose sessions were all revoked.
    """
    beginning = beginning_of_household(address)
    household = f"{beginning}%" if beginning else _NO_HOUSEHOLD
    return bool(_HAS_SESSION_FROM.one(tx, owner=user_id, address=address, household=household).has)
