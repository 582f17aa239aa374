"""Tables of signing in: sessions, refresh tokens, sign-ins that are under way, and how many failed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, Json, UtcDateTime


class SignInCount(Base):
    """How many sign-ins of an account, or from an address, failed or are under way since a time.

    Codes that are guessed are counted likewise. `failures` are those in a row; `user_id` is the account's where
    there is one.
    """

    __tablename__ = "sign_in_counts"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    attempts: Mapped[int]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Session(Base):
    """One place where a user is signed in: a family of refresh tokens."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    device: Mapped[str] = mapped_column(String(200), default="")
    ip: Mapped[str] = mapped_column(String(64), default="")  # that last used it
    signed_in_from: Mapped[str | None] = mapped_column(String(64))  # that proved who it is; None: not known
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    second_factor: Mapped[bool] = mapped_column(server_default=false())

    __table_args__ = (
        Index(None, "user_id", "last_used_at"),
        Index(
            "ix_sessions_revoked_at",
            "revoked_at",
            sqlite_where=text("revoked_at IS NOT NULL"),
            postgresql_where=text("revoked_at IS NOT NULL"),
        ),
    )


class RefreshToken(Base):
    """A refresh token by its hash. Used once; the successor's hash tells a lost reply from theft."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    successor_hash: Mapped[str | None] = mapped_column(String(64))


class SignInChallenge(Base):
    """What a client brings back to finish a sign-in, or to add a way to sign in, by its hash.

    It is used once, by being deleted.
    """

    __tablename__ = "sign_in_challenges"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    facts: Mapped[dict[str, str]] = mapped_column(Json)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
