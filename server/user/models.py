"""Tables of the users: accounts, those that were deleted, addresses and saved payment methods."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import SEALED, Base, BigId, Json, OptionalJson, SealedToken, UtcDateTime


class User(Base):
    """An account. Imported and generated users have no password, and cannot sign in."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), unique=True)  # case-folded, for look-ups
    username: Mapped[str | None] = mapped_column(String(32))
    username_key: Mapped[str | None] = mapped_column(String(32), unique=True)
    full_name: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str] = mapped_column(String(32), default="")  # in the open: see `sealed_phone`
    sealed_phone: Mapped[str | None] = mapped_column(Text, info=SEALED)
    phone_key: Mapped[str | None] = mapped_column(String(32))  # a keyed hash, by which it is found
    password_hash: Mapped[str | None] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(
        # SQLite bounds no text: its columns stay as made.
        String(32).with_variant(String(16), "sqlite"),
        ForeignKey("roles.name"),
        default="CUSTOMER",
    )
    role_assigned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: it has had no other
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    email_verify_time: Mapped[datetime | None] = mapped_column(
        UtcDateTime
    )  # when its mails were shown to be read
    preferences: Mapped[dict[str, object]] = mapped_column(Json, default=dict)
    custom_metadata: Mapped[dict[str, object] | None] = mapped_column(OptionalJson)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(server_default="1")  # counts its changes, for the etag

    __table_args__ = (
        Index("ix_users_created_at", "created_at"),
        # Of many customers few work for the shop.
        Index(
            "ix_users_staff",
            "role",
            "id",
            sqlite_where=text("role <> 'CUSTOMER'"),
            postgresql_where=text("role <> 'CUSTOMER'"),
        ),
        Index(
            "ix_users_role_assigned_at",
            "role_assigned_at",
            sqlite_where=text("role_assigned_at IS NOT NULL"),
            postgresql_where=text("role_assigned_at IS NOT NULL"),
        ),
        Index(
            "ix_users_phone_key",
            "phone_key",
            sqlite_where=text("phone_key IS NOT NULL"),
            postgresql_where=text("phone_key IS NOT NULL"),
        ),
    )


class Erasure(Base):
    """An account that was deleted: its row stays without anything personal, for the orders that refer to it.

    `due_at` is when what is left of it is looked at next. It is None once nothing is: since `erased_at`.
    """

    __tablename__ = "erasures"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    deleted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "ix_erasures_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )


class Address(Base):
    """A postal address of a user; a partial unique index keeps the default unique.

    What is sealed of it (see sealed_addresses.py) leaves its column empty.
    """

    __tablename__ = "addresses"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    label: Mapped[str] = mapped_column(String(64), default="")
    line1: Mapped[str] = mapped_column(String(200))
    line2: Mapped[str] = mapped_column(String(200), default="")
    city: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(100), default="")
    postal_code: Mapped[str] = mapped_column(String(20), default="")
    country: Mapped[str] = mapped_column(String(2))
    lat: Mapped[float | None]
    lng: Mapped[float | None]
    is_default: Mapped[bool] = mapped_column(default=False, server_default=false())
    custom_metadata: Mapped[dict[str, object] | None] = mapped_column(OptionalJson)
    sealed: Mapped[str | None] = mapped_column(Text, info=SEALED)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(server_default="1")  # counts its changes, for the etag

    __table_args__ = (
        Index(None, "user_id"),
        Index(
            "uq_addresses_default",
            "user_id",
            unique=True,
            sqlite_where=text("is_default"),
            postgresql_where=text("is_default"),
        ),
    )


class PaymentMethod(Base):
    """A saved way to pay: the gateway's token for it, sealed; a partial unique index keeps the default unique."""

    __tablename__ = "payment_methods"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    token: Mapped[str] = mapped_column(SealedToken, info=SEALED)
    brand: Mapped[str] = mapped_column(String(32))
    last_four: Mapped[str] = mapped_column(String(4))
    is_default: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(server_default="1")  # counts its changes, for the etag

    __table_args__ = (
        Index(
            "uq_payment_methods_default",
            "user_id",
            unique=True,
            sqlite_where=text("is_default"),
            postgresql_where=text("is_default"),
        ),
    )
