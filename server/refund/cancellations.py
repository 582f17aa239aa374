"""Cancelling an order that was not shipped: stock, coupon, points and money go back, in one transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from server.audit.log import Actor, write
from server.events.log import publish
from server.events.step_facts import Canceller, StepCode, StepFacts, StepRefund
from server.order import status
from server.order.errors import OrderDisputed
from server.order.giving_up import give_back
from server.order.settlement import end_unpaid
from server.promotion import service as promotions
from server.refund.decisions import Decision, record_rest
from server.refund.sale import Sale, open_sale


def cancel(
    tx: Connection,
    order_id: int,
    user_id: int | None,
    *,
    reason: str,
    key: str,
    actor: Actor,
    now: datetime,
) -> int | None:
    """Cancel an order, with `user_id` only that user's; returns the refund to pay back. Repeating changes nothing.

    What an unpaid order held is in its buyer's cart again.

    The payment of an unpaid order stays PENDING: whoever settles it sees the order cancelled, and either keeps the
    gateway from charging it or pays it back. Raises OrderNotFound, IllegalTransition once it was shipped, and
    OrderDisputed while a bank holds its money.
    """
    sale = open_sale(tx, order_id, user_id)
    if sale.state == status.CANCELLED:
        return None
    sale.check_step(status.CANCELLED)
    if sale.disputed:
        raise OrderDisputed(order_id=sale.id, amount=sale.money(sale.disputed))
    before = sale.state
    minor = sale.left.amount
    if before == status.PENDING_PAYMENT:
        # The cart before the stock, as a checkout locks them.
        give_back(tx, sale.order, now, tell=True)
    stock = sale.restock_all(tx)
    decision = Decision(reason=reason or "The order was cancelled.", key=key, actor=actor, now=now)
    refund_id = _undo(tx, sale, decision)
    facts = StepFacts(
        cancelled_by=Canceller.BUYER if actor.user_id == sale.order.user_id else Canceller.STAFF,
        refund=StepRefund(refund_id, minor, sale.currency) if refund_id else None,
    )
    step = sale.step(tx, status.CANCELLED, StepCode.CANCELLED, now, facts)
    details = {"before": before, "reason": reason, "refund_id": refund_id}
    write(tx, actor, "CancelOrder", f"order/{order_id}", now, **details)
    publish(tx, step, *stock)
    return refund_id


def _undo(tx: Connection, sale: Sale, decision: Decision) -> int | None:
    """Give coupon, points and money back; the refund, if there is money to pay back."""
    if sale.state == status.PENDING_PAYMENT:
        end_unpaid(tx, sale.order)  # a checkout that waits hears of it at once
        promotions.give_back(tx, sale.order.rewards, decision.now)
        return None
    promotions.give_back_coupon(tx, sale.order.rewards, decision.now)
    refund_id = record_rest(tx, sale, decision)
    if refund_id is None:  # points alone had paid for it
        promotions.reverse(tx, sale.order.rewards, sale.order.total_minor, decision.now)
    return refund_id
