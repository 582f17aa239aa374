"""Tables of what people did on each day of the shop's, counted from their behaviour by activity.py."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, UtcDateTime


class ActivityDay(Base):
    """A day as a whole; `visitors` are those who were not signed in, `checkouts` orders that were begun.

    `sales_revision` is that of the day's sales by which its recommendations were counted.
    """

    __tablename__ = "activity_days"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    visitors: Mapped[int] = mapped_column(BigInteger)
    views: Mapped[int] = mapped_column(BigInteger)
    cart_additions: Mapped[int] = mapped_column(BigInteger)
    checkouts: Mapped[int] = mapped_column(BigInteger)
    counted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sales_revision: Mapped[int] = mapped_column(BigInteger, server_default="0")


class ProductActivity(Base):
    """What was done to a product on a day; `viewers` are different people."""

    __tablename__ = "product_activity"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    product_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    views: Mapped[int] = mapped_column(BigInteger)
    viewers: Mapped[int] = mapped_column(BigInteger)
    cart_additions: Mapped[int] = mapped_column(BigInteger)
    checkouts: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_product_activity_product", "product_id", "day"),)


class ActiveUser(Base):
    """That a user did something on a day, or ordered."""

    __tablename__ = "active_users"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)


class RecommendedSales(Base):
    """What orders of a day brought that followed from recommendations."""

    __tablename__ = "recommended_sales"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    orders: Mapped[int] = mapped_column(BigInteger)
    revenue_minor: Mapped[int] = mapped_column(BigInteger)
