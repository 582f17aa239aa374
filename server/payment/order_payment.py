"""The payment of an order, as the rules see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from server.money import Money

NO_GATEWAY: Final = "none"
"""The gateway of an order that costs nothing."""


TOKENS: Final = "payments.token"
"""The column to which tokens are sealed, each to its order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPayment:
    """By whom an order is paid, and what became of the money; see `models.Payment`."""

    gateway: str
    gateway_id: str
    method: str
    token: str
    status: str
    currency: str
    amount_minor: int
    captured_minor: int = 0
    refunded_minor: int = 0
    problem: str = ""
    decline_code: str = ""
    disputed: str = ""
    payment_url: str = ""
    updated_at: datetime

    @property
    def amount(self) -> Money:
        """What the order costs."""
        return Money(self.amount_minor, self.currency)

    @property
    def is_free(self) -> bool:
        """Whether nothing is to be paid, so that no gateway knows of it."""
        return self.gateway == NO_GATEWAY
