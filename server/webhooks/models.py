"""Tables of the webhooks: the addresses, and what was or will be sent to them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, BigId, Json, UtcDateTime


class WebhookEndpoint(Base):
    """An address. Its secret is not stored: it is derived from the shop's key and `salt`.

    `old_salt` is that of the secret before, under which deliveries are signed as well until `old_salt_until`.
    """

    __tablename__ = "webhook_endpoints"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    url: Mapped[str] = mapped_column(String(2000))
    event_types: Mapped[list[str]] = mapped_column(Json)  # empty: every type
    salt: Mapped[str] = mapped_column(String(32))
    old_salt: Mapped[str | None] = mapped_column(String(32))
    old_salt_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    active: Mapped[bool]
    disabled_reason: Mapped[str] = mapped_column(String(500))
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None after a success
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(server_default="1")  # counts its changes, for the etag


class WebhookDelivery(Base):
    """A message to one endpoint, written once per endpoint, event and type. `body` lacks only its own id."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    event_id: Mapped[int] = mapped_column(BigInteger)
    event_type: Mapped[str] = mapped_column(String(40))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    body: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))  # PENDING, DELIVERED, FAILED
    attempts: Mapped[int] = mapped_column(Integer)
    response_code: Mapped[int] = mapped_column(Integer)
    error: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retry_until: Mapped[datetime] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("uq_webhook_deliveries_event", "endpoint_id", "event_id", "event_type", unique=True),
        Index("ix_webhook_deliveries_created_at", "created_at"),
        Index("ix_webhook_deliveries_endpoint", "endpoint_id", "id"),
        Index(
            "ix_webhook_deliveries_failed",
            "endpoint_id",
            "id",
            sqlite_where=text("status = 'FAILED'"),
            postgresql_where=text("status = 'FAILED'"),
        ),
        Index("ix_webhook_deliveries_order", "order_id"),
        Index(
            "ix_webhook_deliveries_pending",
            "endpoint_id",
            "order_id",
            "id",
            sqlite_where=text("status = 'PENDING'"),
            postgresql_where=text("status = 'PENDING'"),
        ),
        Index(
            "ix_webhook_deliveries_waiting",
            "endpoint_id",
            "id",
            sqlite_where=text("status = 'PENDING'"),
            postgresql_where=text("status = 'PENDING'"),
        ),
    )
