"""Table of the vectors of products."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, UtcDateTime


class ProductVector(Base):
    """Where a sentence model places a product, by the text that it was given."""

    __tablename__ = "product_vectors"

    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), primary_key=True)
    model: Mapped[str] = mapped_column(String(32), primary_key=True)  # SentenceModel.identity
    text_hash: Mapped[str] = mapped_column(String(32), index=True)  # the same text is not computed twice
    vector: Mapped[bytes] = mapped_column(LargeBinary)  # halves of two bytes each, little endian
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)
