"""The tables of reviews, and of their numbers by product."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, BigId, UtcDateTime

PUBLISHED, PENDING = text("status = 'PUBLISHED'"), text("status = 'PENDING'")


class Review(Base):
    """What a buyer says of a product; a buyer has one of each."""

    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    rating: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str] = mapped_column(String(120), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(
        Integer, default=1, server_default="1"
    )  # counts its changes, for the etag
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        CheckConstraint("status IN ('PENDING', 'PUBLISHED', 'REJECTED')", name="status"),
        Index("uq_reviews_author", "user_id", "product_id", unique=True),
        Index(
            "ix_reviews_newest",
            *("product_id", "created_at", "id"),
            sqlite_where=PUBLISHED,
            postgresql_where=PUBLISHED,
        ),
        Index(
            "ix_reviews_rating",
            *("product_id", "rating", "created_at", "id"),
            sqlite_where=PUBLISHED,
            postgresql_where=PUBLISHED,
        ),
        Index("ix_reviews_pending", "updated_at", "id", sqlite_where=PENDING, postgresql_where=PENDING),
    )


class ReviewCount(Base):
    """How many published reviews of a product have so many stars."""

    __tablename__ = "review_counts"

    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    rating: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    count: Mapped[int] = mapped_column(Integer)

    __table_args__ = (CheckConstraint("count >= 0", name="count"),)
