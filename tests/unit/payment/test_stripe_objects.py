"""What Stripe's objects mean to the shop; and what is none of Stripe's is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from server.money import Money
from server.payment.declines import Decline
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
    Report,
)
from server.payment.status import LOST, OPEN, WON
from server.payment.stripe_objects import PaymentIntent, StripeEvent, StripeRefund

USD = Money(1250, "USD")
REDIRECT = {"redirect_to_url": {"url": "https://bank.test/ask"}}
UPI = {"upi_handle_redirect_or_display_qr_code": {"hosted_instructions_url": "https://upi.test/pay"}}
ERROR = {"message": "Your card was declined.", "code": "card_declined", "decline_code": "insufficient_funds"}
POOR = Decline.INSUFFICIENT_FUNDS


def intent(status: str, **fields: Any) -> dict[str, Any]:
    """A PaymentIntent as Stripe sends it."""
    return {
        "id": "pi_1",
        "status": status,
        "currency": "usd",
        "amount_received": 0,
        "metadata": {"order": "SO-1"},
        "last_payment_error": None,
        "next_action": None,
    } | fields


def event(kind: str, subject: dict[str, Any]) -> dict[str, Any]:
    """An event as Stripe sends it."""
    return {"id": "evt_1", "type": kind, "data": {"object": subject}}


@pytest.mark.parametrize(
    ("payment", "outcome"),
    [
        (intent("succeeded", amount_received=1250), Outcome(CAPTURED, "pi_1", received=USD)),
        (intent("succeeded", amount_received=None), Outcome(CAPTURED, "pi_1")),
        (intent("canceled"), Outcome(DECLINED, "pi_1", cancelled=True)),
        (intent("processing"), Outcome(PENDING, "pi_1")),
        (intent("a_status_of_tomorrow"), Outcome(PENDING, "pi_1")),
        (intent("requires_payment_method"), None),
        (intent("requires_payment_method", last_payment_error={}), None),
        (
            intent("requires_payment_method", last_payment_error=ERROR),
            Outcome(DECLINED, "pi_1", ERROR["message"], decline_code=POOR),
        ),
        (
            intent("requires_payment_method", last_payment_error={"message": None, "code": "x"}),
            Outcome(DECLINED, "pi_1", NO_REASON, decline_code=Decline.OTHER),
        ),
        (
            intent("requires_action", next_action=REDIRECT),
            Outcome(PENDING, "pi_1", url="https://bank.test/ask"),
        ),
        (intent("requires_action", next_action=UPI), Outcome(PENDING, "pi_1", url="https://upi.test/pay")),
        (intent("requires_action", next_action={"use_stripe_sdk": {}}), Outcome(PENDING, "pi_1")),
        (intent("processing", next_action=REDIRECT), Outcome(PENDING, "pi_1")),
    ],
)
def test_what_became_of_a_payment(payment: dict[str, Any], outcome: Outcome | None) -> None:
    assert PaymentIntent.of_json(payment).outcome() == outcome


@pytest.mark.parametrize(
    ("fields", "paid_back"),
    [
        ({"status": "succeeded"}, PaidBack("re_1", "", USD, SUCCEEDED)),
        ({"status": None}, PaidBack("re_1", "", USD, PENDING)),
        ({"status": "pending", "metadata": {"key": "refund-1"}}, PaidBack("re_1", "refund-1", USD, PENDING)),
        (
            {"status": "failed", "failure_reason": "lost_or_stolen_card"},
            PaidBack("re_1", "", USD, FAILED, "The refund failed: lost_or_stolen_card."),
        ),
        ({"status": "canceled"}, PaidBack("re_1", "", USD, FAILED, "The refund failed: failed.")),
        ({"status": "succeeded", "currency": "jpy"}, PaidBack("re_1", "", Money(1250, "JPY"), SUCCEEDED)),
        ({"status": "succeeded", "amount": None}, PaidBack("re_1", "", None, SUCCEEDED)),
    ],
)
def test_what_became_of_a_refund(fields: dict[str, Any], paid_back: PaidBack) -> None:
    refund = StripeRefund.of_json({"id": "re_1", "amount": 1250, "metadata": None} | fields, "USD")
    assert refund.paid_back() == paid_back


@pytest.mark.parametrize(
    ("kind", "subject", "report"),
    [
        (
            "payment_intent.succeeded",
            intent("succeeded", amount_received=1250),
            Report("evt_1", "SO-1", "pi_1", Outcome(CAPTURED, "pi_1", received=USD)),
        ),
        (
            "payment_intent.payment_failed",
            intent("requires_payment_method", last_payment_error=ERROR),
            Report("evt_1", "SO-1", "pi_1", Outcome(DECLINED, "pi_1", ERROR["message"], decline_code=POOR)),
        ),
        (
            "payment_intent.canceled",
            intent("canceled", metadata=None),
            Report("evt_1", "", "pi_1", Outcome(DECLINED, "pi_1")),
        ),
        (
            "charge.refunded",
            {"id": "ch_1", "payment_intent": "pi_1", "metadata": {"order": "SO-1"}},
            Report("evt_1", "SO-1", "pi_1", refunds=True),
        ),
        ("refund.updated", {"payment_intent": None}, Report("evt_1", refunds=True)),
        ("payment_intent.created", intent("requires_payment_method"), Report("evt_1")),
        ("customer.created", {}, Report("evt_1")),
    ],
)
def test_what_an_event_reports(kind: str, subject: dict[str, Any], report: Report) -> None:
    assert StripeEvent.of_json(event(kind, subject)).report() == report


@pytest.mark.parametrize(
    ("state", "status", "inquiry"),
    [
        ("needs_response", OPEN, False),
        ("warning_needs_response", OPEN, True),
        ("warning_closed", WON, True),
        ("won", WON, False),
        ("lost", LOST, False),
    ],
)
def test_what_a_dispute_says(state: str, status: str, inquiry: bool) -> None:
    dispute = {
        "id": "dp_1",
        "status": state,
        "amount": 1250,
        "currency": "usd",
        "reason": "fraudulent",
        "payment_intent": "pi_1",
        "evidence_details": {"due_by": 1_800_000_000},
    }
    expected = Disputed(
        "dp_1",
        status,
        USD,
        "fraudulent",
        inquiry=inquiry,
        respond_by=datetime.fromtimestamp(1_800_000_000, UTC),
    )
    report = StripeEvent.of_json(event("charge.dispute.created", dispute)).report()
    assert report == Report("evt_1", "", "pi_1", dispute=expected)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"id": "evt_1", "type": "payment_intent.succeeded"},
        {"id": "evt_1", "type": "payment_intent.succeeded", "data": None},
        {"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": []}},
        {"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": {"id": None}}},
        {"type": "payment_intent.succeeded", "data": {"object": {"id": "pi_1"}}},
        {"id": "evt_1", "type": "charge.dispute.created", "data": {"object": {"status": "lost"}}},
    ],
)
def test_what_is_none_of_stripes_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="of Stripe's"):
        StripeEvent.of_json(body).report()
