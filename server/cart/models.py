"""Tables of the carts and wishlists."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, BigId, UtcDateTime


class Cart(Base):
    """The one cart of a user, or a guest's, who has its token. `version` counts its changes.

    `merged_user_id` is who took a guest's cart over: nothing is in it any more, and it only answers repeats.
    """

    __tablename__ = "carts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    token_hash: Mapped[str | None] = mapped_column(String(64))
    merged_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    currency: Mapped[str] = mapped_column(String(3))
    version: Mapped[int] = mapped_column(Integer, default=0)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Not a foreign key: SQLite cannot add one to a table that exists. Coupons are never deleted.
    coupon_id: Mapped[int | None] = mapped_column(BigInteger)
    points: Mapped[int] = mapped_column(BigInteger, server_default="0")  # to redeem at the next checkout
    # The totals, in minor units, that replies have shown of it as it is now: see `server.cart.shown`.
    shown: Mapped[str] = mapped_column(String(200), server_default="")
    # What was put back into it, and what could not be: a `changes.CartChange` a line.
    notes: Mapped[str] = mapped_column(Text, server_default="")

    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (token_hash IS NULL)", name="owner"),
        CheckConstraint("(token_hash IS NULL) = (expires_at IS NULL)", name="expiry"),
        CheckConstraint("merged_user_id IS NULL OR user_id IS NULL", name="merged"),
        Index("uq_carts_token_hash", "token_hash", unique=True),
        Index("ix_carts_expires_at", "expires_at"),
    )


class CartItem(Base):
    """A line of a cart: a variant once, with the price at which it was added."""

    __tablename__ = "cart_items"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    cart_id: Mapped[int] = mapped_column(ForeignKey("carts.id", ondelete="CASCADE"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id"))
    quantity: Mapped[int] = mapped_column(Integer)
    added_price_minor: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        UniqueConstraint("cart_id", "variant_id"),
        CheckConstraint("quantity > 0", name="quantity"),
    )


class WishlistItem(Base):
    """A product that a user wishes for; without a variant any will do."""

    __tablename__ = "wishlist_items"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    variant_id: Mapped[int | None] = mapped_column(ForeignKey("variants.id"))
    added_price_minor: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
