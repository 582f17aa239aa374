"""SQL of the users, their sessions and refresh tokens: one function per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, aliased

from server.auth.models import RefreshToken, Session, User
from server.db.base import AnyRow
from server.db.upsert import insert_for

_ACCOUNT = (
    User.id,
    User.email,
    User.username,
    User.full_name,
    User.phone,
    User.role,
    User.preferences,
    User.created_at,
    User.updated_at,
)


def insert_user(tx: Connection, values: Mapping[str, Any]) -> AnyRow | None:
    """Insert an account and return it; None when its e-mail address or user name is taken."""
    statement = insert_for(tx)(User).values(**values).on_conflict_do_nothing().returning(*_ACCOUNT)
    return tx.execute(statement).one_or_none()


def email_is_taken(tx: Connection, email_key: str) -> bool:
    """Whether an account has this e-mail address."""
    return tx.scalar(select(User.id).where(User.email_key == email_key)) is not None


def account(connection: Connection, user_id: int) -> AnyRow | None:
    """An account as its owner sees it."""
    return connection.execute(select(*_ACCOUNT).where(User.id == user_id)).one_or_none()


def update_account(tx: Connection, user_id: int, values: Mapping[str, Any]) -> AnyRow | None:
    """Change an account and return it; None when there is none."""
    statement = update(User).where(User.id == user_id).values(**values).returning(*_ACCOUNT)
    return tx.execute(statement).one_or_none()


def user_id_of_email(connection: Connection, email_key: str) -> int | None:
    """The id of the account with this e-mail address."""
    return connection.scalar(select(User.id).where(User.email_key == email_key))


def credentials_by_email(connection: Connection, email_key: str) -> AnyRow | None:
    """Id, password hash and activity of the account with this e-mail address."""
    return _credentials(connection, User.email_key, email_key)


def credentials_by_username(connection: Connection, username_key: str) -> AnyRow | None:
    """Id, password hash and activity of the account with this user name."""
    return _credentials(connection, User.username_key, username_key)


def _credentials(connection: Connection, column: InstrumentedAttribute[Any], key: str) -> AnyRow | None:
    statement = select(User.id, User.password_hash, User.is_active).where(column == key)
    return connection.execute(statement).one_or_none()


def lock_user(tx: Connection, user_id: int) -> AnyRow | None:
    """Hold the account until the transaction ends; returns its role, password hash and activity.

    The lock (FOR NO KEY UPDATE) leaves those alone who only refer to the user, as a checkout does.
    """
    statement = (
        select(User.role, User.password_hash, User.is_active)
        .where(User.id == user_id)
        .with_for_update(key_share=True)
    )
    return tx.execute(statement).one_or_none()


def replace_password_hash(tx: Connection, user_id: int, password_hash: str) -> None:
    """Store another hash of the same password."""
    tx.execute(update(User).where(User.id == user_id).values(password_hash=password_hash))


def an_admin_exists(connection: Connection) -> bool:
    """Whether any account is an admin."""
    return connection.scalar(select(User.id).where(User.role == "ADMIN").limit(1)) is not None


def is_active_admin(connection: Connection, email_key: str) -> bool:
    """Whether the account with this e-mail address is an admin who may sign in."""
    active = select(User.id).where(User.email_key == email_key, User.role == "ADMIN", User.is_active)
    return connection.scalar(active) is not None


def _is_open(now: datetime) -> ColumnElement[bool]:
    return and_(Session.revoked_at.is_(None), Session.expires_at > now)


def insert_session(tx: Connection, values: Mapping[str, Any]) -> None:
    """Store a new session."""
    tx.execute(insert(Session).values(**values))


def touch_session(
    tx: Connection, session_id: str, ip: str, now: datetime, expires_at: datetime
) -> int | None:
    """Note that an open session was used; returns its user's id, or None when it is not open."""
    statement = (
        update(Session)
        .where(Session.id == session_id, _is_open(now))
        .values(last_used_at=now, expires_at=expires_at, ip=ip)
        .returning(Session.user_id)
    )
    return tx.scalar(statement)


def active_role(tx: Connection, user_id: int) -> str | None:
    """The role of an account that may sign in."""
    return tx.scalar(select(User.role).where(User.id == user_id, User.is_active))


def open_sessions(
    connection: Connection, user_id: int, now: datetime, after: tuple[datetime, str] | None, limit: int
) -> Sequence[AnyRow]:
    """A user's open sessions, the last used first, beginning `after` a session's time of use and id."""
    statement = (
        select(
            Session.id,
            Session.device,
            Session.ip,
            Session.created_at,
            Session.last_used_at,
            Session.expires_at,
        )
        .where(Session.user_id == user_id, _is_open(now))
        .order_by(Session.last_used_at.desc(), Session.id)
        .limit(limit)
    )
    if after is not None:
        used, session_id = after
        later = and_(Session.last_used_at == used, Session.id > session_id)
        statement = statement.where(or_(Session.last_used_at < used, later))
    return connection.execute(statement).all()


def revoke_session(tx: Connection, user_id: int, session_id: str, now: datetime) -> bool:
    """Revoke one of a user's sessions; whether it was still to be revoked."""
    statement = (
        update(Session)
        .where(Session.id == session_id, Session.user_id == user_id, Session.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(Session.id)
    )
    return tx.scalar(statement) is not None


def revoke_sessions(tx: Connection, user_id: int, now: datetime) -> Sequence[str]:
    """Revoke every open session of a user; returns their ids."""
    statement = (
        update(Session)
        .where(Session.user_id == user_id, Session.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(Session.id)
    )
    return tx.scalars(statement).all()


def revoke_sessions_beyond(tx: Connection, user_id: int, kept: int, now: datetime) -> Sequence[str]:
    """Revoke a user's open sessions but the `kept` last used ones; returns their ids."""
    newest = (
        select(Session.id)
        .where(Session.user_id == user_id, _is_open(now))
        .order_by(Session.last_used_at.desc(), Session.id)
        .limit(kept)
    )
    statement = (
        update(Session)
        .where(Session.user_id == user_id, _is_open(now), Session.id.not_in(newest))
        .values(revoked_at=now)
        .returning(Session.id)
    )
    return tx.scalars(statement).all()


def session_exists(connection: Connection, user_id: int, session_id: str) -> bool:
    """Whether the user has, or had, this session."""
    statement = select(Session.id).where(Session.id == session_id, Session.user_id == user_id)
    return connection.scalar(statement) is not None


def sessions_revoked_since(connection: Connection, since: datetime) -> Sequence[str]:
    """The ids of sessions revoked after `since`, the first revoked first."""
    statement = select(Session.id).where(Session.revoked_at > since).order_by(Session.revoked_at)
    return connection.scalars(statement).all()


def insert_refresh_token(tx: Connection, token_hash: str, session_id: str, now: datetime) -> None:
    """Store a refresh token that may be used once."""
    values = {"token_hash": token_hash, "session_id": session_id, "created_at": now}
    tx.execute(insert(RefreshToken).values(**values))


def use_refresh_token(tx: Connection, token_hash: str, successor_hash: str, now: datetime) -> str | None:
    """Use an unused refresh token up; returns its session's id, or None when it is unknown or used."""
    statement = (
        update(RefreshToken)
        .where(RefreshToken.token_hash == token_hash, RefreshToken.used_at.is_(None))
        .values(used_at=now, successor_hash=successor_hash)
        .returning(RefreshToken.session_id)
    )
    return tx.scalar(statement)


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
