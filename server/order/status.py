"""The states of an order and its returns, and the tables of the steps between them.

`LEGAL` is the only place that knows which step of an order may follow which: the service refuses by it, `sanset
verify` checks stored histories by it, and the importers write histories that obey it. `RETURNS` says the same of
returns, and `server.payment.status` of payments, refunds and disputes. docs/orders.md draws them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from server.order.errors import IllegalTransition

PENDING_PAYMENT: Final = "PENDING_PAYMENT"
CONFIRMED: Final = "CONFIRMED"
PROCESSING: Final = "PROCESSING"
SHIPPED: Final = "SHIPPED"
DELIVERED: Final = "DELIVERED"
CANCELLED: Final = "CANCELLED"
RETURN_REQUESTED: Final = "RETURN_REQUESTED"
RETURNED: Final = "RETURNED"
REFUNDED: Final = "REFUNDED"

INITIAL: Final = PENDING_PAYMENT
"""The state of an order's first event."""

LEGAL: Final[dict[str, frozenset[str]]] = {
    PENDING_PAYMENT: frozenset({CONFIRMED, CANCELLED}),
    CONFIRMED: frozenset({PROCESSING, CANCELLED, REFUNDED}),
    PROCESSING: frozenset({SHIPPED, CANCELLED, REFUNDED}),
    SHIPPED: frozenset({DELIVERED, REFUNDED}),
    DELIVERED: frozenset({RETURN_REQUESTED, REFUNDED}),
    RETURN_REQUESTED: frozenset({RETURNED, DELIVERED}),
    RETURNED: frozenset({RETURN_REQUESTED, REFUNDED}),
    CANCELLED: frozenset(),
    REFUNDED: frozenset(),
}
"""For each state, the states that may follow it. A step that only tells something keeps the state."""

STATUSES: Final = frozenset(LEGAL)

LIVE: Final = STATUSES - {CANCELLED, RETURNED, REFUNDED}
"""States of sales that stand. Which units are back in stock is said by the lines: `restocked_quantity`."""

FINAL: Final = frozenset({DELIVERED, CANCELLED, RETURNED, REFUNDED})
"""States at which tracking ends. A later return opens a DELIVERED order's tracking again."""

PAID: Final = LIVE - {PENDING_PAYMENT}
"""States that an order reaches only after its payment was captured, and whose money the shop still has."""

UNSHIPPED: Final = frozenset({PENDING_PAYMENT, CONFIRMED, PROCESSING})
"""States whose goods are still in the house: when the order ends there, they go back into stock."""

ON_THE_WAY: Final = frozenset({PENDING_PAYMENT, CONFIRMED, PROCESSING, SHIPPED})
"""States of an order that will arrive."""

RETURNABLE: Final = frozenset({DELIVERED, RETURNED})
"""States from which goods can be sent back."""

REQUESTED: Final = "REQUESTED"
APPROVED: Final = "APPROVED"
REJECTED: Final = "REJECTED"
RECEIVED: Final = "RECEIVED"

OPEN_RETURN: Final = frozenset({REQUESTED, APPROVED})
"""States of a return whose goods are awaited. An order has at most one such return."""

RETURNS: Final[dict[str, frozenset[str]]] = {
    REQUESTED: frozenset({APPROVED, REJECTED}),
    APPROVED: frozenset({RECEIVED, REJECTED}),
    REJECTED: frozenset(),
    RECEIVED: frozenset(),
}
"""For each state of a return, those that may follow. Goods that were awaited in vain are rejected."""

RETURN_VERSIONS: Final = {REQUESTED: 1, APPROVED: 2, REJECTED: 3, RECEIVED: 3}
"""The version of a return in each state. A return takes no state twice, so its state tells it."""


def future_eta(state: str, eta: datetime | None, now: datetime) -> datetime | None:
    """By when an order should arrive; None when that has passed, or it is not on its way."""
    return eta if eta is not None and state in ON_THE_WAY and eta > now else None


def check_step(before: str, after: str, legal: frozenset[str], otherwise: str = "nothing") -> None:
    """Raise IllegalTransition when a step is not among the legal ones; `otherwise` is told when there are none."""
    if after not in legal:
        names = ", ".join(sorted(legal))
        raise IllegalTransition(status=before, requested=after, legal=names, choices=names or otherwise)
