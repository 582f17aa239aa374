"""Refunds that are asked for: by an admin on their terms, or by the shop for money that came too late."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from server.audit.log import THE_SHOP, Actor, write
from server.errors import InvalidMoney, StaleEtag, TooMany
from server.etags import check_etag, etag_of
from server.events.log import publish
from server.events.step_facts import StepCode, StepFacts, StepRefund
from server.money import Money, decimals
from server.order import status
from server.order.errors import OrderDisputed
from server.order.placed import PlacedOrder
from server.order.units import NamedUnits
from server.refund import queries
from server.refund.decisions import Decision, record
from server.refund.errors import NotRefundable, PaidBackAlready, RefundTooLarge, UnitsPaidBack
from server.refund.named_units import units_by_position
from server.refund.paid_ahead import Due, due
from server.refund.parts import Parts, all_units, fitted, share_of
from server.refund.sale import Sale, open_sale, read_sale

MAX_REFUNDS: Final = 200
"""Of an order, by RefundOrder."""


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


def pay_back_late(tx: Connection, order: PlacedOrder, minor: int, now: datetime) -> None:
    """Decide to pay back what was captured after its order was given up; repeating is harmless."""
    sale = open_sale(tx, order.id)
    key = f"late-{sale.id}"
    if sale.left.amount < minor or queries.refund_by_key(tx, key) is not None:
        return
    reason = "It was paid after the order was given up."
    nobody_waits = timedelta(0)  # so it is the job's at once
    decision = Decision(reason=reason, key=key, actor=THE_SHOP, now=now, grace=nobody_waits)
    refund_id = record(tx, sale, Due(share_of(minor, sale.left)), decision)
    facts = StepFacts(refund=StepRefund(refund_id, minor, sale.currency))
    write(tx, THE_SHOP, "RefundOrder", f"order/{sale.id}", now, refund_id=refund_id, reason=reason)
    publish(tx, sale.step(tx, sale.state, StepCode.LATE_PAYMENT_REFUNDED, now, facts))


def refund(
    tx: Connection,
    terms: RefundTerms,
    *,
    key: str,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
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
        raise TooMany(limit=MAX_REFUNDS, resources="refunds of an order")
    payable = _payable(tx, sale, terms)
    _check_left(sale, payable)
    fit = Due(fitted(payable.parts, sale.left), payable.lines, payable.booked)
    units = {line.position: line.quantity for line in payable.lines}
    events = sale.restock_refunded(tx, units) if terms.restock else []
    refund_id = record(tx, sale, fit, Decision(reason=terms.reason, key=key, actor=actor, now=now))
    amount = sale.money(payable.parts.amount)
    facts = StepFacts(refund=StepRefund(refund_id, amount.minor, amount.currency))
    events.append(sale.step(tx, sale.state, StepCode.REFUND_STARTED, now, facts))
    details = {
        "refund_id": refund_id,
        "amount": str(amount),
        "reason": terms.reason,
        "restock": terms.restock,
    }
    write(tx, actor, "RefundOrder", f"order/{sale.id}", now, **details)
    publish(tx, *events)
    return refund_id


@dataclass(frozen=True)
class RefundPreview:
    """What a refund would pay back, and what is left before it."""

    parts: Parts
    left: int
    currency: str


def preview(connection: Connection, terms: RefundTerms) -> RefundPreview:
    """What `refund` would decide now. Raises what it raises of the order and the terms."""
    sale = read_sale(connection, terms.order_id)
    if sale.captured == 0:
        raise NotRefundable(order_id=sale.id)
    payable = _payable(connection, sale, terms)
    _check_left(sale, payable)
    return RefundPreview(fitted(payable.parts, sale.left), sale.left.amount, sale.currency)


def _check_left(sale: Sale, payable: Due) -> None:
    """Raise why a refund cannot be paid from what is left of an order."""
    amount, left = payable.parts.amount, sale.left.amount
    if amount > left or left == 0:
        if sale.disputed:
            raise OrderDisputed(order_id=sale.id, amount=sale.money(sale.disputed))
        raise RefundTooLarge(order_id=sale.id, requested=sale.money(amount), available=sale.money(left))
    if amount == 0:
        if payable.booked:
            raise PaidBackAlready(order_id=sale.id, available=sale.money(0))
        raise NotRefundable(order_id=sale.id)


def _check_unchanged(sale: Sale, terms: RefundTerms, seen: int | None) -> None:
    """Refuse what was asked of an order that changed: units that were meant may have been paid since."""
    version = sale.order.version
    check_etag(terms.etag, etag_of(version), "order")
    arrived = seen is not None and any(
        line.return_id == seen and line.status == status.RECEIVED for line in sale.return_lines
    )
    if arrived and not terms.everything:
        raise StaleEtag(resource="order")


def _payable(tx: Connection, sale: Sale, terms: RefundTerms) -> Due:
    """What the terms say is to be paid back."""
    if terms.amount is not None:
        return Due(share_of(_in_minor(terms.amount, sale.currency), sale.left))
    if terms.everything:
        return Due(sale.left, all_units(sale.lines, sale.left.amount))
    return due(tx, sale, _unpaid_units(sale, terms.units))


def _unpaid_units(sale: Sale, units: Sequence[NamedUnits]) -> dict[int, int]:
    """Units as they are named, by position. Raises RefundTooLarge for those that were paid back."""
    left = {line.position: line.unpaid for line in sale.lines}
    return units_by_position(sale, units, left, UnitsPaidBack)


def _in_minor(amount: Money, currency: str) -> int:
    if amount.currency not in ("", currency):
        raise InvalidMoney(field="amount", problem=f"must be in {currency}")
    minor = amount.amount.scaleb(decimals(currency))
    if minor != int(minor):
        raise InvalidMoney(field="amount", problem=f"{currency} has {decimals(currency)} decimals")
    if minor <= 0:
        raise InvalidMoney(field="amount", problem="must be above zero")
    return int(minor)
