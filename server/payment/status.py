"""The states of a payment, its refunds and its disputes, and the tables of the steps between them."""

from __future__ import annotations

from typing import Final

PENDING: Final = "PENDING"
CAPTURED: Final = "CAPTURED"
DECLINED: Final = "DECLINED"
VOIDED: Final = "VOIDED"

PAYMENTS: Final[dict[str, frozenset[str]]] = {
    PENDING: frozenset({CAPTURED, DECLINED, VOIDED}),
    CAPTURED: frozenset(),
    DECLINED: frozenset({CAPTURED}),
    VOIDED: frozenset({CAPTURED}),
}
"""For each state of a payment, those that may follow. Money that comes after all is taken, and paid back."""

SUCCEEDED: Final = "SUCCEEDED"
FAILED: Final = "FAILED"

REFUNDS: Final[dict[str, frozenset[str]]] = {
    PENDING: frozenset({SUCCEEDED, FAILED}),
    SUCCEEDED: frozenset({FAILED}),
    FAILED: frozenset(),
}
"""For each state of a refund, those that may follow. A bank may send back what was paid back, days later."""

OPEN: Final = "OPEN"
WON: Final = "WON"
LOST: Final = "LOST"

DISPUTES: Final[dict[str, frozenset[str]]] = {
    OPEN: frozenset({WON, LOST}),
    WON: frozenset(),
    LOST: frozenset(),
}
"""For each state of a dispute, those that may follow. What is told after its end came late."""

SHOP: Final = "SHOP"
GATEWAY: Final = "GATEWAY"
DISPUTE: Final = "DISPUTE"
"""Who takes a refund: the shop, staff at the gateway itself, or the buyer's bank by a dispute."""
