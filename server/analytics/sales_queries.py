"""SQL of the sales of a range: one function per question."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, SQLColumnExpression, Subquery, func, select

from server.analytics.facts import Sums
from server.analytics.models import SALES_SUMS, CouponSales, CustomerSales, ProductSales, SalesDay, SalesHour
from server.analytics.ranges import Days, Hours
from server.analytics.spans import rows_of
from server.catalog.models import ORDERABLE, InventoryLevel, Product, Variant
from server.identity import Role
from server.order.models import Order
from server.order.status import PENDING_PAYMENT
from server.user.models import User

NOTHING = Sums(*[0] * len(SALES_SUMS))


class SalesTotals(NamedTuple):
    """What was sold."""

    orders: int
    units: int
    kept_units: int
    paid_minor: int
    refunded_minor: int


class Popular(NamedTuple):
    """A product that sold."""

    product_id: int
    name: str
    kept_units: int
    revenue_minor: int


class SalesPart(NamedTuple):
    """What some of the orders brought."""

    orders: int
    revenue_minor: int


_IS_CUSTOMER = User.role == Role.CUSTOMER.name
_OF_DAYS = [getattr(SalesDay, name) for name in SalesTotals._fields]
_OF_HOURS = [getattr(SalesHour, name) for name in SalesTotals._fields]


def sums_of_days(connection: Connection, days: Days, currency: str) -> Sums:
    """Everything that is summed up of whole orders, over all days."""
    columns = [_sum(getattr(SalesDay, name)) for name in SALES_SUMS]
    query = select(*columns).where(SalesDay.day.between(days.first, days.last), SalesDay.currency == currency)
    return Sums(*map(int, connection.execute(query).one()))


def sums_by_day(connection: Connection, days: Days, currency: str) -> dict[date, Sums]:
    """Everything that is summed up of whole orders, on each day that has sales."""
    columns = [getattr(SalesDay, name) for name in SALES_SUMS]
    query = select(SalesDay.day, *columns).where(
        SalesDay.day.between(days.first, days.last), SalesDay.currency == currency
    )
    return {row[0]: Sums(*row[1:]) for row in connection.execute(query)}


def by_day(connection: Connection, days: Days, currency: str) -> dict[date, SalesTotals]:
    """What was sold on each day that has sales."""
    query = select(SalesDay.day, *_OF_DAYS).where(
        SalesDay.day.between(days.first, days.last), SalesDay.currency == currency
    )
    return {row[0]: SalesTotals(*row[1:]) for row in connection.execute(query)}


def by_hour(connection: Connection, hours: Hours, currency: str) -> dict[datetime, SalesTotals]:
    """What was sold in each hour that has sales."""
    query = select(SalesHour.hour, *_OF_HOURS).where(
        SalesHour.hour >= hours.start, SalesHour.hour < hours.end, SalesHour.currency == currency
    )
    return {row[0]: SalesTotals(*row[1:]) for row in connection.execute(query)}


def totals_of_days(connection: Connection, days: Days, currency: str) -> SalesTotals:
    """What was sold on all days."""
    query = select(*map(_sum, _OF_DAYS)).where(
        SalesDay.day.between(days.first, days.last), SalesDay.currency == currency
    )
    return SalesTotals(*map(int, connection.execute(query).one()))


def totals_of_hours(connection: Connection, hours: Hours, currency: str) -> SalesTotals:
    """What was sold in all hours."""
    query = select(*map(_sum, _OF_HOURS)).where(
        SalesHour.hour >= hours.start, SalesHour.hour < hours.end, SalesHour.currency == currency
    )
    return SalesTotals(*map(int, connection.execute(query).one()))


def buyers(connection: Connection, days: Days, currency: str) -> int:
    """How many users ordered."""
    rows = rows_of(CustomerSales, days, currency, conditions=[CustomerSales.orders > 0])
    return connection.scalar(select(func.count(rows.c.user_id.distinct()))) or 0


def popular(connection: Connection, days: Days, currency: str, limit: int) -> list[Popular]:
    """The products of which most units were sold and kept."""
    rows = rows_of(ProductSales, days, currency)
    kept = _sum(rows.c.kept_units)
    best = (
        select(rows.c.product_id, kept.label("kept"), _revenue(rows).label("revenue"))
        .group_by(rows.c.product_id)
        .having(kept > 0)
        .order_by(kept.desc(), rows.c.product_id)
        .limit(limit)
        .subquery("best")
    )
    query = (
        select(best.c.product_id, Product.name, best.c.kept, best.c.revenue)
        .join(Product, Product.id == best.c.product_id)
        .order_by(best.c.kept.desc(), best.c.product_id)
    )
    return [Popular(row[0], row[1], int(row[2]), int(row[3])) for row in connection.execute(query)]


def with_coupons(connection: Connection, days: Days, currency: str) -> SalesPart:
    """The orders in which a coupon was used."""
    rows = rows_of(CouponSales, days, currency)
    orders, revenue = connection.execute(select(_sum(rows.c.orders), _revenue(rows))).one()
    return SalesPart(int(orders), int(revenue))


def customers(connection: Connection) -> int:
    """How many accounts of customers there are."""
    return connection.scalar(select(func.count()).select_from(User).where(_IS_CUSTOMER)) or 0


def new_customers(connection: Connection, start: datetime, end: datetime) -> int:
    """How many of them were opened from a moment on and before another."""
    opened = (User.created_at >= start, User.created_at < end)
    return connection.scalar(select(func.count()).select_from(User).where(_IS_CUSTOMER, *opened)) or 0


def pending_orders(connection: Connection) -> int:
    """How many orders wait for their payment."""
    query = select(func.count()).select_from(Order).where(Order.status == PENDING_PAYMENT)
    return connection.scalar(query) or 0


def low_stock(connection: Connection, below: int) -> int:
    """Of how many variants on sale fewer units can be ordered."""
    low = (
        select(Variant.id)
        .join(Product, Product.id == Variant.product_id)
        .join(InventoryLevel, InventoryLevel.variant_id == Variant.id)
        .where(Product.deleted_at.is_(None), Variant.deleted_at.is_(None))
        .group_by(Variant.id)
        .having(func.sum(ORDERABLE) < below)
        .subquery("low")
    )
    return connection.scalar(select(func.count()).select_from(low)) or 0


def _sum(column: SQLColumnExpression[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(column), 0)


def _revenue(rows: Subquery) -> ColumnElement[int]:
    return _sum(rows.c.paid_minor - rows.c.refunded_minor)
