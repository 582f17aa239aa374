"""Tables of what lowers prices: coupons and points."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, BigId, UtcDateTime


class Coupon(Base):
    """A code that lowers the price of an order, by a share (in basis points) or by an amount.

    `used` counts the orders that hold it, and moves only by conditional updates. `currency` is that of its
    amounts, "" when it names none. `version` counts its changes, not its uses. An absent limit is 0.
    """

    __tablename__ = "coupons"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(32))  # in upper case
    description: Mapped[str] = mapped_column(String(500), server_default="")
    percent_bp: Mapped[int | None] = mapped_column(Integer)
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    min_purchase_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    max_discount_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), server_default="")
    valid_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    active: Mapped[bool] = mapped_column(Boolean, server_default=true())
    min_tier: Mapped[str] = mapped_column(String(16), server_default="")
    usage_limit: Mapped[int] = mapped_column(Integer, server_default="0")
    per_user_limit: Mapped[int] = mapped_column(Integer, server_default="0")
    used: Mapped[int] = mapped_column(Integer, server_default="0")
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("(percent_bp IS NULL) <> (amount_minor IS NULL)", name="discount"),
        CheckConstraint("used >= 0", name="used"),
        Index("uq_coupons_code", "code", unique=True),
    )


class CouponUser(Base):
    """How many orders of a user hold a coupon: what the limit per user is counted by."""

    __tablename__ = "coupon_users"

    coupon_id: Mapped[int] = mapped_column(ForeignKey("coupons.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    used: Mapped[int] = mapped_column(Integer)

    __table_args__ = (CheckConstraint("used >= 0", name="used"),)


class CouponUse(Base):
    """An order that took a coupon; `released_at` is when it gave the use back."""

    __tablename__ = "coupon_uses"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    coupon_id: Mapped[int] = mapped_column(ForeignKey("coupons.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_coupon_uses_coupon", "coupon_id", "user_id"),)


class LoyaltyAccount(Base):
    """Where a user's points stand: the sums of their ledger, kept so that spending is one conditional update.

    `points` is never below zero: points to take back that were spent are `owed`. `lifetime` is what was earned by
    orders that cannot be undone any more, and alone decides the tier.
    """

    __tablename__ = "loyalty_accounts"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    points: Mapped[int] = mapped_column(BigInteger, server_default="0")
    owed: Mapped[int] = mapped_column(BigInteger, server_default="0")
    lifetime: Mapped[int] = mapped_column(BigInteger, server_default="0")


class PointsEntry(Base):
    """A change of a user's points; entries are only ever added.

    `ref` tells apart entries of one kind of one order, so that nothing is booked twice: "" for what happens once,
    the number of those before for what refunds reverse and return, "given up" for what returned as nobody paid.
    """

    __tablename__ = "points_entries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    kind: Mapped[str] = mapped_column(String(16))
    points: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(200), server_default="")
    ref: Mapped[str] = mapped_column(String(64), server_default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        # An entry without an order (NULL is unlike any other) is an admin's, and repeatable.
        Index("uq_points_entries_booked", "order_id", "kind", "ref", unique=True),
        Index("ix_points_entries_user", "user_id", "id"),
    )
