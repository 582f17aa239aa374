"""Tables of the service accounts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, BigId, Json, UtcDateTime


class ServiceAccountRow(Base):
    """What there is of a back end's account beside its row among the users, which has its role and its state.

    So everything that a user does can be theirs, and be audited as theirs; nobody can sign in to it.
    """

    __tablename__ = "service_accounts"

    id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    description: Mapped[str] = mapped_column(String(500), default="", server_default="")
    networks: Mapped[list[str]] = mapped_column(Json)  # it may call from these; empty: from anywhere
    version: Mapped[int] = mapped_column(server_default="1")  # counts its changes, those of its keys too


class ApiKeyRow(Base):
    """A key by its hash; a key that is revoked has no row any more."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("service_accounts.id"), index=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(16))  # how the key begins, for people to tell two apart
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = ({"sqlite_autoincrement": True},)
