"""SQL of the accounts as staff sees them: one function per question."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, exists, literal_column, select, update

from server.db.base import AnyRow
from server.identity import Role
from server.user.models import User

WORKS_FOR_THE_SHOP: Final = User.role != literal_column("'CUSTOMER'")
"""Said beside a role it lets PostgreSQL read the index of the staff; so it is no parameter."""

_COLUMNS: Final = (
    User.id,
    User.email,
    User.username,
    User.full_name,
    User.phone,
    User.role,
    User.is_active,
    User.created_at,
    User.updated_at,
    User.version,
)


def lock_account(tx: Connection, user_id: int) -> AnyRow | None:
    """An account, which nobody else changes until the transaction ends; None when there is none."""
    statement = select(*_COLUMNS).where(User.id == user_id).with_for_update(key_share=True)
    return tx.execute(statement).one_or_none()


def update_account(tx: Connection, user_id: int, values: Mapping[str, object], now: datetime) -> AnyRow:
    """Change an account, which must exist, count its version up, and return it."""
    statement = (
        update(User).where(User.id == user_id).values(**values, updated_at=now, version=User.version + 1)
    )
    return tx.execute(statement.returning(*_COLUMNS)).one()


def another_admin_exists(tx: Connection, user_id: int) -> bool:
    """Whether there is an admin beside this account who may sign in."""
    return bool(
        tx.scalar(
            select(
                exists().where(
                    User.role == Role.ADMIN.name,
                    User.role
                    != Role.CUSTOMER.name,  # said for PostgreSQL, which then reads the index of the staff
                    User.is_active,
                    User.id != user_id,
                )
            )
        )
    )
