"""The transactions that end an unpaid order, once it is known what became of its payment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from server.events.log import publish
from server.events.order_steps import OrderStepped
from server.events.step_facts import Canceller, StepCode, StepFacts
from server.inventory import service as inventory
from server.order import line_queries, payment_queries, queries, status
from server.order.giving_up import give_back
from server.order.placed import PlacedOrder
from server.order.steps import record, step_of
from server.payment.gateway import DECLINED, VOIDED, Outcome
from server.pricing import delivery
from server.promotion import service as promotions

_UNPAID: Final = {DECLINED: StepCode.PAYMENT_DECLINED, VOIDED: StepCode.PAYMENT_EXPIRED}


def confirm(
    tx: Connection, order: PlacedOrder, outcome: Outcome, now: datetime
) -> tuple[PlacedOrder, OrderStepped] | None:
    """Record that the payment was captured, and confirm the order; None when it does not wait for it any more.

    The caller publishes the event with the last of its own writes.
    """
    eta = delivery.renewed(order.eta, order.delivery_option, now)
    sequence = queries.advance(tx, order.id, status.PENDING_PAYMENT, status.CONFIRMED, now, eta)
    if sequence is None:
        return None
    charge = order.charge
    payment_queries.settle_payment(tx, order.id, outcome, now, captured_minor=charge.amount_minor)
    step = step_of(sequence, status.CONFIRMED, StepCode.PAID, now, eta=eta)
    event = record(tx, order.id, order.user_id, step)
    confirmed = replace(
        order,
        status=status.CONFIRMED,
        last_sequence=sequence,
        eta=eta,
        updated_at=now,
        reserved_until=None,
        payment=replace(
            charge,
            status=outcome.status,
            captured_minor=charge.amount_minor,
            gateway_id=outcome.gateway_id,
            payment_url="",
            updated_at=now,
        ),
    )
    bought = tuple(line.product_id for line in order.lines)
    return confirmed, replace(event, product_ids=bought, country=order.address.get("country", ""))


def release(tx: Connection, order: PlacedOrder, outcome: Outcome, now: datetime) -> bool:
    """Cancel an order that was not paid and restore stock and cart; False when it moved on meanwhile.

    The outcome is DECLINED, or VOIDED when nobody paid in time. The lines join what the cart holds by then: see
    `putting_back.put_back`.
    """
    sequence = queries.advance(tx, order.id, status.PENDING_PAYMENT, status.CANCELLED, now)
    if sequence is None:
        return False
    # The cart is locked before the stock, as `reserve` does: the other way round the two could deadlock.
    give_back(tx, order, now, tell=outcome.status != DECLINED)
    moved = inventory.return_stock(tx, order.id, order.units)
    line_queries.restock_all(tx, order.id)
    promotions.give_back(tx, order.rewards, now)
    payment_queries.settle_payment(tx, order.id, outcome, now, captured_minor=0)
    facts = StepFacts(decline_code=outcome.decline_code, cancelled_by=Canceller.SHOP)
    step = step_of(sequence, status.CANCELLED, _UNPAID[outcome.status], now, facts=facts)
    event = record(tx, order.id, order.user_id, step)
    publish(tx, event, *moved)
    return True
