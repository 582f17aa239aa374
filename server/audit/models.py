"""The tables of the audit log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, BigId, Json, UtcDateTime


class AuditEntry(Base):
    """Something that was done, or an event that concerns security. It outlives the account that did it.

    It is never changed afterwards, but for its place in the chain, and for its personal values, `address` and
    `details`, which go with a person who is forgotten. So the signature covers their digest, and not them.
    """

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(
        BigInteger
    )  # None: the shop by itself, or nobody who is known
    is_service: Mapped[bool] = mapped_column(
        Boolean, server_default=false()
    )  # a back end acted, with its key
    action: Mapped[str] = mapped_column(String(32))  # "RefundOrder"
    subject: Mapped[str] = mapped_column(String(64))  # "order/123"
    event: Mapped[str] = mapped_column(
        String(32), server_default=""
    )  # what it means for security, if anything
    occurrences: Mapped[int] = mapped_column(Integer, server_default="1")
    request_id: Mapped[str] = mapped_column(String(128))  # of the call, as the log lines name it
    address: Mapped[str] = mapped_column(String(64), server_default="")
    details: Mapped[dict[str, object]] = mapped_column(Json)
    personal_salt: Mapped[str | None] = mapped_column(String(32))  # None: the personal values were forgotten
    personal_digest: Mapped[str] = mapped_column(String(64), server_default="")
    signature: Mapped[str | None] = mapped_column(String(80))  # None: written by a release before signatures
    sequence: Mapped[int | None] = mapped_column(BigInteger)  # its place in the chain; None: it has none yet
    chain_digest: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (
        Index("ix_audit_entries_subject", "subject", "id"),
        Index("ix_audit_entries_at", "at"),
        Index("ix_audit_entries_actor_id", "actor_id", "id"),
        Index("ix_audit_entries_action", "action", "id"),
        Index("ix_audit_entries_address", "address", "id"),
        Index(
            "ix_audit_entries_event",
            "id",
            postgresql_where=text("event <> ''"),
            sqlite_where=text("event <> ''"),
        ),
        Index("uq_audit_entries_sequence", "sequence", unique=True),
        Index(
            "ix_audit_entries_unchained",
            "id",
            postgresql_where=text("sequence IS NULL"),
            sqlite_where=text("sequence IS NULL"),
        ),
    )


class AuditChain(Base):
    """Where the chain of the entries begins and ends: one row, signed, so that no end can be cut off unseen.

    Entries up to `base_sequence` were deleted with age; `base_digest` is what the first that is left follows.
    """

    __tablename__ = "audit_chain"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    base_sequence: Mapped[int] = mapped_column(BigInteger)
    base_digest: Mapped[str] = mapped_column(String(64))
    head_sequence: Mapped[int] = mapped_column(BigInteger)
    head_digest: Mapped[str] = mapped_column(String(64))
    adopts_until: Mapped[datetime] = mapped_column(
        UtcDateTime
    )  # takes entries without a signature until then
    signature: Mapped[str] = mapped_column(String(80))  # "" until the first entry
