"""The table of the mails, those that were sent and those that wait."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import SEALED, Base, BigId, Json, UtcDateTime


class Mail(Base):
    """A mail. `key` names what it reports, so that nothing is reported twice: "placed/12", "refunded/12/3"."""

    __tablename__ = "mails"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    # Of whose account it tells, where it is about no order. Not a foreign key, which SQLite cannot add.
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(16))
    recipient: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(String(300))
    plain: Mapped[str] = mapped_column(Text, info=SEALED)
    html: Mapped[str] = mapped_column(Text, info=SEALED)
    status: Mapped[str] = mapped_column(String(16))  # PENDING, SENT, FAILED
    about: Mapped[list[int] | None] = mapped_column(Json)  # low stock: the variants it tells of
    attempts: Mapped[int] = mapped_column(Integer)
    error: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retry_until: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_mails_created_at", "created_at"),
        Index("ix_mails_order", "order_id"),
        Index(
            "ix_mails_user",
            "user_id",
            sqlite_where=text("user_id IS NOT NULL"),
            postgresql_where=text("user_id IS NOT NULL"),
        ),
        Index(
            "ix_mails_pending",
            "next_attempt_at",
            "id",
            sqlite_where=text("status = 'PENDING'"),
            postgresql_where=text("status = 'PENDING'"),
        ),
    )
