"""Tables of the recovery: links and codes by which users prove an address, and what is to be mailed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, Json, UtcDateTime


class EmailProof(Base):
    """A link or code that is mailed to an address, by its hash: whoever has it reads the mails of the address.

    There is one for addresses of nobody too, which is never mailed: asking costs a stranger what it costs a user,
    and what is said of the tries is the same.
    """

    __tablename__ = "email_proofs"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))  # VERIFY, RESET, CHANGE
    address_key: Mapped[str] = mapped_column(String(64))  # keyed hash of the address that it goes to
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    secret_hash: Mapped[str | None] = mapped_column(String(64))  # once it is mailed
    network: Mapped[str] = mapped_column(String(64))  # from where it was asked for
    new_email: Mapped[str | None] = mapped_column(String(254))  # CHANGE
    session_id: Mapped[str | None] = mapped_column(
        String(32)
    )  # CHANGE: the session that asked, which goes on
    attempts: Mapped[int] = mapped_column(server_default="0")
    attempts_elsewhere: Mapped[int] = mapped_column(server_default="0")  # of these, from other networks
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(None, "address_key"),
        Index(None, "user_id"),
        Index(
            "uq_email_proofs_secret_hash",
            "secret_hash",
            unique=True,
            sqlite_where=text("secret_hash IS NOT NULL"),
            postgresql_where=text("secret_hash IS NOT NULL"),
        ),
    )


class AccountNotice(Base):
    """What is to be mailed of an account, until the outbox of the mails has written it."""

    __tablename__ = "account_notices"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)  # of a proof its id
    kind: Mapped[str] = mapped_column(String(16))
    user_id: Mapped[int | None] = mapped_column(BigInteger)  # of whose account it tells
    recipient: Mapped[str] = mapped_column(String(254))  # empty: of an address of nobody
    full_name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8))
    facts: Mapped[dict[str, object]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
