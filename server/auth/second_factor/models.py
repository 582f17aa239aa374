"""Tables of the second factor: the secret that a user's device shares with the shop, and the recovery codes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import SEALED, Base, UtcDateTime


class SecondFactor(Base):
    """The secret of a user's authenticator, sealed; it counts once the user has proven that they have it."""

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(256), info=SEALED)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Of the last code that was used: none is used twice."""


class RecoveryCode(Base):
    """A code that stands once for the authenticator, by its keyed hash."""

    __tablename__ = "second_factor_codes"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("second_factors.user_id", ondelete="CASCADE"), primary_key=True
    )
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
