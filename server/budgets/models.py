"""The table of the budgets: how much of each is taken."""

from __future__ import annotations

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class CallCount(Base):
    """How many calls under a key are taken out of the budget of a minute.

    Not logged by PostgreSQL: after a crash everybody has their calls of this minute once more.
    """

    __tablename__ = "call_counts"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    minute: Mapped[int] = mapped_column(BigInteger)
    taken: Mapped[int] = mapped_column(BigInteger)
