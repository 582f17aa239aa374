"""What the steps of orders are about: what happened, and the money and units that it moved.

`of_json` reads what any release has written: a fact that came later has a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from server.events.models import JsonObject
from server.money import Money


class StepCode(StrEnum):
    """What happened: the codes of the contract."""

    PLACED = "PLACED"
    PAID = "PAID"
    PAYMENT_DECLINED = "PAYMENT_DECLINED"
    PAYMENT_EXPIRED = "PAYMENT_EXPIRED"
    PACKING = "PACKING"
    SHIPPED = "SHIPPED"
    PARCEL_SHIPPED = "PARCEL_SHIPPED"
    PARCEL_CORRECTED = "PARCEL_CORRECTED"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"
    RETURN_REQUESTED = "RETURN_REQUESTED"
    RETURN_APPROVED = "RETURN_APPROVED"
    RETURN_REJECTED = "RETURN_REJECTED"
    RETURN_RECEIVED = "RETURN_RECEIVED"
    REFUND_STARTED = "REFUND_STARTED"
    LATE_PAYMENT_REFUNDED = "LATE_PAYMENT_REFUNDED"
    REFUND_FAILED = "REFUND_FAILED"
    REFUNDED = "REFUNDED"
    DISPUTE_OPENED = "DISPUTE_OPENED"
    DISPUTE_WON = "DISPUTE_WON"


class Canceller(StrEnum):
    """Who cancelled an order."""

    BUYER = "BUYER"
    STAFF = "STAFF"
    SHOP = "SHOP"


@dataclass(frozen=True, slots=True)
class StepRefund:
    """The refund that a step is about."""

    id: int
    amount_minor: int
    currency: str

    @property
    def amount(self) -> Money:
        """What is paid back."""
        return Money(self.amount_minor, self.currency)

    def to_json(self) -> JsonObject:
        """The refund."""
        return {"id": self.id, "amount_minor": self.amount_minor, "currency": self.currency}

    @classmethod
    def of_json(cls, json: JsonObject) -> Self:
        """The refund that `to_json` wrote."""
        return cls(json["id"], json["amount_minor"], json["currency"])


@dataclass(frozen=True, slots=True)
class StepReturn:
    """The return that a step is about: its state, and its units by the position of their line."""

    id: int
    state: str
    units: Mapping[int, int]

    @property
    def quantity(self) -> int:
        """How many units it has."""
        return sum(self.units.values())

    def to_json(self) -> JsonObject:
        """The return, its units as pairs."""
        items = [[position, quantity] for position, quantity in sorted(self.units.items())]
        return {"id": self.id, "state": self.state, "items": items}

    @classmethod
    def of_json(cls, json: JsonObject) -> Self:
        """The return that `to_json` wrote."""
        return cls(json["id"], json["state"], dict(json["items"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """What a step is about, beside its parcel. What does not apply is empty or None.

    `amount` is one that belongs to no refund of its own; `comment` is what the staff wrote.
    """

    decline_code: str = ""
    cancelled_by: str = ""
    comment: str = ""
    amount: Money | None = None
    refund: StepRefund | None = None
    failed_refund: StepRefund | None = None
    returned: StepReturn | None = None

    @property
    def money(self) -> Money | None:
        """The amount that the step is about."""
        refund = self.refund or self.failed_refund
        return refund.amount if refund is not None else self.amount

    def to_json(self) -> JsonObject:
        """The facts that there are."""
        json: JsonObject = {
            "decline_code": self.decline_code,
            "cancelled_by": self.cancelled_by,
            "comment": self.comment,
            "amount": [self.amount.minor, self.amount.currency] if self.amount else None,
            "refund": self.refund.to_json() if self.refund else None,
            "refund_failed": self.failed_refund.to_json() if self.failed_refund else None,
            "return": self.returned.to_json() if self.returned else None,
        }
        return {name: fact for name, fact in json.items() if fact}

    @classmethod
    def of_json(cls, json: JsonObject) -> Self:
        """The facts that `to_json` wrote, whatever stands beside them.

        Earlier releases wrote what the staff said of a return with the return, as its `answer`.
        """
        return cls(
            decline_code=json.get("decline_code", ""),
            cancelled_by=json.get("cancelled_by", ""),
            comment=json.get("comment") or json.get("return", {}).get("answer", ""),
            amount=Money(*json["amount"]) if "amount" in json else None,
            refund=StepRefund.of_json(json["refund"]) if "refund" in json else None,
            failed_refund=StepRefund.of_json(json["refund_failed"]) if "refund_failed" in json else None,
            returned=StepReturn.of_json(json["return"]) if "return" in json else None,
        )


NO_FACTS: Final = StepFacts()
