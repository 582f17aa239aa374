"""Tables of the orders: the order, its lines, steps and payment, and what becomes of it after the sale."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import SEALED, Base, BigId, Json, OptionalJson, UtcDateTime

UNCOUNTED = "points_earned > 0 AND points_counted_at IS NULL AND delivered_at IS NOT NULL"
"""Orders whose points can be spent, and do not count for the tier yet."""


class Order(Base):
    """A purchase. `last_sequence` numbers its steps; with `metadata_version` it is its version.

    `subtotal_minor` is at list prices, `discount_minor` is all that came off, in the four parts beside it.
    """

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # None: a guest
    request_id: Mapped[str | None] = mapped_column(String(36))
    status: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    subtotal_minor: Mapped[int] = mapped_column(BigInteger)
    discount_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    product_discount_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    tier_discount_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    coupon_discount_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    points_discount_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    points_redeemed: Mapped[int] = mapped_column(BigInteger, server_default="0")
    points_earned: Mapped[int] = mapped_column(BigInteger, server_default="0")  # once it is delivered
    # Not a foreign key: SQLite cannot add one to a table that exists. Coupons are never deleted.
    coupon_id: Mapped[int | None] = mapped_column(BigInteger)
    coupon_code: Mapped[str] = mapped_column(String(32), server_default="")
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    shipping_minor: Mapped[int] = mapped_column(BigInteger)
    total_minor: Mapped[int] = mapped_column(BigInteger)
    address: Mapped[dict[str, object]] = mapped_column(Json, info=SEALED)
    delivery_option: Mapped[str] = mapped_column(String(16), default="STANDARD")
    # The one that its checkout asked for; "" for none.
    language: Mapped[str] = mapped_column(String(8), server_default="")
    custom_metadata: Mapped[dict[str, object] | None] = mapped_column(OptionalJson)
    metadata_version: Mapped[int] = mapped_column(Integer, server_default="0")
    # The carrier's, of the last parcel; SQLite bounds no texts, and cannot change a column.
    tracking_number: Mapped[str] = mapped_column(String(64).with_variant(String(32), "sqlite"))
    # The parcels: see shipments.py.
    shipments: Mapped[list[dict[str, object]] | None] = mapped_column(OptionalJson)
    eta: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_sequence: Mapped[int] = mapped_column(Integer)
    reserved_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # while PENDING_PAYMENT
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # for the first time
    # When the points that it earned began to count for the tier: it could not be sent back any more.
    points_counted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint(
            "total_minor = subtotal_minor - discount_minor + tax_minor + shipping_minor", name="total"
        ),
        Index("uq_orders_request", "user_id", "request_id", unique=True),
        Index("ix_orders_user", "user_id", "placed_at", "id"),
        Index("ix_orders_placed", "placed_at", "id"),
        Index("ix_orders_status", "status", "placed_at", "id"),
        Index("ix_orders_updated", "updated_at", "id"),
        Index(
            "ix_orders_pending",
            "reserved_until",
            sqlite_where=text("status = 'PENDING_PAYMENT'"),
            postgresql_where=text("status = 'PENDING_PAYMENT'"),
        ),
        Index(
            "ix_orders_unpaid",
            "user_id",
            sqlite_where=text("status = 'PENDING_PAYMENT'"),
            postgresql_where=text("status = 'PENDING_PAYMENT'"),
        ),
        Index(
            "ix_orders_points_uncounted",
            "delivered_at",
            sqlite_where=text(UNCOUNTED),
            postgresql_where=text(UNCOUNTED),
        ),
    )


class OrderLine(Base):
    """A line of an order, with name and price as they were, and its part of everything the order cost.

    `price_minor` is the price after the product's discount; `discount_minor` is the line's part of what tier,
    coupon and points took off. total - discount + tax + shipping was paid for it.
    """

    __tablename__ = "order_lines"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id"))
    sku: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[int] = mapped_column(Integer)
    price_minor: Mapped[int] = mapped_column(BigInteger)
    total_minor: Mapped[int] = mapped_column(BigInteger)
    list_price_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    discount_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    tax_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    shipping_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # What the variant was: see `server.catalog.variants.options`. NULL for nothing.
    options: Mapped[object | None] = mapped_column(OptionalJson)
    # The ledger of its units, which refunds, returns and cancellations share: see refund/sale_lines.py.
    refunded_quantity: Mapped[int] = mapped_column(Integer, server_default="0")
    returning_quantity: Mapped[int] = mapped_column(Integer, server_default="0")  # of a return that is open
    returned_quantity: Mapped[int] = mapped_column(Integer, server_default="0")  # that came back
    restocked_quantity: Mapped[int] = mapped_column(Integer, server_default="0")  # that are back in stock
    refunded_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # Of those paid back, the ones that were so when the order was shipped: they stayed in the house.
    withheld_quantity: Mapped[int] = mapped_column(Integer, server_default="0")
    # Of those withheld, the ones whose refund failed later: they may still be shipped.
    released_quantity: Mapped[int] = mapped_column(Integer, server_default="0")

    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)


class OrderEvent(Base):
    """A step of an order: 1, 2, 3 … without gaps, numbered under the lock of the order's row."""

    __tablename__ = "order_events"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True)
    status: Mapped[str] = mapped_column(String(20))
    message: Mapped[str] = mapped_column(String(500))
    location: Mapped[str] = mapped_column(String(200), default="")
    eta: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shipment_id: Mapped[int | None] = mapped_column(Integer)  # the parcel that was handed over or corrected
    code: Mapped[str] = mapped_column(String(32), server_default="")
    facts: Mapped[dict[str, object] | None] = mapped_column(OptionalJson)
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
