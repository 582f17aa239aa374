"""The states of an order and the one table of the steps between them.

`LEGAL` is the only place that knows which step may follow which: the service refuses by it, `sanset verify`
checks stored histories by it, and the importers write histories that obey it.
"""

from __future__ import annotations

from typing import Final

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
    CONFIRMED: frozenset({PROCESSING, CANCELLED}),
    PROCESSING: frozenset({SHIPPED, CANCELLED}),
    SHIPPED: frozenset({DELIVERED}),
    DELIVERED: frozenset({RETURN_REQUESTED, REFUNDED}),
    RETURN_REQUESTED: frozenset({RETURNED, DELIVERED}),
    RETURNED: frozenset({REFUNDED}),
    CANCELLED: frozenset(),
    REFUNDED: frozenset(),
}
"""For each state, the states that may follow it."""

STATUSES: Final = frozenset(LEGAL)

LIVE: Final = STATUSES - {CANCELLED, RETURNED, REFUNDED}
"""States whose units count as sold; the units of the others are back in stock."""

FINAL: Final = frozenset({DELIVERED, CANCELLED, RETURNED, REFUNDED})
"""States at which tracking ends. A later return opens a DELIVERED order's tracking again."""

PAID: Final = LIVE - {PENDING_PAYMENT}
"""States that an order reaches only after its payment was captured, and whose money the shop still has."""
