"""Which code may serve on the database's schema: what a release that is rolled back needs to know."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class SchemaServes(Base):
    """One row: code whose newest migration is `oldest_revision`, or a later one, may serve.

    A migration that code of before it can serve on says `EXPANDS = True`: it adds what that code need not know.
    """

    __tablename__ = "schema_serves"

    oldest_revision: Mapped[str] = mapped_column(String(32), primary_key=True)
