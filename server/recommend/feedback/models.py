"""Tables of what users did and what they were shown."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, BigId, Json, OptionalJson, UtcDateTime


class BehaviorEvent(Base):
    """Something a user or visitor did."""

    __tablename__ = "behavior_events"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    visitor_id: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"))
    query: Mapped[str] = mapped_column(String(200), default="")
    custom_metadata: Mapped[dict[str, object] | None] = mapped_column(OptionalJson)
    list_id: Mapped[str | None] = mapped_column(String(16))  # the list of recommendations that led to it
    model_version: Mapped[str] = mapped_column(String(100), default="", server_default="")  # of that list
    # Where a visitor, or somebody whose account was new, called from.
    origin: Mapped[str] = mapped_column(String(16), default="", server_default="")
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_behavior_events_user", "user_id", "occurred_at"),
        Index("ix_behavior_events_visitor", "visitor_id", "occurred_at"),
        Index("ix_behavior_events_time", "occurred_at"),
        Index(
            "ix_behavior_events_attributed",
            "model_version",
            "occurred_at",
            sqlite_where=text("list_id IS NOT NULL"),
            postgresql_where=text("list_id IS NOT NULL"),
        ),
    )


class ShownList(Base):
    """A list of recommendations that was shown: the products by position."""

    __tablename__ = "shown_lists"

    list_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    model_version: Mapped[str] = mapped_column(String(100))
    # HOMEPAGE, PRODUCT, CART, SIMILAR, TOGETHER, TRENDING or REORDER.
    kind: Mapped[str] = mapped_column(String(16))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    visitor_id: Mapped[str | None] = mapped_column(String(64))
    experiment_id: Mapped[int | None] = mapped_column(ForeignKey("experiments.id"))
    product_ids: Mapped[list[int]] = mapped_column(Json)
    shown_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_shown_lists_model", "model_version", "shown_at"),
        Index("ix_shown_lists_time", "shown_at"),
    )
