"""Tables of what the shop sold: every order as it is counted, and the roll-ups that are kept of them.

Days and hours are those of the shop's time zone, and an order belongs to the day on which it was placed, whatever
becomes of it later. All roll-ups are sums of what `order_facts` says: rollup.py is the only writer.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from sqlalchemy import BigInteger, Date, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, BigId, Json, UtcDateTime

DAY, MONTH = 1, 2
"""Spans: a row tells of the day, or of the month that begins with it. A long range is read by its whole months."""

SALES_SUMS: Final = (
    *("orders", "units", "kept_units", "list_minor", "product_discount_minor", "tier_discount_minor"),
    *("coupon_discount_minor", "points_discount_minor", "tax_minor", "shipping_minor", "paid_minor"),
    *("refunded_minor", "refunded_tax_minor", "refunded_shipping_minor"),
)
"""What is summed up of whole orders."""


class AnalyticsState(Base):
    """How the roll-ups stand: one row, whose lock has one writer at a time.

    `filled_id` is the last order that a rebuild has counted while it is under way; NULL when all orders are.
    """

    __tablename__ = "analytics_state"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)  # 1
    time_zone: Mapped[str] = mapped_column(String(64))
    filled_id: Mapped[int | None] = mapped_column(BigInteger)
    rebuilds: Mapped[int] = mapped_column(BigInteger, server_default="0")


class OrderFactsRow(Base):
    """An order as it is counted: what is taken out of the roll-ups when it changes. Its sums are for verify."""

    __tablename__ = "order_facts"

    order_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    day: Mapped[date] = mapped_column(Date)
    currency: Mapped[str] = mapped_column(String(3))
    units: Mapped[int] = mapped_column(BigInteger)
    kept_units: Mapped[int] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_minor: Mapped[int] = mapped_column(BigInteger)
    facts: Mapped[dict[str, object]] = mapped_column(Json)


class _SalesSums:
    """Sums of whole orders: paid is list less the discounts, with tax and shipping; refunded has its own parts."""

    orders: Mapped[int] = mapped_column(BigInteger)
    units: Mapped[int] = mapped_column(BigInteger)
    kept_units: Mapped[int] = mapped_column(BigInteger)
    list_minor: Mapped[int] = mapped_column(BigInteger)
    product_discount_minor: Mapped[int] = mapped_column(BigInteger)
    tier_discount_minor: Mapped[int] = mapped_column(BigInteger)
    coupon_discount_minor: Mapped[int] = mapped_column(BigInteger)
    points_discount_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    shipping_minor: Mapped[int] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_tax_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_shipping_minor: Mapped[int] = mapped_column(BigInteger)


class SalesHour(_SalesSums, Base):
    """The sales of an hour, by its first moment."""

    __tablename__ = "sales_hours"

    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)


class SalesDay(_SalesSums, Base):
    """The sales of a day; `revision` counts the changes of whatever is summed up of it, in any table."""

    __tablename__ = "sales_days"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger, server_default="0", sort_order=1)


class ProductSales(Base):
    """The sales of a product. Paid and refunded are those of its lines, with their tax and shipping."""

    __tablename__ = "product_sales"

    span: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    product_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    orders: Mapped[int] = mapped_column(BigInteger)
    units: Mapped[int] = mapped_column(BigInteger)
    kept_units: Mapped[int] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_minor: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_product_sales_product", "product_id", "span", "day"),)


class CustomerSales(Base):
    """What a user bought; guests have no row."""

    __tablename__ = "customer_sales"

    span: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    orders: Mapped[int] = mapped_column(BigInteger)
    units: Mapped[int] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_minor: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_customer_sales_user", "user_id", "span", "day"),)


class RegionSales(Base):
    """What was sold to a country; "" where an order names none."""

    __tablename__ = "region_sales"

    span: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    country: Mapped[str] = mapped_column(String(2), primary_key=True)
    orders: Mapped[int] = mapped_column(BigInteger)
    units: Mapped[int] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_minor: Mapped[int] = mapped_column(BigInteger)


class CouponSales(Base):
    """The orders that used a coupon."""

    __tablename__ = "coupon_sales"

    span: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    coupon_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    orders: Mapped[int] = mapped_column(BigInteger)
    units: Mapped[int] = mapped_column(BigInteger)
    discount_minor: Mapped[int] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_minor: Mapped[int] = mapped_column(BigInteger)


class SalesCohort(Base):
    """What those who first bought in a month, their cohort, bought in that month or a later one."""

    __tablename__ = "sales_cohorts"

    cohort: Mapped[date] = mapped_column(Date, primary_key=True)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    customers: Mapped[int] = mapped_column(BigInteger)
    orders: Mapped[int] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_minor: Mapped[int] = mapped_column(BigInteger)


SPANNED: Final = (ProductSales, RegionSales, CustomerSales, CouponSales)
"""The roll-ups that have rows of days and of months."""
