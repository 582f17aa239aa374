"""Tables of the synonyms."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, BigId, Json, UtcDateTime


class SynonymRow(Base):
    """A group of terms that mean the same, or what else is searched for with the input."""

    __tablename__ = "synonyms"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    input: Mapped[str] = mapped_column(String(50), default="", server_default="")  # "": the terms are equal
    terms: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(server_default="1")  # counts its changes, for the etag


class SynonymTerm(Base):
    """A term by which one rule of its kind goes: no term is in two groups, no input in two rules."""

    __tablename__ = "synonym_terms"

    one_way: Mapped[bool] = mapped_column(primary_key=True)
    term_key: Mapped[str] = mapped_column(String(300), primary_key=True)
    synonym_id: Mapped[int] = mapped_column(ForeignKey("synonyms.id", ondelete="CASCADE"))

    __table_args__ = (Index("ix_synonym_terms_synonym", "synonym_id"),)
