"""The steps of an order: what each says, and how they are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from server.events.order_steps import OrderStepped, Parcel, Step
from server.events.step_facts import NO_FACTS, StepCode, StepFacts
from server.money import Money
from server.order import queries, status
from server.text.languages import ENGLISH, Sentence, translated

MAX_STEPS: Final = 400
"""Of an order whose parcels are corrected, or returns asked for, again and again: its steps are one reply."""

MAX_MESSAGE: Final = 500
"""Characters of a sentence that are stored."""

SENTENCES: Final[Mapping[StepCode, str]] = {
    StepCode.PLACED: "Your order was placed and waits for its payment.",
    StepCode.PAID: "Your payment arrived and your order is confirmed.",
    StepCode.PAYMENT_DECLINED: "Your payment was declined; the order was cancelled.",
    StepCode.PAYMENT_EXPIRED: "Your order was not paid in time and was cancelled.",
    StepCode.PACKING: "Your order is being packed.",
    StepCode.SHIPPED: "Your order is on its way.",
    StepCode.PARCEL_SHIPPED: "Another parcel of your order is on its way.",
    StepCode.PARCEL_CORRECTED: "A parcel of your order was corrected.",
    StepCode.DELIVERED: "Your order was delivered.",
    StepCode.CANCELLED: "Your order was cancelled.",
    StepCode.RETURN_REQUESTED: "You asked to return your order.",
    StepCode.RETURN_APPROVED: "Your return was accepted: send the goods back.",
    StepCode.RETURN_REJECTED: "Your return was refused:",
    StepCode.RETURN_RECEIVED: "Your return arrived.",
    StepCode.REFUND_STARTED: "{amount} goes back to you.",
    StepCode.LATE_PAYMENT_REFUNDED: "Your payment came too late; {amount} goes back to you.",
    StepCode.REFUND_FAILED: "{amount} could not be paid back yet; we look into it.",
    StepCode.REFUNDED: "Your order was paid back: {amount} in all.",
    StepCode.DISPUTE_OPENED: "Your payment is disputed; your order waits until your bank has decided.",
    StepCode.DISPUTE_WON: "The dispute of your payment was decided for the shop.",
}

CODE_OF_STATUS: Final[Mapping[str, StepCode]] = {
    status.PENDING_PAYMENT: StepCode.PLACED,
    status.CONFIRMED: StepCode.PAID,
    status.PROCESSING: StepCode.PACKING,
    status.SHIPPED: StepCode.SHIPPED,
    status.DELIVERED: StepCode.DELIVERED,
    status.CANCELLED: StepCode.CANCELLED,
}
"""What happened where an order takes a status in the usual way."""

_ANSWERS: Final = frozenset({StepCode.RETURN_APPROVED, StepCode.RETURN_REJECTED})
"""Steps whose sentence goes before what the staff wrote; of others that is all that is said."""
_MAY_PAY_BACK: Final = frozenset({StepCode.CANCELLED, StepCode.RETURN_RECEIVED})
"""Steps by which money may go back beside what happened."""


def step_of(
    sequence: int,
    after: str,
    code: StepCode,
    now: datetime,
    *,
    eta: datetime | None = None,
    location: str = "",
    parcel: Parcel | None = None,
    facts: StepFacts = NO_FACTS,
) -> Step:
    """A step by which an order takes, or keeps, the status `after`."""
    return Step(
        sequence, after, _sentence(code, facts, ENGLISH), location, eta, now, parcel, code=code, facts=facts
    )


def code_of(step: Step) -> StepCode | None:
    """What happened by a step; None for one of another release that does not say, or in a word of its own."""
    return StepCode(step.code) if step.code in SENTENCES else None


def message_of(step: Step, language: str, amount: Callable[[Money], str] = str) -> str:
    """What a step says to its buyer, with amounts as `amount` writes them. What the staff wrote stays as it is."""
    code = code_of(step)
    return _sentence(code, step.facts, language, amount) if code else translated(step.message, language)


def record(tx: Connection, order_id: int, user_id: int | None, step: Step) -> OrderStepped:
    """Write a step, and return the event that the caller publishes with its others."""
    queries.insert_event(tx, order_id, step)
    return OrderStepped(order_id=order_id, user_id=user_id, step=step)


def _sentence(code: StepCode, facts: StepFacts, language: str, amount: Callable[[Money], str] = str) -> str:
    if facts.comment and code not in _ANSWERS:
        return facts.comment
    templates = [SENTENCES[code]]
    if code in _MAY_PAY_BACK and facts.refund is not None:
        templates.append(SENTENCES[StepCode.REFUND_STARTED])
    money = amount(facts.money) if facts.money else ""
    parts = [Sentence(template, {"amount": money}).said_in(language) for template in templates]
    return " ".join([*parts, facts.comment]).strip()[:MAX_MESSAGE]
