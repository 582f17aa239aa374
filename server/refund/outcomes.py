"""What becomes of a refund, and of its order: REFUNDED once all of its money has moved, and never before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from server.events.log import Publishable, publish
from server.events.step_facts import StepCode, StepFacts, StepRefund
from server.order import line_queries, status
from server.order import queries as order_queries
from server.order.shipments import shipped_units
from server.payment import status as payment_status
from server.payment.alerts import REFUND_FAILED, Alert, Alerts
from server.payment.gateway import RefundOutcome
from server.promotion import service as promotions
from server.refund import queries
from server.refund.records import OrderRefund
from server.refund.sale import Sale


def record_outcome(
    tx: Connection,
    sale: Sale,
    refund: OrderRefund,
    outcome: RefundOutcome,
    *,
    alerts: Alerts,
    now: datetime,
) -> None:
    """Record what a gateway says of a refund of an order, unless it is nothing new."""
    settled = queries.settle_refund(tx, refund.id, outcome, now)
    if settled and outcome.status == payment_status.SUCCEEDED:
        sale.paid_back += refund.amount_minor
        order_queries.touch(tx, sale.id, now)
        if events := end_if_paid_back(tx, sale, now):
            publish(tx, *events)
    elif settled and outcome.status == payment_status.FAILED:
        _not_paid_back(tx, sale, refund, outcome, alerts=alerts, now=now)


def end_if_paid_back(tx: Connection, sale: Sale, now: datetime) -> list[Publishable]:
    """Make an order REFUNDED of which everything was paid back; the events of it.

    Goods that are still in the house go back into stock. An order that ended already, or of which goods are on
    their way back, stays what it is.
    """
    if not sale.captured or sale.paid_back < sale.captured or status.REFUNDED not in status.LEGAL[sale.state]:
        return []
    stock = sale.restock(tx, _in_the_house(sale))
    facts = StepFacts(amount=sale.money(sale.captured))
    return [sale.step(tx, status.REFUNDED, StepCode.REFUNDED, now, facts), *stock]


def _in_the_house(sale: Sale) -> dict[int, int]:
    """The units that were not handed over, by position; of a shipped order only where its parcels list theirs."""
    if sale.state in status.UNSHIPPED:
        return {line.position: line.quantity for line in sale.lines}
    shipped = shipped_units(sale.order)
    return {
        line.position: max(line.quantity - shipped[line.position] - line.own_restocked, 0)
        for line in sale.lines
    }


def _not_paid_back(
    tx: Connection,
    sale: Sale,
    refund: OrderRefund,
    outcome: RefundOutcome,
    *,
    alerts: Alerts,
    now: datetime,
) -> None:
    """The money is still here, or here again: it counts as not paid back, and a person decides anew."""
    refunded = queries.move_refunded(tx, sale.id, -refund.amount_minor, now)
    if refunded is None:
        raise AssertionError("a refund was counted on a payment that was not captured")
    lines = queries.refund_lines(tx, [refund.id])[refund.id]
    counted = [(line.position, line.quantity, line.amount_minor) for line in lines]
    queries.count_refunded(tx, sale.id, counted, sign=-1)
    if refund.before_shipping:
        line_queries.release_withheld(tx, sale.id, [(line.position, line.quantity) for line in lines])
    promotions.reverse(tx, sale.order.rewards, refunded, now)
    if refund.status == payment_status.SUCCEEDED:
        sale.paid_back -= refund.amount_minor
    if refund.origin == payment_status.DISPUTE:  # the shop won it; nobody was told that this money goes back
        publish(tx, sale.step(tx, sale.state, StepCode.DISPUTE_WON, now, StepFacts(amount=refund.amount)))
        return
    amount = refund.amount
    problem = f"A refund of {amount} failed, and the money was not paid back: {outcome.problem}"
    alerts.note(tx, Alert(REFUND_FAILED, sale.order.charge.gateway, f"refund {refund.id}", problem, sale.id))
    failed = StepRefund(refund.id, refund.amount_minor, sale.currency)  # a mail said that it goes back
    publish(tx, sale.step(tx, sale.state, StepCode.REFUND_FAILED, now, StepFacts(failed_refund=failed)))
