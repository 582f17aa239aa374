"""The table of the keys that outlive the secret which they were derived from."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import SEALED, Base, UtcDateTime


class KeptKey(Base):
    """A derived key, sealed: what was made with it cannot be made again (see `LASTING`)."""

    __tablename__ = "kept_keys"

    purpose: Mapped[str] = mapped_column(String(32), primary_key=True)
    key_id: Mapped[str] = mapped_column(String(8), primary_key=True)
    sealed: Mapped[str] = mapped_column(String(160), info=SEALED)
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime)
