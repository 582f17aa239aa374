"""The tables of the events that other processes must learn of, and of how far each reader has come."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, BigId, Json, UtcDateTime

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object, as it is written and read."""


class Event(Base):
    """Something every worker must learn, written in the transaction that makes it true.

    Ids are drawn before their transaction commits: server/events/position.py says how readers miss none.
    `transaction_id` is PostgreSQL's id of that transaction; the version before reads in its order.
    """

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    transaction_id: Mapped[int] = mapped_column(BigInteger)
    topic: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(64))
    payload: Mapped[JsonObject | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_events_position", "transaction_id", "id"),
        Index("ix_events_created_at", "created_at"),
    )


class ConsumerPosition(Base):
    """How far a reader of the events has come: everything up to this event has had its effect.

    A `transaction_id` other than 0 was left by the version before, whose order was another.

    It had no business with the events up to `first_event_id`, which were there before it.
    """

    __tablename__ = "consumers"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    transaction_id: Mapped[int] = mapped_column(BigInteger)
    event_id: Mapped[int] = mapped_column(BigInteger)
    first_event_id: Mapped[int] = mapped_column(BigInteger)
