"""The table of the roles."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, BigId, Json, UtcDateTime


class RoleRow(Base):
    """A role. Of a built-in one the code says what it may do, whatever is stored: see server/identity.py.

    Ids are never given twice, so that of two roles that had one name after the other it is known which came later.
    """

    __tablename__ = "roles"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(32), unique=True)
    description: Mapped[str] = mapped_column(String(500), default="", server_default="")
    permissions: Mapped[list[str]] = mapped_column(Json)  # by name, in their order
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(server_default="1")  # counts its changes

    __table_args__ = ({"sqlite_autoincrement": True},)
