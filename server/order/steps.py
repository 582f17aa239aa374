"""The steps of an order: what they say, and how they are written and read back."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from server.events.order_steps import OrderStepped, Step
from server.order import queries, status

MAX_STEPS: Final = 400
"""Of an order whose parcels are corrected, or returns asked for, again and again: its steps are one reply."""

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


def record(tx: Connection, order_id: int, user_id: int | None, step: Step) -> OrderStepped:
    """Write a step, and return the event that the caller publishes with its others."""
    queries.insert_event(tx, order_id, step)
    return OrderStepped(order_id=order_id, user_id=user_id, step=step)
