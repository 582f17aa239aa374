"""What Stripe's objects mean: PaymentIntents, refunds, disputes, and the events that tell of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from server.money import Money
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

_OF_INTENT: Final = {
    "succeeded": CAPTURED,
    "canceled": DECLINED,
    "requires_action": PENDING,
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


def outcome(intent: dict[str, Any]) -> Outcome | None:
    """What became of a PaymentIntent; None while nothing was tried with it."""
    error = intent.get("last_payment_error")
    problem = str((error and error.get("message")) or "")[:300]
    if intent["status"] == "requires_payment_method":
        return Outcome(DECLINED, intent["id"], problem or NO_REASON) if error else None
    status = _OF_INTENT.get(intent["status"], PENDING)
    if status == CAPTURED:
        return Outcome(CAPTURED, intent["id"], received=_money(intent, "amount_received"))
    return Outcome(
        status, intent["id"], problem, _next_page(intent), cancelled=intent["status"] == "canceled"
    )


def refunded(refund: dict[str, Any]) -> RefundOutcome:
    """What became of a refund."""
    status = _OF_REFUND.get(refund["status"], PENDING)
    why = refund.get("failure_reason") or "failed"
    return RefundOutcome(status, refund["id"], f"The refund failed: {why}." if status == FAILED else "")


def paid_back(refund: dict[str, Any], currency: str) -> PaidBack:
    """A refund, whoever made it; in the currency of its charge unless it names another."""
    told = refunded(refund)
    key = str((refund.get("metadata") or {}).get("key") or "")
    amount = _money({"currency": currency} | refund, "amount")
    return PaidBack(told.gateway_id, key, amount, told.status, told.problem)


def report(event: dict[str, Any]) -> Report:
    """What an event tells, of which PaymentIntent. Raises KeyError and TypeError when it is none of Stripe's."""
    kind, thing = str(event["type"]), event["data"]["object"]
    label = str((thing.get("metadata") or {}).get("order") or "")
    charge = str(thing.get("payment_intent") or "")
    if kind in _REFUNDS:
        return Report(event["id"], label, charge, refunds=True)
    if kind.startswith(_DISPUTES):
        return Report(event["id"], label, charge, dispute=_dispute(thing))
    if kind not in _PAYMENTS:
        return Report(event["id"])
    if _PAYMENTS[kind] == CAPTURED:
        told = Outcome(CAPTURED, thing["id"], received=_money(thing, "amount_received"))
    else:
        problem = str((thing.get("last_payment_error") or {}).get("message") or "")[:300]
        told = Outcome(_PAYMENTS[kind], thing["id"], problem)
    return Report(event["id"], label, thing["id"], told)


def _dispute(thing: dict[str, Any]) -> Disputed:
    until = (thing.get("evidence_details") or {}).get("due_by")
    return Disputed(
        thing["id"],
        _OF_DISPUTE.get(thing["status"], OPEN),
        _money(thing, "amount"),
        str(thing.get("reason") or "")[:64],
        inquiry=str(thing["status"]).startswith(_INQUIRY),
        respond_by=datetime.fromtimestamp(int(until), UTC) if until else None,
    )


def _money(thing: dict[str, Any], field: str) -> Money | None:
    """An amount of Stripe's; None for one that is finer than its currency is, or that is not there."""
    try:
        return from_stripe(thing[field], thing["currency"])
    except (KeyError, ValueError, TypeError):
        return None


def _next_page(intent: dict[str, Any]) -> str:
    """Where the buyer can do what the bank wants; empty when only Stripe's own script could."""
    action = intent.get("next_action") or {}
    if intent["status"] != "requires_action":
        return ""
    page = action.get("redirect_to_url") or {}
    upi = action.get("upi_handle_redirect_or_display_qr_code") or {}
    return str(page.get("url") or upi.get("hosted_instructions_url") or "")
