"""Refunds: what goes back for an order. They are decided in one transaction, and paid back after it.

Deciding moves `payments.refunded_minor`, which the database keeps at or below what was captured: however many
refunds are decided at once, they never exceed it. Paying back is `processor.RefundProcessor`.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from server.audit.log import THE_SHOP, Actor, write
from server.errors import InvalidMoney, StaleEtag, TooMany
from server.etags import check_etag, etag_of
from server.events.log import publish
from server.events.order_steps import StepRefund
from server.money import Money, decimals
from server.order import status
from server.order.errors import OrderDisputed, RequestIdUsed
from server.order.placed import PlacedOrder
from server.order.units import NamedUnits, positions, unpaid, unpaid_sent_back
from server.payment import status as payment_status
from server.promotion import service as promotions
from server.refund import queries
from server.refund.errors import NotRefundable, RefundTooLarge
from server.refund.paid_ahead import Due, awaited, due
from server.refund.parts import PaidBack, Parts, all_units, fitted, share_of
from server.refund.sale import Sale, open_sale

GIVEN: Final = timedelta(seconds=10)
"""How long whoever decided a refund has to pay it back; then it is the job's."""
MAX_REFUNDS: Final = 200
"""Of an order, by RefundOrder: ListRefunds returns them all at once."""


@dataclass(frozen=True)
class RefundTerms:
    """What an admin wants paid back: units, an amount, or all that is left."""

    order_id: int
    units: Sequence[NamedUnits]
    amount: Money | None
    everything: bool
    reason: str
    restock: bool
    etag: str = ""


def key_of(user_id: int, method: str, request_id: str) -> str:
    """The gateway's idempotency key of the refund that a request id decides: a repeat finds it by that."""
    if not request_id:
        return f"refund-{uuid.uuid4().hex}"
    return "refund-" + hashlib.sha256(f"{user_id}/{method}/{request_id.lower()}".encode()).hexdigest()[:32]


def record(
    tx: Connection,
    sale: Sale,
    parts: Parts,
    *,
    lines: Sequence[PaidBack] = (),
    booked: Sequence[tuple[int, PaidBack]] = (),
    reason: str,
    key: str,
    actor: Actor,
    now: datetime,
    return_id: int | None = None,
    given: timedelta | None = GIVEN,
    origin: str = payment_status.SHOP,
    gateway_id: str = "",
) -> int:
    """Decide a refund, count it, and return its id. Raises RefundTooLarge and RequestIdUsed.

    What the shop did not decide itself bears the `origin` and the gateway's id of it; without `given` nobody asks.
    `booked` are the parts of earlier refunds that paid for these units: see `paid_ahead`. Points that were earned
    or redeemed follow the money. Goods must have gone back to stock before: see `sale`.
    """
    if return_id is None and (not lines or any(unpaid_sent_back(line) for line in _named(sale, lines))):
        return_id = sale.open_return if any(awaited(sale).values()) else None
    refunded = queries.move_refunded(tx, sale.id, parts.amount)
    if refunded is None:
        raise RefundTooLarge(
            wanted=Money(parts.amount, sale.currency), left=Money(sale.left.amount, sale.currency)
        )
    values = {
        "order_id": sale.id,
        "return_id": return_id,
        "actor_id": actor.user_id,
        "reason": reason,
        "origin": origin,
        "key": key,
        "gateway_id": gateway_id,
        "next_attempt_at": None if given is None else now + given,
    }
    refund_id = queries.insert_refund(tx, values | _pending(parts, sale.currency, now))
    if refund_id is None:
        raise RequestIdUsed(used_for=f"refund {queries.refund_by_key(tx, key)}")
    sale.left = Parts(
        sale.left.amount - parts.amount, sale.left.tax - parts.tax, sale.left.shipping - parts.shipping
    )
    book(tx, sale, [*((refund_id, line) for line in lines), *booked])
    if not lines and return_id is not None and return_id == sale.open_return:
        _cover(tx, sale)
    promotions.reverse(tx, sale.order.rewards, refunded, now)
    return refund_id


def _pending(parts: Parts, currency: str, now: datetime) -> dict[str, Any]:
    """The values of a refund that was just decided."""
    return {
        "amount_minor": parts.amount,
        "tax_minor": parts.tax,
        "shipping_minor": parts.shipping,
        "currency": currency,
        "status": payment_status.PENDING,
        "problem": "",
        "attempts": 0,
        "created_at": now,
        "updated_at": now,
    }


def book(tx: Connection, sale: Sale, lines: Sequence[tuple[int, PaidBack]]) -> None:
    """Write what refunds pay for units, by their ids, and count it."""
    rows = []
    for refund_id, one in lines:
        line = next(line for line in sale.lines if line["position"] == one.position)
        of_return = min(one.quantity, unpaid_sent_back(line))
        line["refunded_quantity"] += one.quantity
        line["refunded_minor"] += one.amount
        line["settled_quantity"] += of_return
        rows.append(
            {
                "refund_id": refund_id,
                "position": one.position,
                "variant_id": one.variant_id,
                "quantity": one.quantity,
                "returned_quantity": of_return,
                "amount_minor": one.amount,
            }
        )
    queries.book_refund_lines(tx, sale.id, rows)


def _cover(tx: Connection, sale: Sale) -> None:
    """Count the units of the open return as paid once amounts without units have covered what they cost."""
    rest = due(tx, sale, awaited(sale))
    if rest.booked and not rest.parts.amount and any(one.quantity for _, one in rest.booked):
        book(tx, sale, rest.booked)


def _named(sale: Sale, lines: Sequence[PaidBack]) -> list[dict[str, Any]]:
    return [line for line in sale.lines if line["position"] in {one.position for one in lines}]


def record_rest(
    tx: Connection, sale: Sale, *, reason: str, key: str, actor: Actor, now: datetime
) -> int | None:
    """Decide to pay back all that is left, with every unit; None when nothing is."""
    if sale.left.amount <= 0:
        return None
    units = all_units(sale.lines, sale.left.amount)
    return record(tx, sale, sale.left, lines=units, reason=reason, key=key, actor=actor, now=now)


def pay_back_late(tx: Connection, order: PlacedOrder, minor: int, now: datetime) -> None:
    """Decide to pay back what was captured after its order was given up; repeating is harmless."""
    sale = open_sale(tx, order.id)
    key = f"late-{sale.id}"
    if sale.left.amount < minor or queries.refund_by_key(tx, key) is not None:
        return
    parts = share_of(minor, sale.left)
    reason = "It was paid after the order was given up."
    nobody_waits = timedelta(0)  # so it is the job's at once
    refund_id = record(tx, sale, parts, reason=reason, key=key, actor=THE_SHOP, now=now, given=nobody_waits)
    message = f"Your payment came too late; {Money(minor, sale.currency)} goes back to you."
    step_refund = StepRefund(refund_id, minor, sale.currency)
    write(tx, THE_SHOP, "RefundOrder", f"order/{sale.id}", now, refund_id=refund_id, reason=reason)
    publish(tx, sale.step(tx, sale.state, message, now, refund=step_refund))


def refund(
    tx: Connection, terms: RefundTerms, key: str, actor: Actor, now: datetime, seen: int | None = None
) -> int:
    """Decide a refund on an admin's terms, and return its id; `seen` is the return that was open when they asked.

    The order is REFUNDED once everything was paid back, not before: see `outcomes`. Raises OrderNotFound,
    NotRefundable, RefundTooLarge, OrderDisputed, TooMany, RequestIdUsed, InvalidField, InvalidMoney and StaleEtag.
    """
    sale = open_sale(tx, terms.order_id)
    _check_unchanged(sale, terms, seen)
    if sale.captured == 0:
        raise NotRefundable(order_id=sale.id)
    if sale.refunds >= MAX_REFUNDS:
        raise TooMany(limit=MAX_REFUNDS, things="refunds of an order")
    payable = _chosen(tx, sale, terms)
    parts = payable.parts
    if sale.disputed and (parts.amount > sale.left.amount or sale.left.amount == 0):
        raise OrderDisputed(order_id=sale.id, amount=Money(sale.disputed, sale.currency))
    if parts.amount > sale.left.amount or sale.left.amount == 0:
        amount_due = Money(parts.amount, sale.currency)
        raise RefundTooLarge(wanted=amount_due, left=Money(sale.left.amount, sale.currency))
    if parts.amount == 0:
        if payable.booked:
            raise RefundTooLarge(wanted="What an amount has paid back already", left=Money(0, sale.currency))
        raise NotRefundable(order_id=sale.id)
    reason = terms.reason
    fit = fitted(parts, sale.left)
    units = {one.position: one.quantity for one in payable.lines}
    events = sale.restock_refunded(tx, units) if terms.restock else []
    refund_id = record(
        tx,
        sale,
        fit,
        lines=payable.lines,
        booked=payable.booked,
        reason=reason,
        key=key,
        actor=actor,
        now=now,
    )
    amount = Money(parts.amount, sale.currency)
    step_refund = StepRefund(refund_id, parts.amount, sale.currency)
    events.append(sale.step(tx, sale.state, f"{amount} goes back to you.", now, refund=step_refund))
    details = {"refund_id": refund_id, "amount": str(amount), "reason": reason, "restock": terms.restock}
    write(tx, actor, "RefundOrder", f"order/{sale.id}", now, **details)
    publish(tx, *events)
    return refund_id


def _check_unchanged(sale: Sale, terms: RefundTerms, seen: int | None) -> None:
    """Refuse what was asked of an order that changed: units that were meant may have been paid since."""
    version = sale.values["last_sequence"]
    check_etag(terms.etag, version, "order")
    arrived = seen is not None and any(
        line.return_id == seen and line.status == status.RECEIVED for line in sale.return_lines
    )
    if arrived and not terms.everything:
        raise StaleEtag(resource="order", current=etag_of(version))


def _chosen(tx: Connection, sale: Sale, terms: RefundTerms) -> Due:
    if terms.amount is not None:
        return Due(share_of(_in_minor(terms.amount, sale.currency), sale.left))
    if terms.everything:
        return Due(sale.left, all_units(sale.lines, sale.left.amount))
    return due(tx, sale, _not_paid_back(sale, terms.units))


def _not_paid_back(sale: Sale, units: Sequence[NamedUnits]) -> dict[int, int]:
    left = {line["position"]: unpaid(line) for line in sale.lines}
    by_position, missing = positions(sale.order.lines, units, left)
    for variant, too_many in missing.items():
        lines = [line for line in sale.lines if line["variant_id"] == variant]
        open_units = sum(left[line["position"]] for line in lines)
        name = lines[0]["name"]
        raise RefundTooLarge(wanted=f"{open_units + too_many} of {name}", left=f"{open_units} of {name}")
    return by_position


def _in_minor(amount: Money, currency: str) -> int:
    if amount.currency not in ("", currency):
        raise InvalidMoney(field="amount", problem=f"must be in {currency}")
    minor = amount.amount.scaleb(decimals(currency))
    if minor != int(minor):
        raise InvalidMoney(field="amount", problem=f"{currency} has {decimals(currency)} decimals")
    if minor <= 0:
        raise InvalidMoney(field="amount", problem="must be above zero")
    return int(minor)
