"""Tables of what undoes an order: refunds and returns."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, Integer, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, BigId, UtcDateTime


class Refund(Base):
    """Money that goes back. `key` is the gateway's idempotency key: it never pays the same refund twice.

    `origin` is who took it: the shop, staff at the gateway itself, or the buyer's bank by a dispute. `return_id`
    is the return whose units it pays for, be it when they arrive or before.
    """

    __tablename__ = "refunds"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    return_id: Mapped[int | None] = mapped_column(ForeignKey("returns.id"), index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # None: the shop by itself
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)  # of the amount
    shipping_minor: Mapped[int] = mapped_column(BigInteger)  # of the amount
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(500), default="")
    origin: Mapped[str] = mapped_column(String(8), default="SHOP", server_default="SHOP")  # GATEWAY, DISPUTE
    status: Mapped[str] = mapped_column(String(16))  # PENDING, SUCCEEDED, FAILED
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # once it SUCCEEDED, whatever came after
    # Whether the order was not shipped yet when it was decided: its units stayed in the house.
    before_shipping: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    key: Mapped[str] = mapped_column(String(64))
    gateway_id: Mapped[str] = mapped_column(String(128), default="")
    problem: Mapped[str] = mapped_column(String(500), default="")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # while PENDING
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint(
            "tax_minor >= 0 AND shipping_minor >= 0 AND tax_minor + shipping_minor <= amount_minor",
            name="parts",
        ),
        Index("uq_refunds_key", "key", unique=True),
        Index(
            "ix_refunds_pending",
            "next_attempt_at",
            sqlite_where=text("status = 'PENDING'"),
            postgresql_where=text("status = 'PENDING'"),
        ),
    )


class RefundLine(Base):
    """Units of an order's line that a refund pays back, and what it pays for them.

    None when another refund pays for the units as well, and counts them.
    """

    __tablename__ = "refund_lines"

    refund_id: Mapped[int] = mapped_column(ForeignKey("refunds.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)  # of the order's line
    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id"))
    quantity: Mapped[int] = mapped_column(Integer)
    returned_quantity: Mapped[int] = mapped_column(Integer, server_default="0")  # of them, of a return
    amount_minor: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("quantity >= 0 AND amount_minor >= 0", name="units"),)


class Return(Base):
    """Goods that a buyer wants to send back. An order has at most one that is open."""

    __tablename__ = "returns"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # the order's
    status: Mapped[str] = mapped_column(String(16))  # REQUESTED, APPROVED, REJECTED, RECEIVED
    reason: Mapped[str] = mapped_column(String(500))
    answer: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_returns_open",
            "order_id",
            unique=True,
            sqlite_where=text("status IN ('REQUESTED', 'APPROVED')"),
            postgresql_where=text("status IN ('REQUESTED', 'APPROVED')"),
        ),
        Index("ix_returns_user", "user_id", "created_at", "id"),
        Index("ix_returns_created", "created_at", "id"),
        Index("ix_returns_status", "status", "created_at", "id"),
    )


class ReturnLine(Base):
    """Units of an order's line that come back, and how many of them can be sold again."""

    __tablename__ = "return_lines"

    return_id: Mapped[int] = mapped_column(ForeignKey("returns.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)  # of the order's line
    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id"))
    quantity: Mapped[int] = mapped_column(Integer)
    restocked: Mapped[int] = mapped_column(Integer, server_default="0")
    # Of its units, those that a refund put into stock by itself: they are not put there again when they arrive.
    restocked_by_refund: Mapped[int] = mapped_column(Integer, server_default="0")

    __table_args__ = (
        CheckConstraint("quantity > 0 AND restocked >= 0 AND restocked <= quantity", name="units"),
    )
