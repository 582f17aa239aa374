"""What the tables of refunds and returns hold, as the rules see it: built from rows by the queries, nowhere else.

The fields are named like the columns in `models`, which say what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefund:
    """A refund of an order."""

    id: int
    order_id: int
    amount_minor: int
    tax_minor: int
    shipping_minor: int
    currency: str
    reason: str
    origin: str
    status: str
    before_shipping: bool
    gateway_id: str
    attempts: int
    created_at: datetime
    updated_at: datetime

    @property
    def amount(self) -> Money:
        """What it pays back."""
        return Money(self.amount_minor, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundedUnits:
    """Units of an order's line that a refund pays back, and what it pays for them."""

    refund_id: int
    position: int
    variant_id: int
    product_id: int
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedUnits:
    """Units of an order's line as a refund counts them; `returned_quantity` of them are of a return."""

    refund_id: int
    position: int
    variant_id: int
    quantity: int
    returned_quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAttempt:
    """A refund as its gateway must know it; `number` is the order's."""

    id: int
    order_id: int
    origin: str
    key: str
    amount_minor: int
    currency: str
    number: str
    gateway: str
    gateway_id: str

    @property
    def amount(self) -> Money:
        """What is to be paid back."""
        return Money(self.amount_minor, self.currency)


@dataclass(frozen=True, slots=True)
class RefundTotals:
    """An order's refunds: their number, tax and shipping of those that stand, what was paid, what is disputed."""

    count: int
    tax: int
    shipping: int
    paid: int
    disputed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReturn:
    """A return of an order; `refund_id` is the refund that paid for it, once it arrived."""

    id: int
    order_id: int
    status: str
    reason: str
    answer: str
    refund_id: int | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedUnits:
    """Units of an order's line that come back with a return."""

    return_id: int
    position: int
    variant_id: int
    product_id: int
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingReturnLine:
    """A line of a return that was not refused, and how many of its units are in stock again.

    `status` is the return's; `restocked_by_refund` are those that a refund put there by itself.
    """

    return_id: int
    status: str
    position: int
    quantity: int
    restocked: int
    restocked_by_refund: int

    @property
    def in_stock(self) -> int:
        """Units that are in stock again, whoever put them there."""
        return self.restocked + self.restocked_by_refund
