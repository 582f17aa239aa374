"""SQL of the sales of a range: one function per question."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    Select,
    SQLColumnExpression,
    String,
    Subquery,
    and_,
    bindparam,
    func,
    literal_column,
    select,
)

from server.analytics.facts import Sums
from server.analytics.models import SALES_SUMS, CouponSales, ProductSales, SalesDay, SalesHour
from server.analytics.ranges import Days, Hours
from server.analytics.spans import rows_of
from server.catalog.models import ORDERABLE, InventoryLevel, Product, Variant
from server.db.base import UtcDateTime
from server.db.prepared import Prepared
from server.order.models import Order
from server.order.status import PENDING_PAYMENT
from server.user.models import Erasure, User

NOTHING = Sums(*[0] * len(SALES_SUMS))


class SalesTotals(NamedTuple):
    """What was sold."""

    orders: int
    units: int
    kept_units: int
    paid_minor: int
    refunded_minor: int


class Popular(NamedTuple):
    """A product that sold, and what of it the time before."""

    product_id: int
    name: str
    kept_units: int
    revenue_minor: int
    previous_kept_units: int
    previous_revenue_minor: int


class ProductSum(NamedTuple):
    """What a product sold."""

    product_id: int
    kept_units: int
    revenue_minor: int


class SalesPart(NamedTuple):
    """What some of the orders brought."""

    orders: int
    revenue_minor: int


def _sum(column: SQLColumnExpression[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(column), 0)


def _low_stock() -> Select[int]:
    # Of most variants one level has enough: only the others are added up.
    below = bindparam("below", type_=BigInteger)
    scarce = select(InventoryLevel.variant_id).where(below > ORDERABLE)
    low = (
        select(InventoryLevel.variant_id)
        .where(InventoryLevel.variant_id.in_(scarce))
        .group_by(InventoryLevel.variant_id)
        .having(func.sum(ORDERABLE) < below)
    )
    return (
        select(func.count().label("variants"))
        .select_from(Variant)
        .join(Product, Product.id == Variant.product_id)
        .where(Variant.id.in_(low), Product.deleted_at.is_(None), Variant.deleted_at.is_(None))
    )


_OF_DAYS = [getattr(SalesDay, name) for name in SalesTotals._fields]
_OF_HOURS = [getattr(SalesHour, name) for name in SalesTotals._fields]
_IN_RANGE = and_(
    SalesDay.day.between(bindparam("first", type_=Date), bindparam("last", type_=Date)),
    SalesDay.currency == bindparam("currency", type_=String),
)
_BY_DAY: Final = Prepared(select(SalesDay.day, *_OF_DAYS).where(_IN_RANGE))
_TOTALS: Final = Prepared(select(*(_sum(each).label(each.key) for each in _OF_DAYS)).where(_IN_RANGE))
_OPENED = and_(
    User.created_at >= bindparam("start", type_=UtcDateTime),
    User.created_at < bindparam("end", type_=UtcDateTime),
)
# Few work for the shop, so that their rows are read, and of all others but the index.
_NEW_CUSTOMERS: Final = Prepared(
    select(
        (
            select(func.count()).select_from(User).where(_OPENED).scalar_subquery()
            - select(func.count())
            .select_from(User)
            .where(_OPENED, User.role != literal_column("'CUSTOMER'"))
            .scalar_subquery()
        ).label("accounts")
    )
)
_PENDING: Final = Prepared(select(func.count().label("orders")).where(Order.status == PENDING_PAYMENT))
_LOW_STOCK: Final = Prepared(_low_stock())


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
    rows = _BY_DAY.all(connection, first=days.first, last=days.last, currency=currency)
    return {row[0]: SalesTotals(*row[1:]) for row in rows}


def by_hour(connection: Connection, hours: Hours, currency: str) -> dict[datetime, SalesTotals]:
    """What was sold in each hour that has sales."""
    query = select(SalesHour.hour, *_OF_HOURS).where(
        SalesHour.hour >= hours.start, SalesHour.hour < hours.end, SalesHour.currency == currency
    )
    return {row[0]: SalesTotals(*row[1:]) for row in connection.execute(query)}


def totals_of_days(connection: Connection, days: Days, currency: str) -> SalesTotals:
    """What was sold on all days."""
    row = _TOTALS.one(connection, first=days.first, last=days.last, currency=currency)
    return SalesTotals(*map(int, row))


def totals_of_hours(connection: Connection, hours: Hours, currency: str) -> SalesTotals:
    """What was sold in all hours."""
    query = select(*map(_sum, _OF_HOURS)).where(
        SalesHour.hour >= hours.start, SalesHour.hour < hours.end, SalesHour.currency == currency
    )
    return SalesTotals(*map(int, connection.execute(query).one()))


def product_sums(
    connection: Connection, days: Days, currency: str, product_ids: Collection[int] | None = None
) -> list[ProductSum]:
    """The units of each product that were sold and kept, and what they brought; of these products alone."""
    conditions = [] if product_ids is None else [ProductSales.product_id.in_(product_ids)]
    rows = rows_of(ProductSales, days, currency, conditions=conditions)
    query = select(rows.c.product_id, _sum(rows.c.kept_units), _revenue(rows)).group_by(rows.c.product_id)
    return [ProductSum(row[0], int(row[1]), int(row[2])) for row in connection.execute(query)]


def product_names(connection: Connection, product_ids: Collection[int]) -> dict[int, str]:
    """The names that these products have now."""
    query = select(Product.id, Product.name).where(Product.id.in_(product_ids))
    return {row.id: row.name for row in connection.execute(query)}


def with_coupons(connection: Connection, days: Days, currency: str) -> SalesPart:
    """The orders in which a coupon was used."""
    rows = rows_of(CouponSales, days, currency)
    orders, revenue = connection.execute(select(_sum(rows.c.orders), _revenue(rows))).one()
    return SalesPart(int(orders), int(revenue))


def customers(connection: Connection, before: datetime) -> int:
    """How many accounts of customers there are that were opened before a moment, without those deleted since."""
    opened = select(func.count()).select_from(User).where(User.created_at < before)
    # Few work for the shop, so that their rows are read, and of all others but the index.
    staff = opened.where(User.role != literal_column("'CUSTOMER'"))
    deleted = select(func.count()).select_from(Erasure)
    counts = (each.scalar_subquery() for each in (opened, staff, deleted))
    every, some, gone = connection.execute(select(*counts)).one()
    return int(every - some - gone)


def new_customers(connection: Connection, start: datetime, end: datetime) -> int:
    """How many of them were opened from a moment on and before another."""
    return int(_NEW_CUSTOMERS.one(connection, start=start, end=end).accounts)


def pending_orders(connection: Connection) -> int:
    """How many orders wait for their payment."""
    return int(_PENDING.one(connection).orders)


def low_stock(connection: Connection, below: int) -> int:
    """Of how many variants on sale fewer units can be ordered."""
    return int(_LOW_STOCK.one(connection, below=below).variants)


def _revenue(rows: Subquery) -> ColumnElement[int]:
    return _sum(rows.c.paid_minor - rows.c.refunded_minor)
