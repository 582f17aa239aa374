"""SQL of the accounts as staff sees them: one function per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    case,
    exists,
    func,
    literal_column,
    outerjoin,
    select,
    update,
)

from server.auth.throttle_queries import is_locked
from server.db.base import AnyRow, AnySelect
from server.identity import Role
from server.order.line_facts import IS_PURCHASE, STAYED
from server.order.models import Order
from server.payment.models import Payment
from server.promotion.models import LoyaltyAccount
from server.service_accounts.queries import IS_PERSON
from server.staff.matching import matches
from server.user.models import User
from server.user.sealed_phones import opened_account

ACTIVE, DEACTIVATED, LOCKED = "ACTIVE", "DEACTIVATED", "LOCKED"
"""States of an account."""

WORKS_FOR_THE_SHOP: Final = User.role != literal_column("'CUSTOMER'")
"""Said beside a role it lets PostgreSQL read the index of the staff; so it is no parameter."""

_COLUMNS: Final = (
    User.id,
    User.email,
    User.username,
    User.full_name,
    User.phone,
    User.sealed_phone,
    User.role,
    User.is_active,
    User.created_at,
    User.updated_at,
    User.version,
)
_LIFETIME: Final = func.coalesce(LoyaltyAccount.lifetime, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFilters:
    """Which accounts are listed; what is empty or None lets all in. The points are those earned in all."""

    text: str = ""
    role: str = ""
    state: str = ""
    from_points: int | None = None
    below_points: int | None = None
    ids: tuple[int, ...] = ()


class UserPurchases(NamedTuple):
    """What a user bought: the number of orders, what stayed paid for them, and when the last was placed."""

    orders: int
    spent: int
    last_at: datetime | None


def account_page(
    connection: Connection, filters: AccountFilters, before: int | None, limit: int, now: datetime
) -> Sequence[AnyRow]:
    """Accounts, the newest first, from below the id `before`."""
    statement = (
        _accounts(now).where(*_conditions(connection, filters, now)).order_by(User.id.desc()).limit(limit)
    )
    if before is not None:
        statement = statement.where(User.id < before)
    return [opened_account(connection, row) for row in connection.execute(statement)]


def account(connection: Connection, user_id: int, now: datetime) -> AnyRow | None:
    """An account with its state and points; None when there is none."""
    row = connection.execute(_accounts(now).where(User.id == user_id)).one_or_none()
    return None if row is None else opened_account(connection, row)


def _accounts(now: datetime) -> AnySelect:
    return (
        select(
            *_COLUMNS,
            _state(now).label("state"),
            func.coalesce(LoyaltyAccount.points, 0).label("points"),
            _LIFETIME.label("lifetime"),
        )
        .select_from(User)
        .outerjoin(LoyaltyAccount, LoyaltyAccount.user_id == User.id)
        .where(IS_PERSON)
    )


def _state(now: datetime) -> ColumnElement[str]:
    return case((~User.is_active, DEACTIVATED), (is_locked(User.id, now), LOCKED), else_=ACTIVE)


def _conditions(connection: Connection, filters: AccountFilters, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.ids:
        conditions.append(User.id.in_(filters.ids))
    if filters.text:
        conditions.append(matches(connection, filters.text))
    if filters.role:
        conditions.append(User.role == filters.role)
        if filters.role != Role.CUSTOMER.name:
            conditions.append(WORKS_FOR_THE_SHOP)
    if filters.state:
        conditions.append(_state(now) == filters.state)
    if filters.from_points:
        conditions.append(LoyaltyAccount.lifetime >= filters.from_points)
    if filters.below_points is not None:
        conditions.append(filters.below_points > _LIFETIME)
    return conditions


def purchases(connection: Connection, user_id: int, currency: str) -> UserPurchases:
    """What a user bought, counted as in segments; `spent` is of the orders in one currency."""
    row = connection.execute(
        select(
            func.count().label("orders"),
            func.coalesce(func.sum(case((Order.currency == currency, STAYED), else_=0)), 0).label("spent"),
            func.max(Order.placed_at).label("last_at"),
        )
        .select_from(outerjoin(Order, Payment, Payment.order_id == Order.id))
        .where(IS_PURCHASE, Order.user_id == user_id)
    ).one()
    return UserPurchases(row.orders, int(row.spent), row.last_at)


def lock_account(tx: Connection, user_id: int) -> AnyRow | None:
    """An account, which nobody else changes until the transaction ends; None when there is none."""
    statement = select(*_COLUMNS).where(User.id == user_id, IS_PERSON).with_for_update(key_share=True)
    return tx.execute(statement).one_or_none()


def update_account(tx: Connection, user_id: int, values: Mapping[str, object], now: datetime) -> int:
    """Change an account, which must exist, count its version up, and return that."""
    statement = (
        update(User).where(User.id == user_id).values(**values, updated_at=now, version=User.version + 1)
    )
    return tx.execute(statement.returning(User.version)).scalar_one()


def another_admin_exists(tx: Connection, user_id: int) -> bool:
    """Whether there is an admin beside this account who may sign in."""
    admin = exists().where(
        User.role == Role.ADMIN.name, WORKS_FOR_THE_SHOP, User.is_active, User.id != user_id
    )
    return bool(tx.scalar(select(admin)))
