"""SQL of the accounts: one function per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from server.db.base import AnyRow
from server.db.prepared import Prepared
from server.db.upsert import insert_for
from server.db.waiting import StatementResult
from server.user.models import User

_ACCOUNT = (
    User.id,
    User.email,
    User.username,
    User.full_name,
    User.phone,
    User.sealed_phone,
    User.role,
    User.email_verify_time,
    User.preferences,
    User.custom_metadata,
    User.created_at,
    User.updated_at,
    User.version,
)

_CREDENTIALS = (
    User.id,
    User.role,
    User.password_hash,
    User.is_active,
    User.email_verify_time.is_not(None).label("is_verified"),
)
_CONTACT = (*_CREDENTIALS, User.email, User.full_name)


def insert_user(tx: Connection, values: Mapping[str, object]) -> AnyRow | None:
    """Insert an account and return it; None when its e-mail address or user name is taken."""
    statement = insert_for(tx)(User).values(**values).on_conflict_do_nothing().returning(*_ACCOUNT)
    return tx.execute(statement).one_or_none()


def email_is_taken(tx: Connection, email_key: str) -> bool:
    """Return whether an account has this e-mail address."""
    return tx.scalar(select(User.id).where(User.email_key == email_key)) is not None


def email_is_taken_by_another(tx: Connection, email_key: str, user_id: int) -> bool:
    """Return whether another account than this one has this e-mail address."""
    return tx.scalar(select(User.id).where(User.email_key == email_key, User.id != user_id)) is not None


def account(connection: Connection, user_id: int, *, lock: bool = False) -> AnyRow | None:
    """An account as its owner sees it; `lock` holds it until the transaction ends, as `lock_user` does."""
    statement = select(*_ACCOUNT).where(User.id == user_id)
    return connection.execute(statement.with_for_update(key_share=True) if lock else statement).one_or_none()


def update_account(tx: Connection, user_id: int, values: Mapping[str, object]) -> AnyRow:
    """Change an account, which must exist, count its version up, and return it."""
    statement = update(User).where(User.id == user_id).values(**values, version=User.version + 1)
    return tx.execute(statement.returning(*_ACCOUNT)).one()


def user_id_of_email(connection: Connection, email_key: str) -> int | None:
    """The id of the account with this e-mail address."""
    return connection.scalar(select(User.id).where(User.email_key == email_key))


_BY_EMAIL = Prepared(select(*_CREDENTIALS).where(User.email_key == bindparam("key")))
_BY_USERNAME = Prepared(select(*_CREDENTIALS).where(User.username_key == bindparam("key")))
_LOCKED = Prepared(
    select(*_CREDENTIALS).where(User.id == bindparam("user_id")).with_for_update(key_share=True)
)


def credentials_by_email(connection: Connection, email_key: str) -> AnyRow | None:
    """The credentials of the account with this e-mail address."""
    return _BY_EMAIL.first(connection, key=email_key)


def credentials_by_username(connection: Connection, username_key: str) -> AnyRow | None:
    """The credentials of the account with this user name."""
    return _BY_USERNAME.first(connection, key=username_key)


def lock_user(tx: Connection, user_id: int) -> AnyRow | None:
    """Hold the account until the transaction ends; returns its credentials.

    The lock (FOR NO KEY UPDATE) leaves those alone who only refer to the user, as a checkout does.
    """
    return lock_user_later(tx, user_id).first()


def lock_user_later(tx: Connection, user_id: int) -> StatementResult:
    """The same, together with the next statement."""
    return _LOCKED.later(tx, user_id=user_id)


_CONTACT_OF_EMAIL = Prepared(select(*_CONTACT).where(User.email_key == bindparam("key")))
_CONTACT_OF_USER = Prepared(select(*_CONTACT).where(User.id == bindparam("user_id")))


def contact_of_email(connection: Connection, email_key: str) -> AnyRow | None:
    """The credentials, e-mail address and name of the account with this e-mail address."""
    return _CONTACT_OF_EMAIL.first(connection, key=email_key)


def contact(connection: Connection, user_id: int) -> AnyRow | None:
    """The credentials, e-mail address and name of an account."""
    return _CONTACT_OF_USER.first(connection, user_id=user_id)


def replace_password_hash(tx: Connection, user_id: int, password_hash: str | None) -> None:
    """Store another hash of a password, or that there is none."""
    tx.execute(update(User).where(User.id == user_id).values(password_hash=password_hash))


def an_admin_exists(connection: Connection) -> bool:
    """Return whether any account is an admin."""
    return connection.scalar(select(User.id).where(User.role == "ADMIN").limit(1)) is not None


def is_active_admin(connection: Connection, email_key: str) -> bool:
    """Return whether the account with this e-mail address is an admin who may sign in."""
    active = select(User.id).where(User.email_key == email_key, User.role == "ADMIN", User.is_active)
    return connection.scalar(active) is not None


def roles_assigned_since(connection: Connection, since: datetime) -> Sequence[AnyRow]:
    """Id, role and version of the accounts that were given a role after `since`, the first of them first."""
    statement = select(User.id, User.role, User.version).where(User.role_assigned_at > since)
    return connection.execute(statement.order_by(User.role_assigned_at)).all()


_ACTIVE_ROLE = Prepared(select(User.role).where(User.id == bindparam("user_id"), User.is_active))


def active_role(tx: Connection, user_id: int) -> str | None:
    """The role of an account that may sign in."""
    row = _ACTIVE_ROLE.first(tx, user_id=user_id)
    return None if row is None else row.role
