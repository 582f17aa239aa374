"""SQL of the sessions and refresh tokens: one function per question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Integer, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from server.auth.models import RefreshToken, Session
from server.db.base import AnyRow, UtcDateTime
from server.db.prepared import Prepared

_SHOWN = (
    Session.id,
    Session.device,
    Session.ip,
    Session.created_at,
    Session.last_used_at,
    Session.expires_at,
)


_NOW: ColumnElement[datetime] = bindparam("now", type_=UtcDateTime)


def _is_open(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    return and_(Session.revoked_at.is_(None), Session.expires_at > now)


_INSERT_SESSION = Prepared(insert(Session))


def insert_session(tx: Connection, values: Mapping[str, object]) -> None:
    """Store a new session."""
    _INSERT_SESSION.later(tx, **values)


_TOUCH_SESSION = Prepared(
    update(Session)
    .where(Session.id == bindparam("session_id"), _is_open(_NOW))
    .values(last_used_at=_NOW, expires_at=bindparam("until"), ip=bindparam("address"))
    .returning(Session.user_id, Session.second_factor)
)


def touch_session(
    tx: Connection, session_id: str, ip: str, now: datetime, expires_at: datetime
) -> AnyRow | None:
    """Note that an open session was used; returns whose it is and how it was opened, None when it is not open."""
    return _TOUCH_SESSION.first(tx, session_id=session_id, now=now, until=expires_at, address=ip)


def open_session(connection: Connection, user_id: int, session_id: str, now: datetime) -> AnyRow | None:
    """One of a user's open sessions."""
    statement = select(*_SHOWN).where(Session.id == session_id, Session.user_id == user_id, _is_open(now))
    return connection.execute(statement).one_or_none()


def open_sessions(
    connection: Connection, user_id: int, now: datetime, after: tuple[datetime, str] | None, limit: int
) -> Sequence[AnyRow]:
    """A user's open sessions, the last used first, beginning `after` a session's time of use and id."""
    statement = (
        select(*_SHOWN)
        .where(Session.user_id == user_id, _is_open(now))
        .order_by(Session.last_used_at.desc(), Session.id)
        .limit(limit)
    )
    if after is not None:
        used, session_id = after
        later = and_(Session.last_used_at == used, Session.id > session_id)
        statement = statement.where(or_(Session.last_used_at < used, later))
    return connection.execute(statement).all()


_REVOKE_SESSION = Prepared(
    update(Session)
    .where(
        Session.id == bindparam("session_id"),
        Session.user_id == bindparam("owner"),
        Session.revoked_at.is_(None),
    )
    .values(revoked_at=_NOW)
    .returning(Session.id)
)


def revoke_session(tx: Connection, user_id: int, session_id: str, now: datetime) -> bool:
    """Revoke one of a user's sessions; whether it was still to be revoked."""
    return _REVOKE_SESSION.first(tx, session_id=session_id, owner=user_id, now=now) is not None


def revoke_sessions(tx: Connection, user_id: int, now: datetime, but: str) -> Sequence[str]:
    """Revoke every open session of a user, except the one with the id `but`; returns their ids."""
    statement = (
        update(Session)
        .where(Session.user_id == user_id, Session.revoked_at.is_(None), Session.id != but)
        .values(revoked_at=now)
        .returning(Session.id)
    )
    return tx.scalars(statement).all()


_OWN_OPEN = and_(Session.user_id == bindparam("owner"), _is_open(_NOW))
_REVOKE_SESSIONS_BEYOND = Prepared(
    update(Session)
    .where(
        _OWN_OPEN,
        Session.id.not_in(
            select(Session.id)
            .where(_OWN_OPEN)
            .order_by(Session.last_used_at.desc(), Session.id)
            .limit(bindparam("count", type_=Integer))
        ),
    )
    .values(revoked_at=_NOW)
    .returning(Session.id)
)


def revoke_sessions_beyond(tx: Connection, user_id: int, count: int, now: datetime) -> Sequence[str]:
    """Revoke a user's open sessions but the `count` last used ones; returns their ids."""
    return [row.id for row in _REVOKE_SESSIONS_BEYOND.all(tx, owner=user_id, count=count, now=now)]


_COUNT_OPEN = Prepared(select(func.count().label("open")).where(_OWN_OPEN))


def count_open_sessions(connection: Connection, user_id: int, now: datetime) -> Callable[[], int]:
    """How many open sessions a user has; until somebody looks, the question waits to share a round trip."""
    pending = _COUNT_OPEN.later(connection, owner=user_id, now=now)
    return lambda: int(pending.one().open)


def session_exists(connection: Connection, user_id: int, session_id: str) -> bool:
    """Return whether the user has, or had, this session."""
    statement = select(Session.id).where(Session.id == session_id, Session.user_id == user_id)
    return connection.scalar(statement) is not None


def opened_at(connection: Connection, user_id: int, session_id: str) -> datetime | None:
    """When a user's session was opened; None when it is none of theirs."""
    return connection.scalar(
        select(Session.created_at).where(Session.id == session_id, Session.user_id == user_id)
    )


def sessions_revoked_since(connection: Connection, since: datetime) -> Sequence[str]:
    """The ids of sessions revoked after `since`, the first revoked first."""
    statement = select(Session.id).where(Session.revoked_at > since).order_by(Session.revoked_at)
    return connection.scalars(statement).all()


_INSERT_TOKEN = Prepared(insert(RefreshToken))


def insert_refresh_token(tx: Connection, token_hash: str, session_id: str, now: datetime) -> None:
    """Store a refresh token that may be used once."""
    _INSERT_TOKEN.later(tx, token_hash=token_hash, session_id=session_id, created_at=now)


_USE_TOKEN = Prepared(
    update(RefreshToken)
    .where(RefreshToken.token_hash == bindparam("hashed"), RefreshToken.used_at.is_(None))
    .values(used_at=_NOW, successor_hash=bindparam("successor"))
    .returning(RefreshToken.session_id)
)


def use_refresh_token(tx: Connection, token_hash: str, successor_hash: str, now: datetime) -> str | None:
    """Use an unused refresh token up; returns its session's id, or None when it is unknown or used."""
    row = _USE_TOKEN.first(tx, hashed=token_hash, successor=successor_hash, now=now)
    return None if row is None else row.session_id


def used_refresh_token(tx: Connection, token_hash: str) -> AnyRow | None:
    """A used refresh token: its session and user, when it was used, and when its successor was."""
    successor = aliased(RefreshToken)
    statement = (
        select(
            RefreshToken.session_id,
            Session.user_id,
            RefreshToken.used_at,
            successor.token_hash.label("successor_hash"),
            successor.used_at.label("successor_used_at"),
        )
        .join(Session, Session.id == RefreshToken.session_id)
        .outerjoin(successor, successor.token_hash == RefreshToken.successor_hash)
        .where(RefreshToken.token_hash == token_hash, RefreshToken.used_at.is_not(None))
    )
    return tx.execute(statement).one_or_none()
