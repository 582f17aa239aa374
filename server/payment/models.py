"""Tables of the payments: those of orders, the books of the gateways that live here, gift cards, events, alerts.

The demo gateway and the gift cards keep books like a bank's, in transactions of their own: what the shop believes
of a payment and what the books say can be compared, and `sanset verify` does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text, true
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import SEALED, Base, BigId, SealedToken, UtcDateTime

MAX_PAYMENT_URL: Final = 2000
"""Characters of a page's address; no gateway's comes near."""


class Payment(Base):
    """The payment of an order. The order's number is the key that keeps the gateway from charging twice.

    The token is sealed, and forgotten once the payment is settled: the code of a gift card is money.
    """

    __tablename__ = "payments"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    gateway: Mapped[str] = mapped_column(String(16))
    method: Mapped[str] = mapped_column(String(16))
    token: Mapped[str] = mapped_column(SealedToken, default="", info=SEALED)
    status: Mapped[str] = mapped_column(String(16))  # PENDING, CAPTURED, DECLINED, VOIDED
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    captured_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")  # pending ones too
    currency: Mapped[str] = mapped_column(String(3))
    gateway_id: Mapped[str] = mapped_column(String(128), default="")
    problem: Mapped[str] = mapped_column(String(300), default="", server_default="")
    decline_code: Mapped[str] = mapped_column(String(32), default="", server_default="")
    # Where the buyer goes on, while it is PENDING.
    payment_url: Mapped[str] = mapped_column(String(MAX_PAYMENT_URL), server_default="")
    disputed: Mapped[str] = mapped_column(String(8), server_default="")  # OPEN, LOST, WON; ""
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        # A gateway's events name its own id.
        Index(
            "ix_payments_gateway_id",
            "gateway_id",
            sqlite_where=text("gateway_id <> ''"),
            postgresql_where=text("gateway_id <> ''"),
        ),
        Index(
            "ix_payments_pending",
            "order_id",
            sqlite_where=text("status = 'PENDING'"),
            postgresql_where=text("status = 'PENDING'"),
        ),
    )


class GatewayCharge(Base):
    """A charge in the books, by the key that it was asked with; CANCELLED ones keep later ones from happening."""

    __tablename__ = "gateway_charges"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    gateway_id: Mapped[str] = mapped_column(String(64))
    method: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))  # CAPTURED, DECLINED, CANCELLED
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    problem: Mapped[str] = mapped_column(String(200))
    decline_code: Mapped[str] = mapped_column(String(32), server_default="")
    gift_card_id: Mapped[int | None] = mapped_column(ForeignKey("gift_cards.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("refunded_minor <= amount_minor", name="refunded"),)


class GatewayRefund(Base):
    """Money that the books paid back, by the key that it was asked with."""

    __tablename__ = "gateway_refunds"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    charge_key: Mapped[str] = mapped_column(ForeignKey("gateway_charges.key"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GiftCard(Base):
    """A card with money on it. Its code is known to its owner alone: here is only what recognises it."""

    __tablename__ = "gift_cards"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    last_four: Mapped[str] = mapped_column(String(4))
    currency: Mapped[str] = mapped_column(String(3))
    balance_minor: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    active: Mapped[bool] = mapped_column(default=True, server_default=true())  # a disabled one pays nothing
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(server_default="1")  # counts its changes, for the etag

    __table_args__ = (
        CheckConstraint("balance_minor >= 0", name="balance"),
        Index("uq_gift_cards_code_hash", "code_hash", unique=True),
    )


class GiftCardEntry(Base):
    """A movement of a gift card's money; append-only. The key keeps any of them from happening twice."""

    __tablename__ = "gift_card_entries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    gift_card_id: Mapped[int] = mapped_column(ForeignKey("gift_cards.id"), index=True)
    key: Mapped[str] = mapped_column(String(80))
    amount_minor: Mapped[int] = mapped_column(BigInteger)  # below zero when it paid
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("uq_gift_card_entries_key", "key", unique=True),)


class GatewayCustomer(Base):
    """Who a gateway knows a buyer as: what the buyer saves belongs to that customer there."""

    __tablename__ = "gateway_customers"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    gateway: Mapped[str] = mapped_column(String(16), primary_key=True)
    customer_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PaymentEvent(Base):
    """A webhook of a gateway that was taken; a repeat of it finds this row. Of a refund it is the refund's key."""

    __tablename__ = "payment_events"

    gateway: Mapped[str] = mapped_column(String(16), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    charge_key: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Dispute(Base):
    """Money that a buyer's bank takes back, or asks about; `refund_id` is what it takes of the order."""

    __tablename__ = "disputes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refunds.id"))
    gateway: Mapped[str] = mapped_column(String(16))
    gateway_id: Mapped[str] = mapped_column(String(128))
    status: Mapped[str] = mapped_column(String(8))  # OPEN, WON, LOST
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(64))
    respond_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("uq_disputes_gateway_id", "gateway", "gateway_id", unique=True),)


class PaymentAlert(Base):
    """What a gateway reported that does not fit, or that somebody must act on. `key` tells of each once."""

    __tablename__ = "payment_alerts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(24))
    gateway: Mapped[str] = mapped_column(String(16))
    gateway_id: Mapped[str] = mapped_column(String(128))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    problem: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    mailed_at: Mapped[datetime | None] = mapped_column("told_at", UtcDateTime)  # when the mail was written
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when a person was done with it

    __table_args__ = (
        Index(
            "ix_payment_alerts_open",
            "id",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_payment_alerts_untold",
            "id",
            sqlite_where=text("told_at IS NULL"),
            postgresql_where=text("told_at IS NULL"),
        ),
    )
