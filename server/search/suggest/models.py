"""The table of the queries that are suggested."""

from __future__ import annotations

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class SuggestedQuery(Base):
    """A query of many people that found something, and may be suggested to others."""

    __tablename__ = "suggested_queries"

    query: Mapped[str] = mapped_column(String(100), primary_key=True)
    searcher_count: Mapped[int] = mapped_column(Integer)
