"""The table of the files of images; which image of a product has which is the catalogue's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, UtcDateTime


class MediaFile(Base):
    """The files of one picture, in all sizes, under one key; one that is uploaded again has them already.

    A key is never used again: once its files are to be deleted it is `doomed`, and the same picture gets another.
    """

    __tablename__ = "media_files"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of what was uploaded
    claimed_at: Mapped[datetime] = mapped_column(
        UtcDateTime
    )  # when it was last uploaded, or an image of it deleted
    doomed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_media_files_digest",
            "digest",
            unique=True,
            sqlite_where=text("doomed_at IS NULL"),
            postgresql_where=text("doomed_at IS NULL"),
        ),
        Index("ix_media_files_claimed_at", "claimed_at"),
    )
