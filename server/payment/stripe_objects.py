"""Stripe's objects as far as the shop reads them: PaymentIntents, refunds, disputes, and the events about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from server.money import Money
from server.payment.declines import decline_of
from server.payment.gateway import (
    CAPTURED,
    DECLINED,
    FAILED,
    NO_REASON,
    PENDING,
    SUCCEEDED,
    Disputed,
    Outcome,
    PaidBack,
    RefundOutcome,
    Report,
)
from server.payment.status import LOST, OPEN, WON
from server.payment.stripe_amounts import from_stripe

Json = Mapping[str, object]
"""An object of Stripe's, as it is sent."""

CANCELED: Final = "canceled"
REQUIRES_ACTION: Final = "requires_action"
REQUIRES_METHOD: Final = "requires_payment_method"

_OF_INTENT: Final = {
    "succeeded": CAPTURED,
    CANCELED: DECLINED,
    REQUIRES_ACTION: PENDING,
    "requires_capture": PENDING,
    "requires_confirmation": PENDING,
    "processing": PENDING,
}
_OF_REFUND: Final = {"succeeded": SUCCEEDED, "failed": FAILED, "canceled": FAILED}
_OF_DISPUTE: Final = {"won": WON, "warning_closed": WON, "prevented": WON, "lost": LOST}
_INQUIRY: Final = "warning_"
"""Such disputes only ask: no money was taken back yet."""

_PAYMENTS: Final = {
    "payment_intent.succeeded": CAPTURED,
    "payment_intent.payment_failed": DECLINED,
    "payment_intent.canceled": DECLINED,
}
_REFUNDS: Final = {
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.refunded",
    "charge.refund.updated",
}
_DISPUTES: Final = "charge.dispute."


@dataclass(frozen=True, slots=True)
class PaymentIntent:
    """A payment at Stripe. `has_failed` when an attempt to pay it did, for the reason `problem` if one is named.

    `page` is where the buyer can do what the bank wants; empty when only Stripe's own script could.
    """

    id: str
    status: str
    order: str
    received: Money | None
    has_failed: bool
    problem: str
    decline_code: str
    page: str

    @classmethod
    def of_json(cls, intent: Json) -> Self:
        """Read a PaymentIntent. Raises ValueError for what is none."""
        redirect = _text(intent, "next_action", "redirect_to_url", "url")
        upi = "upi_handle_redirect_or_display_qr_code"
        return cls(
            id=_id(intent),
            status=_text(intent, "status"),
            order=_text(intent, "metadata", "order"),
            received=_money(intent, "amount_received"),
            has_failed=bool(intent.get("last_payment_error")),
            problem=_text(intent, "last_payment_error", "message")[:300],
            decline_code=_decline_code(intent),
            page=redirect or _text(intent, "next_action", upi, "hosted_instructions_url"),
        )

    def outcome(self) -> Outcome | None:
        """What became of it; None while nothing was tried with it."""
        if self.status == REQUIRES_METHOD:
            refused = Outcome(DECLINED, self.id, self.problem or NO_REASON, decline_code=self.decline_code)
            return refused if self.has_failed else None
        status = _OF_INTENT.get(self.status, PENDING)
        if status == CAPTURED:
            return Outcome(CAPTURED, self.id, received=self.received)
        page = self.page if self.status == REQUIRES_ACTION else ""
        return Outcome(
            status,
            self.id,
            self.problem,
            page,
            cancelled=self.status == CANCELED,
            decline_code=self.decline_code,
        )

    def reported(self, status: str) -> Outcome:
        """What an event tells of it, whatever became of it since."""
        if status == CAPTURED:
            return Outcome(CAPTURED, self.id, received=self.received)
        return Outcome(status, self.id, self.problem, decline_code=self.decline_code)


@dataclass(frozen=True, slots=True)
class StripeRefund:
    """A refund at Stripe; `key` is the shop's for those that the shop asked for."""

    id: str
    status: str
    key: str
    amount: Money | None
    failure_reason: str

    @classmethod
    def of_json(cls, refund: Json, currency: str) -> Self:
        """Read a refund, in the currency of its charge unless it names another. Raises ValueError."""
        return cls(
            id=_id(refund),
            status=_text(refund, "status"),
            key=_text(refund, "metadata", "key"),
            amount=_money({"currency": currency, **refund}, "amount"),
            failure_reason=_text(refund, "failure_reason"),
        )

    def outcome(self) -> RefundOutcome:
        """What became of it."""
        status = _OF_REFUND.get(self.status, PENDING)
        problem = f"The refund failed: {self.failure_reason or 'failed'}." if status == FAILED else ""
        return RefundOutcome(status, self.id, problem)

    def paid_back(self) -> PaidBack:
        """The same as a refund that anybody may have made."""
        outcome = self.outcome()
        return PaidBack(self.id, self.key, self.amount, outcome.status, outcome.problem)


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """What Stripe tells by itself: the type of the event, and the object that it is about."""

    id: str
    type: str
    subject: Json

    @classmethod
    def of_json(cls, event: Json) -> Self:
        """Read an event. Raises ValueError for what is none."""
        data = event.get("data")
        subject = data.get("object") if isinstance(data, Mapping) else None
        if not isinstance(subject, Mapping):
            raise ValueError("an event of Stripe's is about an object")
        return cls(_id(event), _text(event, "type"), subject)

    def report(self) -> Report:
        """What it tells, of which PaymentIntent. Raises ValueError when its object is not what its type says."""
        order, charge = _text(self.subject, "metadata", "order"), _text(self.subject, "payment_intent")
        if self.type in _REFUNDS:
            return Report(self.id, order, charge, refunds=True)
        if self.type.startswith(_DISPUTES):
            return Report(self.id, order, charge, dispute=_dispute(self.subject))
        if self.type not in _PAYMENTS:
            return Report(self.id)
        intent = PaymentIntent.of_json(self.subject)
        return Report(self.id, intent.order, intent.id, intent.reported(_PAYMENTS[self.type]))


def _dispute(dispute: Json) -> Disputed:
    """What a dispute says. Raises ValueError."""
    until = _text(dispute, "evidence_details", "due_by")
    status = _text(dispute, "status")
    return Disputed(
        _id(dispute),
        _OF_DISPUTE.get(status, OPEN),
        _money(dispute, "amount"),
        _text(dispute, "reason")[:64],
        inquiry=status.startswith(_INQUIRY),
        respond_by=datetime.fromtimestamp(int(until), UTC) if until else None,
    )


def _decline_code(intent: Json) -> str:
    """Why the last attempt to pay failed; empty when none did."""
    if not intent.get("last_payment_error"):
        return ""
    return decline_of(*(_text(intent, "last_payment_error", name) for name in ("decline_code", "code")))


def _id(thing: Json) -> str:
    """The id that every object of Stripe's has. Raises ValueError."""
    if not (thing_id := _text(thing, "id")):
        raise ValueError("an object of Stripe's has an id")
    return thing_id


def _text(thing: Json, *path: str) -> str:
    """What stands at the end of a path of fields, as text; empty when it does not go so far, or for null."""
    value: object = thing
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return str(value or "")


def _money(thing: Json, field: str) -> Money | None:
    """An amount of Stripe's; None for one that is finer than its currency is, or that is not there."""
    amount, currency = thing.get(field), thing.get("currency")
    if not isinstance(amount, int) or not isinstance(currency, str):
        return None
    try:
        return from_stripe(amount, currency)
    except (KeyError, ValueError):
        return None
