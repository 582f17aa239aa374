"""SQL of what sold most: products, categories, brands, customers, countries and coupons; and of cohorts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    FromClause,
    String,
    Subquery,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from server.analytics.models import DAY, CouponSales, CustomerSales, ProductSales, RegionSales, SalesCohort
from server.analytics.ranges import Days
from server.analytics.sales_queries import SalesTotals
from server.analytics.spans import Spanned, rows_of
from server.catalog.models import Category, Product
from server.db.prepared import Prepared
from server.promotion.models import Coupon
from server.user.models import User


class Dimension(StrEnum):
    """By what sales are told apart."""

    PRODUCT = "PRODUCT"
    CATEGORY = "CATEGORY"
    BRAND = "BRAND"
    USER = "USER"
    COUNTRY = "COUNTRY"
    COUPON = "COUPON"


class Measure(StrEnum):
    """By what they are ranked."""

    REVENUE = "REVENUE"
    UNITS = "UNITS"
    ORDERS = "ORDERS"


class Top(NamedTuple):
    """What sold: a product, a category … by its id, or by its name where that is all it has."""

    id: int
    name: str
    orders: int
    units: int
    paid_minor: int
    refunded_minor: int

    def measured(self, by: Measure) -> int:
        """What it is ranked by."""
        match by:
            case Measure.UNITS:
                return self.units
            case Measure.ORDERS:
                return self.orders
            case Measure.REVENUE:
                return self.paid_minor - self.refunded_minor


class CohortMonth(NamedTuple):
    """What a cohort bought in a month."""

    cohort: date
    month: date
    customers: int
    orders: int
    revenue_minor: int


class _Ranking(NamedTuple):
    """Where the sales of a dimension are: the roll-up, and the id and the name of what sold."""

    model: Spanned
    key: Callable[[Subquery], ColumnElement[Any]]
    joined: Callable[[Subquery], FromClause] = lambda rows: rows
    names: tuple[type[Product | Category | User | Coupon], ColumnElement[str]] | None = None


def _with_products(rows: Subquery) -> FromClause:
    return rows.join(Product, Product.id == rows.c.product_id)


_TABLES: Final[dict[Dimension, _Ranking]] = {
    Dimension.PRODUCT: _Ranking(
        ProductSales, lambda rows: rows.c.product_id, names=(Product, Product.name.expression)
    ),
    # A product counts for the category and the brand that it has now.
    Dimension.CATEGORY: _Ranking(
        ProductSales,
        lambda _: Product.category_id.expression,
        _with_products,
        (Category, Category.name.expression),
    ),
    Dimension.BRAND: _Ranking(
        ProductSales, lambda _: func.nullif(Product.brand.expression, ""), _with_products
    ),
    Dimension.USER: _Ranking(
        CustomerSales, lambda rows: rows.c.user_id, names=(User, User.full_name.expression)
    ),
    Dimension.COUNTRY: _Ranking(RegionSales, lambda rows: rows.c.country),
    Dimension.COUPON: _Ranking(
        CouponSales, lambda rows: rows.c.coupon_id, names=(Coupon, Coupon.code.expression)
    ),
}


def top(
    connection: Connection,
    dimension: Dimension,
    by: Measure,
    days: Days,
    currency: str,
    after: Sequence[Any] | None,
    limit: int,
    *,
    vendor_id: int | None = None,
) -> list[Top]:
    """What sold most, after the keys (measure, id or name); with `vendor_id` of products, a vendor's alone."""
    table = _TABLES[dimension]
    conditions = []
    if vendor_id is not None:
        conditions.append(
            ProductSales.product_id.in_(select(Product.id).where(Product.vendor_id == vendor_id))
        )
    rows = rows_of(table.model, days, currency, conditions=conditions)
    key = table.key(rows)
    sums = {name: func.sum(getattr(rows.c, name)) for name in ("orders", "paid_minor", "refunded_minor")}
    sums["units"] = func.sum(rows.c.kept_units if table.model is ProductSales else rows.c.units)
    revenue = sums["paid_minor"] - sums["refunded_minor"]
    measure = {Measure.REVENUE: revenue, Measure.UNITS: sums["units"], Measure.ORDERS: sums["orders"]}[by]
    query = (
        select(key.label("key"), *(column.label(name) for name, column in sums.items()))
        .select_from(table.joined(rows))
        .where(key.is_not(None))
        .group_by(key)
        .having(sums["orders"] > 0)
        .order_by(measure.desc(), key)
        .limit(limit)
    )
    if after is not None:
        query = query.having(or_(measure < after[0], and_(measure == after[0], key > after[1])))
    ranked = connection.execute(query).all()
    names = _names(connection, table, [row.key for row in ranked])
    return [
        Top(
            row.key if isinstance(row.key, int) else 0,
            names.get(row.key, "") if table.names else row.key,
            *map(int, (row.orders, row.units, row.paid_minor, row.refunded_minor)),
        )
        for row in ranked
    ]


def _names(connection: Connection, table: _Ranking, keys: Sequence[Any]) -> dict[Any, str]:
    if table.names is None or not keys:
        return {}
    model, name = table.names
    rows = connection.execute(select(model.id, name.label("name")).where(model.id.in_(keys)))
    return {row.id: row.name for row in rows}


def vendor_sales(
    connection: Connection, days: Days, currency: str, vendor_id: int
) -> dict[date, SalesTotals]:
    """What was sold of a vendor's products on each day: order lines, units, kept units, paid, refunded."""
    row = ProductSales
    own = row.product_id.in_(select(Product.id).where(Product.vendor_id == vendor_id))
    sums = [
        func.sum(each) for each in (row.orders, row.units, row.kept_units, row.paid_minor, row.refunded_minor)
    ]
    query = (
        select(row.day, *sums)
        .where(row.span == DAY, row.day.between(days.first, days.last), row.currency == currency, own)
        .group_by(row.day)
    )
    return {each[0]: SalesTotals(*map(int, each[1:])) for each in connection.execute(query)}


def cohorts(connection: Connection, first: date, last: date, currency: str) -> list[CohortMonth]:
    """What each cohort from a month on bought up to another, in the order of the cohorts and then the months."""
    rows = _COHORTS.all(connection, first=first, last=last, currency=currency)
    return [CohortMonth(*each) for each in rows]


_COHORTS: Final = Prepared(
    select(
        *(SalesCohort.cohort, SalesCohort.month, SalesCohort.customers, SalesCohort.orders),
        (SalesCohort.paid_minor - SalesCohort.refunded_minor).label("revenue_minor"),
    )
    .where(
        SalesCohort.cohort >= bindparam("first", type_=Date),
        SalesCohort.month <= bindparam("last", type_=Date),
        SalesCohort.currency == bindparam("currency", type_=String),
        SalesCohort.customers > 0,
    )
    .order_by(SalesCohort.cohort, SalesCohort.month)
)
