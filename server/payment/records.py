"""What the tables of payments hold, as the rules see it: built from rows by `queries`, and nowhere else.

The fields are named like the columns in `models`, which say what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.etags import etag_of_content
from server.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedCharge:
    """A charge in the books of the gateways that live here."""

    key: str
    gateway_id: str
    status: str
    amount_minor: int
    currency: str
    problem: str = ""
    decline_code: str = ""

    @property
    def amount(self) -> Money:
        """What was charged."""
        return Money(self.amount_minor, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayingCharge:
    """A charge that pays back; `gift_card_id` is the gift card that the money goes back on, if one paid it."""

    gift_card_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedGiftCard:
    """A gift card, without what recognises its code."""

    id: int
    last_four: str
    currency: str
    balance_minor: int
    expires_at: datetime | None
    active: bool
    created_at: datetime
    version: int

    @property
    def balance(self) -> Money:
        """What it can still pay."""
        return Money(self.balance_minor, self.currency)

    @property
    def etag(self) -> str:
        """What changes with every change of it, but not with its balance."""
        return etag_of_content(self.version, self.active, str(self.expires_at))

    def has_expired(self, now: datetime) -> bool:
        """Whether it pays no more."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDispute:
    """A dispute over the payment of an order; `refund_id` is the refund that counts what the bank took."""

    id: int
    order_id: int
    refund_id: int | None
    gateway: str
    gateway_id: str
    status: str
    amount_minor: int
    currency: str
    reason: str
    respond_by: datetime | None
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAlert:
    """An alert about a payment, from when it was noted until a person closes it."""

    id: int
    kind: str
    gateway: str
    gateway_id: str
    order_id: int | None
    problem: str
    created_at: datetime
    closed_at: datetime | None
