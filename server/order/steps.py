"""A step of an order: how it is written, told, and read back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from server.db.base import AnyRow
from server.events.log import ORDER, NewEvent
from server.order import queries, status

MESSAGES = {
    status.PENDING_PAYMENT: "Your order was placed and waits for its payment.",
    status.CONFIRMED: "Your payment arrived and your order is confirmed.",
    status.PROCESSING: "Your order is being packed.",
    status.SHIPPED: "Your order is on its way.",
    status.DELIVERED: "Your order was delivered.",
    status.CANCELLED: "Your order was cancelled.",
    status.RETURN_REQUESTED: "You asked to return your order.",
    status.RETURNED: "Your return arrived.",
    status.REFUNDED: "Your money was paid back.",
}


@dataclass(frozen=True)
class Step:
    """A step of an order; `sequence` is 1 for the first."""

    sequence: int
    status: str
    message: str
    location: str
    eta: datetime | None
    time: datetime

    def to_payload(self, user_id: int | None) -> dict[str, Any]:
        """The step as JSON, for the event table."""
        return {
            "sequence": self.sequence,
            "status": self.status,
            "message": self.message,
            "location": self.location,
            "eta": self.eta.isoformat() if self.eta else None,
            "time": self.time.isoformat(),
            "user_id": user_id,
        }

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Step:
        """The step that `to_payload` wrote."""
        return cls(
            payload["sequence"],
            payload["status"],
            payload["message"],
            payload["location"],
            datetime.fromisoformat(payload["eta"]) if payload["eta"] else None,
            datetime.fromisoformat(payload["time"]),
        )

    @classmethod
    def from_row(cls, row: AnyRow) -> Step:
        """The step in a row of order_events."""
        return cls(row.sequence, row.status, row.message, row.location, row.eta, row.occurred_at)


def record(tx: Connection, order_id: int, user_id: int | None, step: Step) -> NewEvent:
    """Write a step, and return the event that the caller publishes with its others."""
    queries.insert_event(
        tx,
        {
            "order_id": order_id,
            "sequence": step.sequence,
            "status": step.status,
            "message": step.message,
            "location": step.location,
            "eta": step.eta,
            "occurred_at": step.time,
        },
    )
    return NewEvent(ORDER, str(order_id), step.to_payload(user_id))
