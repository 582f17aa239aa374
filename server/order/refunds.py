"""Refunds: what goes back for an order. They are decided in one transaction, and paid back after it.

Deciding moves `payments.refunded_minor`, which the database keeps at or below what was captured: however many
refunds are decided at once, they never exceed it. Paying back is `paying_back.Refunds`.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from server.audit.log import THE_SHOP, Actor, write
from server.cart import promotions
from server.errors import InvalidField, InvalidMoney, TooMany
from server.events.log import publish
from server.money import Money, decimals
from server.order import after_sale_queries, status
from server.order.errors import NotRefundable, OrderDisputed, RefundTooLarge, RequestIdUsed
from server.order.refund_parts import PaidBack, Parts, all_units, chosen_units, fitted, share_of
from server.order.reserve import PlacedOrder
from server.order.sale import Sale, open_sale

GIVEN: Final = timedelta(seconds=10)
"""How long whoever decided a refund has to pay it back; then it is the job's."""
MOST_REFUNDS: Final = 200
"""Of an order, by RefundOrder: ListRefunds returns them all at once."""


@dataclass(frozen=True)
class Wanted:
    """What an admin wants paid back: units by variant, or an amount, or neither: all that is left."""

    order_id: int
    units: Mapping[int, int]
    amount: Money | None
    reason: str
    restock: bool


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
    reason: str,
    key: str,
    actor: Actor,
    now: datetime,
    return_id: int | None = None,
    given: timedelta | None = GIVEN,
    origin: str = status.SHOP,
    gateway_id: str = "",
) -> int:
    """Decide a refund, count it, and return its id. Raises RefundTooLarge and RequestIdUsed.

    What the shop did not decide itself bears the `origin` and the gateway's id of it; without `given` nobody asks.
    Points that were earned or redeemed follow the money. Goods must have gone back to stock before: see `sale`.
    """
    refunded = after_sale_queries.move_refunded(tx, sale.id, parts.amount)
    if refunded is None:
        raise RefundTooLarge(
            wanted=Money(parts.amount, sale.currency), left=Money(sale.left.amount, sale.currency)
        )
    values = {
        "order_id": sale.id,
        "return_id": return_id,
        "actor_id": actor.user_id,
        "amount_minor": parts.amount,
        "tax_minor": parts.tax,
        "shipping_minor": parts.shipping,
        "currency": sale.currency,
        "reason": reason,
        "origin": origin,
        "status": status.PENDING,
        "key": key,
        "gateway_id": gateway_id,
        "problem": "",
        "attempts": 0,
        "next_attempt_at": None if given is None else now + given,
        "created_at": now,
        "updated_at": now,
    }
    rows = [
        {"position": o.position, "variant_id": o.variant_id, "quantity": o.quantity, "amount_minor": o.amount}
        for o in lines
    ]
    refund_id = after_sale_queries.insert_refund(tx, values, rows)
    if refund_id is None:
        raise RequestIdUsed(used_for=f"refund {after_sale_queries.refund_by_key(tx, key)}")
    after_sale_queries.count_refunded(tx, sale.id, [(o.position, o.quantity, o.amount) for o in lines])
    for line in sale.lines:
        for one in lines:
            if one.position == line["position"]:
                line["refunded_quantity"] += one.quantity
                line["refunded_minor"] += one.amount
    sale.left = Parts(
        sale.left.amount - parts.amount, sale.left.tax - parts.tax, sale.left.shipping - parts.shipping
    )
    promotions.reverse(tx, sale.values, refunded, now)
    return refund_id


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
    if sale.left.amount < minor or after_sale_queries.refund_by_key(tx, key) is not None:
        return
    parts = share_of(minor, sale.left)
    reason = "It was paid after the order was given up."
    nobody_waits = timedelta(0)  # so it is the job's at once
    refund_id = record(tx, sale, parts, reason=reason, key=key, actor=THE_SHOP, now=now, given=nobody_waits)
    message = f"Your payment came too late; {Money(minor, sale.currency)} goes back to you."
    told = told_of(refund_id, minor, sale.currency)
    write(tx, THE_SHOP, "RefundOrder", f"order/{sale.id}", now, refund_id=refund_id, reason=reason)
    publish(tx, sale.step(tx, sale.state, message, now, refund=told))


def refund(tx: Connection, wanted: Wanted, key: str, actor: Actor, now: datetime) -> int:
    """Decide a refund as an admin wants it, and return its id.

    The order is REFUNDED once everything was paid back, not before: see `refund_ends`. Raises OrderNotFound,
    NotRefundable, RefundTooLarge, OrderDisputed, TooMany, RequestIdUsed, InvalidField, InvalidMoney and
    IllegalTransition.
    """
    sale = open_sale(tx, wanted.order_id)
    if sale.captured == 0:
        raise NotRefundable(order_id=sale.id)
    if sale.refunds >= MOST_REFUNDS:
        raise TooMany(limit=MOST_REFUNDS, things="refunds of an order")
    parts, lines = _chosen(sale, wanted)
    if sale.disputed and (parts.amount > sale.left.amount or sale.left.amount == 0):
        raise OrderDisputed(order_id=sale.id, amount=Money(sale.disputed, sale.currency))
    if parts.amount > sale.left.amount or sale.left.amount == 0:
        asked = Money(parts.amount, sale.currency)
        raise RefundTooLarge(wanted=asked, left=Money(sale.left.amount, sale.currency))
    if parts.amount == 0:
        raise NotRefundable(order_id=sale.id)
    reason = wanted.reason
    fit = fitted(parts, sale.left)
    if fit.amount == sale.left.amount and sale.state not in (status.CANCELLED, status.REFUNDED):
        sale.check_step(status.REFUNDED)  # which it will be once the money has moved
    events = sale.restock(tx, {one.position: one.quantity for one in lines}) if wanted.restock else []
    refund_id = record(tx, sale, fit, lines=lines, reason=reason, key=key, actor=actor, now=now)
    amount = Money(parts.amount, sale.currency)
    told = told_of(refund_id, parts.amount, sale.currency)
    events.append(sale.step(tx, sale.state, f"{amount} goes back to you.", now, refund=told))
    details = {"refund_id": refund_id, "amount": str(amount), "reason": reason, "restock": wanted.restock}
    write(tx, actor, "RefundOrder", f"order/{sale.id}", now, **details)
    publish(tx, *events)
    return refund_id


def told_of(refund_id: int, minor: int, currency: str) -> dict[str, Any]:
    """What the event of a step tells of a refund."""
    return {"id": refund_id, "amount_minor": minor, "currency": currency}


def positions(
    sale: Sale, units: Mapping[int, int], open_units: Mapping[int, int], field: str = "lines"
) -> tuple[dict[int, int], dict[int, int]]:
    """Units by variant as units by the position of their line, and those that no line has left, by variant.

    `open_units` are those that each line has left. Raises InvalidField for a variant that was not ordered.
    """
    ordered = {line["variant_id"] for line in sale.lines}
    strangers = [variant for variant in units if variant not in ordered]
    if strangers:
        raise InvalidField((field, f"variant {strangers[0]} is not in the order"))
    found, missing = {}, dict(units)
    for line in sale.lines:  # an imported order may have several lines of a variant
        taken = min(missing.get(line["variant_id"], 0), open_units[line["position"]])
        if taken:
            found[line["position"]] = taken
            missing[line["variant_id"]] -= taken
    return found, {variant: count for variant, count in missing.items() if count}


def _chosen(sale: Sale, wanted: Wanted) -> tuple[Parts, list[PaidBack]]:
    if wanted.units:
        return chosen_units(sale.lines, _not_paid_back(sale, wanted.units))
    if wanted.amount is not None:
        return share_of(_in_minor(wanted.amount, sale.currency), sale.left), []
    return sale.left, all_units(sale.lines, sale.left.amount)


def _not_paid_back(sale: Sale, units: Mapping[int, int]) -> dict[int, int]:
    left = {line["position"]: line["quantity"] - line["refunded_quantity"] for line in sale.lines}
    found, missing = positions(sale, units, left)
    for variant in missing:
        lines = [line for line in sale.lines if line["variant_id"] == variant]
        open_units = sum(left[line["position"]] for line in lines)
        name = lines[0]["name"]
        raise RefundTooLarge(wanted=f"{units[variant]} of {name}", left=f"{open_units} of {name}")
    return found


def _in_minor(amount: Money, currency: str) -> int:
    if amount.currency not in ("", currency):
        raise InvalidMoney(field="amount", problem=f"must be in {currency}")
    minor = amount.amount.scaleb(decimals(currency))
    if minor != int(minor):
        raise InvalidMoney(field="amount", problem=f"{currency} has {decimals(currency)} decimals")
    if minor <= 0:
        raise InvalidMoney(field="amount", problem="must be above zero")
    return int(minor)
