"""SQL of the service accounts: one function per question."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, delete, exists, func, insert, or_, select, update

from server.db.base import AnyRow
from server.service_accounts.models import ApiKeyRow, ServiceAccountRow
from server.user.models import Erasure, User

IS_PERSON: Final = and_(
    ~exists().where(ServiceAccountRow.id == User.id), ~exists().where(Erasure.user_id == User.id)
)
"""Of accounts: back ends have a room of their own, and of those that were deleted nothing is left to see."""

_ACCOUNTS: Final = select(
    ServiceAccountRow.id,
    ServiceAccountRow.name,
    ServiceAccountRow.description,
    ServiceAccountRow.networks,
    ServiceAccountRow.version,
    User.role,
    User.is_active,
    User.created_at,
    User.updated_at,
).join(User, User.id == ServiceAccountRow.id)


def account(connection: Connection, account_id: int) -> AnyRow | None:
    """A service account; None when there is none."""
    return connection.execute(_ACCOUNTS.where(ServiceAccountRow.id == account_id)).one_or_none()


def account_page(connection: Connection, after: int, limit: int) -> Sequence[AnyRow]:
    """The service accounts by id, those after the id `after`."""
    statement = _ACCOUNTS.where(ServiceAccountRow.id > after).order_by(ServiceAccountRow.id).limit(limit)
    return connection.execute(statement).all()


def all_accounts(connection: Connection) -> Sequence[AnyRow]:
    """Every service account."""
    return connection.execute(_ACCOUNTS).all()


def lock(tx: Connection, account_id: int) -> bool:
    """Let nobody else change a service account or its keys until the transaction ends; whether there is one."""
    statement = select(ServiceAccountRow.id).where(ServiceAccountRow.id == account_id).with_for_update()
    return tx.scalar(statement) is not None


def count(connection: Connection) -> int:
    """How many service accounts there are."""
    return connection.execute(select(func.count()).select_from(ServiceAccountRow)).scalar_one()


def insert_account(tx: Connection, user: Mapping[str, object], values: Mapping[str, object]) -> int:
    """Insert a service account with its row among the users; its id. Raises IntegrityError for a taken name."""
    account_id = tx.execute(insert(User).values(**user).returning(User.id)).scalar_one()
    tx.execute(insert(ServiceAccountRow).values(id=account_id, **values))
    return account_id


def update_account(tx: Connection, account_id: int, values: Mapping[str, object]) -> None:
    """Change a service account, or nothing of it, and count its version up."""
    statement = update(ServiceAccountRow).where(ServiceAccountRow.id == account_id)
    tx.execute(statement.values(**values, version=ServiceAccountRow.version + 1))


def update_user(tx: Connection, account_id: int, values: Mapping[str, object]) -> None:
    """Change the row that a service account has among the users."""
    tx.execute(update(User).where(User.id == account_id).values(**values, version=User.version + 1))


def keys_of(connection: Connection, account_ids: Collection[int]) -> Sequence[AnyRow]:
    """The keys of service accounts, the oldest first."""
    statement = select(*ApiKeyRow.__table__.columns).where(ApiKeyRow.account_id.in_(account_ids))
    return connection.execute(statement.order_by(ApiKeyRow.id)).all()


def insert_key(tx: Connection, values: Mapping[str, object]) -> int:
    """Insert a key and return its id."""
    return tx.execute(insert(ApiKeyRow).values(**values).returning(ApiKeyRow.id)).scalar_one()


def delete_key(tx: Connection, account_id: int, key_id: int) -> bool:
    """Delete a key of a service account; whether there was one."""
    statement = delete(ApiKeyRow).where(ApiKeyRow.id == key_id, ApiKeyRow.account_id == account_id)
    return tx.execute(statement).rowcount > 0


def note_uses(tx: Connection, uses: Iterable[tuple[int, datetime]]) -> None:
    """Note when keys were used, unless another worker has noted a later use."""
    for key_id, at in sorted(uses):  # in this order, so that no two workers wait for each other
        unused = or_(ApiKeyRow.last_used_at.is_(None), ApiKeyRow.last_used_at < at)
        tx.execute(update(ApiKeyRow).where(ApiKeyRow.id == key_id, unused).values(last_used_at=at))
