"""Refunds that nobody in the shop decided: made at the gateway itself, as in Stripe's dashboard.

They are recorded as the order's, so that it is known what is left, points follow the money, the buyer is written,
and nothing is shipped that was paid back. Repeating is harmless: each has the gateway's id.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Connection

from server.audit.log import THE_SHOP, write
from server.events.log import publish
from server.events.step_facts import StepCode, StepFacts, StepRefund
from server.money import Money
from server.payment import status as payment_status
from server.payment.alerts import Alerts
from server.payment.gateway import PaidBack, RefundOutcome
from server.refund import queries
from server.refund.decisions import Decision, record
from server.refund.outcomes import record_outcome
from server.refund.paid_ahead import Due
from server.refund.parts import all_units, share_of
from server.refund.sale import Sale, open_sale

LOOK_AGAIN = timedelta(minutes=15)
"""How long after it was recorded the gateway is asked about a refund of its own that is under way."""
REASON = "It was paid back at the payment gateway."


def take(tx: Connection, order_id: int, reported: PaidBack, *, alerts: Alerts, now: datetime) -> bool:
    """Bring an order up to what its gateway says of a refund; False when the shop has less left than that."""
    sale = open_sale(tx, order_id)
    refund = queries.at_gateway(tx, order_id, reported.key, reported.gateway_id)
    if refund is not None:
        if reported.status in payment_status.REFUNDS[refund.status]:
            outcome = RefundOutcome(reported.status, reported.gateway_id, reported.problem)
            record_outcome(tx, sale, refund, outcome, alerts=alerts, now=now)
        return True
    if reported.status == payment_status.FAILED:  # it came and went before anybody heard of it
        return True
    amount = reported.amount
    if amount is None or amount.currency != sale.currency or not 0 < amount.minor <= sale.left.amount:
        return False
    refund_id = add(
        tx,
        sale,
        amount.minor,
        origin=payment_status.GATEWAY,
        gateway_id=reported.gateway_id,
        reason=REASON,
        now=now,
        grace=LOOK_AGAIN,
    )
    facts = StepFacts(refund=StepRefund(refund_id, amount.minor, sale.currency))
    write(tx, THE_SHOP, "GatewayRefund", f"order/{order_id}", now, refund_id=refund_id, amount=str(amount))
    publish(tx, sale.step(tx, sale.state, StepCode.REFUND_STARTED, now, facts))
    if reported.status == payment_status.SUCCEEDED:
        succeeded = RefundOutcome(payment_status.SUCCEEDED, reported.gateway_id)
        end(tx, sale, refund_id, succeeded, alerts=alerts, now=now)
    return True


def add(
    tx: Connection,
    sale: Sale,
    minor: int,
    *,
    origin: str,
    gateway_id: str,
    reason: str,
    now: datetime,
    grace: timedelta | None = None,
) -> int:
    """Record that somebody else takes money of an order, at most what is left; the refund's id. It is PENDING.

    After `grace` the gateway is asked about it; without, it will tell.
    """
    key = f"{origin.lower()}-" + hashlib.sha256(f"{sale.id}/{gateway_id}".encode()).hexdigest()[:32]
    decision = Decision(
        reason=reason,
        key=key,
        actor=THE_SHOP,
        now=now,
        grace=grace,
        origin=origin,
        gateway_id=gateway_id,
    )
    return record(tx, sale, _payable(sale, minor), decision)


def end(
    tx: Connection, sale: Sale, refund_id: int, outcome: RefundOutcome, *, alerts: Alerts, now: datetime
) -> None:
    """Settle a refund of an order, unless it is."""
    refund = queries.refund(tx, refund_id)
    if refund is None:
        raise AssertionError("a refund is never deleted")
    if outcome.status in payment_status.REFUNDS[refund.status]:
        record_outcome(tx, sale, refund, outcome, alerts=alerts, now=now)


def exceeds(reported: PaidBack, left: Money) -> str:
    """The sentence that tells of a refund that does not fit."""
    amount = reported.amount or "An amount that cannot be read"
    return f"{amount} was paid back at the payment gateway, but the shop knows of {left} that can be."


def _payable(sale: Sale, minor: int) -> Due:
    """All that is left is every unit; less is an amount."""
    if minor == sale.left.amount:
        return Due(sale.left, all_units(sale.lines, minor))
    return Due(share_of(minor, sale.left))
