"""Disputes: a buyer's bank takes money back, or asks about it, and decides weeks later.

While one is open nothing more is shipped. What the bank took counts as a refund that is under way, so that nobody
pays it back a second time; it has moved when the shop loses, and never did when the shop wins.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from server.audit.log import THE_SHOP, write
from server.events.log import publish
from server.events.order_steps import OrderStepped
from server.events.step_facts import StepCode, StepFacts
from server.money import Money
from server.order import queries as order_queries
from server.order import status
from server.payment import queries as payment_queries
from server.payment import status as payment_status
from server.payment.alerts import DISPUTE_LOST, DISPUTE_OPENED, DISPUTE_WON, Alert, Alerts
from server.payment.gateway import Disputed, RefundOutcome
from server.refund import gateway_refunds, queries
from server.refund.sale import Sale, open_sale

REASON: Final = "The buyer's bank took it back."
WON: Final = "The dispute of your payment was decided for the shop."

_KINDS: Final = {
    payment_status.OPEN: DISPUTE_OPENED,
    payment_status.WON: DISPUTE_WON,
    payment_status.LOST: DISPUTE_LOST,
}
_SENTENCES: Final = {
    payment_status.OPEN: "{amount} of order {number} are disputed ({reason}){until}. Nothing of it is shipped "
    "meanwhile: answer with evidence at the payment gateway.",
    payment_status.WON: "The dispute over {amount} of order {number} was decided for the shop: it can be shipped.",
    payment_status.LOST: "The dispute over {amount} of order {number} was lost: the money went back to the buyer.",
}


def take(
    tx: Connection, order_id: int, gateway: str, reported: Disputed, *, alerts: Alerts, now: datetime
) -> None:
    """Bring an order up to what its gateway says of a dispute; what comes again, or late, changes nothing."""
    sale = open_sale(tx, order_id)
    dispute = payment_queries.dispute(tx, gateway, reported.gateway_id)
    is_new = dispute is None
    if dispute is None:
        amount = reported.amount or Money(0, sale.currency)
        dispute = payment_queries.new_dispute(tx, order_id, gateway, reported, amount=amount, now=now)
        if sale.state not in status.FINAL:
            facts = StepFacts(amount=reported.amount)
            publish(tx, sale.step(tx, sale.state, StepCode.DISPUTE_OPENED, now, facts))
        else:  # its history has ended; whoever counts its money learns that it moved
            publish(tx, OrderStepped(order_id=order_id, is_note=True))
    elif dispute.order_id != order_id or dispute.status != payment_status.OPEN:
        return
    refund_id = dispute.refund_id or _hold(tx, sale, reported, now)
    changed = replace(dispute, refund_id=refund_id, respond_by=reported.respond_by or dispute.respond_by)
    if reported.status in payment_status.DISPUTES[dispute.status]:
        changed = replace(changed, status=reported.status, closed_at=now)
        _decide(tx, sale, refund_id, reported, alerts=alerts, now=now)
    payment_queries.update_dispute(tx, changed)
    queries.mark_disputed(tx, order_id)
    order_queries.touch(tx, order_id, now)
    if is_new or reported.status != dispute.status:
        write(
            tx,
            THE_SHOP,
            "Dispute",
            f"order/{order_id}",
            now,
            status=reported.status,
            dispute=reported.gateway_id,
        )
        alerts.note(
            tx,
            Alert(_KINDS[reported.status], gateway, reported.gateway_id, _sentence(sale, reported), order_id),
        )


def _hold(tx: Connection, sale: Sale, reported: Disputed, now: datetime) -> int | None:
    """Count what the bank took as going back, at most what is left; the refund's id, None when it took nothing."""
    if reported.amount is None or reported.amount.currency != sale.currency:
        return None
    minor = min(reported.amount.minor, sale.left.amount)
    taken = reported.status == payment_status.LOST or (
        reported.status == payment_status.OPEN and not reported.inquiry
    )
    if not taken or minor <= 0:
        return None
    return gateway_refunds.add(
        tx,
        sale,
        minor,
        origin=payment_status.DISPUTE,
        gateway_id=reported.gateway_id,
        reason=REASON,
        now=now,
    )


def _decide(
    tx: Connection, sale: Sale, refund_id: int | None, reported: Disputed, *, alerts: Alerts, now: datetime
) -> None:
    """Settle what was held: it went back, or it came back."""
    if refund_id is None:
        return
    if reported.status == payment_status.LOST:
        outcome = RefundOutcome(payment_status.SUCCEEDED, reported.gateway_id)
    else:
        outcome = RefundOutcome(payment_status.FAILED, reported.gateway_id, WON)
    gateway_refunds.end(tx, sale, refund_id, outcome, alerts=alerts, now=now)


def _sentence(sale: Sale, reported: Disputed) -> str:
    until = f", until {reported.respond_by:%d %B %Y}" if reported.respond_by else ""
    return _SENTENCES[reported.status].format(
        amount=reported.amount or "Money",
        number=sale.order.number,
        reason=reported.reason or "no reason was given",
        until=until,
    )
