"""The table of the audit log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, BigId, Json, UtcDateTime


class AuditEntry(Base):
    """Something that was done, never changed afterwards. It outlives the account that did it."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(BigInteger)  # None: the shop by itself
    action: Mapped[str] = mapped_column(String(32))  # "RefundOrder"
    subject: Mapped[str] = mapped_column(String(64))  # "order/123"
    request_id: Mapped[str] = mapped_column(String(128))  # of the call, as the log lines name it
    details: Mapped[dict[str, object]] = mapped_column(Json)

    __table_args__ = (
        Index("ix_audit_entries_subject", "subject", "id"),
        Index("ix_audit_entries_at", "at"),
    )
