"""Deciding a refund: it is counted in the transaction that decides it, and paid back after that.

Deciding moves `payments.refunded_minor`, which the database keeps at or below what was captured: however many
refunds are decided at once, they never exceed it. Paying back is `processor.RefundProcessor`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from server.audit.log import Actor
from server.order import status
from server.order.errors import RequestIdUsed
from server.payment import status as payment_status
from server.promotion import service as promotions
from server.refund import queries
from server.refund.errors import RefundTooLarge
from server.refund.paid_ahead import Due, awaited, due
from server.refund.parts import PaidUnits, all_units
from server.refund.records import BookedUnits
from server.refund.sale import Sale

GRACE: Final = timedelta(seconds=10)
"""How long whoever decided a refund has to pay it back; then it is the job's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """That money goes back: why, by whom and when it was decided; `key` is the gateway's idempotency key.

    What the shop did not decide itself bears its `origin` and the gateway's id of it. `return_id` is the return
    that it pays for. After `grace` the job pays it back; without, nobody asks the gateway to.
    """

    reason: str
    key: str
    actor: Actor
    now: datetime
    return_id: int | None = None
    grace: timedelta | None = GRACE
    origin: str = payment_status.SHOP
    gateway_id: str = ""


def record(tx: Connection, sale: Sale, payable: Due, decision: Decision) -> int:
    """Decide a refund, count it, and return its id. Raises RefundTooLarge and RequestIdUsed.

    Points that were earned or redeemed follow the money. Goods must have gone back to stock before: see `sale`.
    """
    parts, lines = payable.parts, payable.lines
    decision = replace(decision, return_id=decision.return_id or _return_of(sale, lines))
    refunded = queries.move_refunded(tx, sale.id, parts.amount, decision.now)
    if refunded is None:
        raise RefundTooLarge(
            order_id=sale.id, requested=sale.money(parts.amount), available=sale.money(sale.left.amount)
        )
    refund_id = queries.insert_refund(
        tx,
        sale.id,
        return_id=decision.return_id,
        actor_id=decision.actor.user_id,
        parts=parts,
        currency=sale.currency,
        reason=decision.reason,
        origin=decision.origin,
        before_shipping=sale.state in status.UNSHIPPED,
        key=decision.key,
        gateway_id=decision.gateway_id,
        next_attempt_at=None if decision.grace is None else decision.now + decision.grace,
        now=decision.now,
    )
    if refund_id is None:
        raise RequestIdUsed(resource="refund", resource_id=queries.refund_by_key(tx, decision.key))
    sale.left -= parts
    book(tx, sale, [*((refund_id, line) for line in lines), *payable.booked])
    if not lines and decision.return_id is not None and decision.return_id == sale.open_return:
        _cover(tx, sale)
    promotions.reverse(tx, sale.order.rewards, refunded, decision.now)
    return refund_id


def record_rest(tx: Connection, sale: Sale, decision: Decision) -> int | None:
    """Decide to pay back all that is left, with every unit; None when nothing is."""
    if sale.left.amount <= 0:
        return None
    return record(tx, sale, Due(sale.left, all_units(sale.lines, sale.left.amount)), decision)


def book(tx: Connection, sale: Sale, lines: Sequence[tuple[int, PaidUnits]]) -> None:
    """Write what refunds pay for units, by their ids, and count it."""
    booked = []
    for refund_id, paid in lines:
        line = sale.line(paid.position)
        of_return = min(paid.quantity, line.unpaid_sent_back)
        sale.change_line(
            replace(
                line,
                refunded_quantity=line.refunded_quantity + paid.quantity,
                refunded_minor=line.refunded_minor + paid.amount,
                settled_quantity=line.settled_quantity + of_return,
            )
        )
        booked.append(
            BookedUnits(
                refund_id=refund_id,
                position=paid.position,
                variant_id=paid.variant_id,
                quantity=paid.quantity,
                returned_quantity=of_return,
                amount_minor=paid.amount,
            )
        )
    queries.book_refund_lines(tx, sale.id, booked)


def _return_of(sale: Sale, lines: Sequence[PaidUnits]) -> int | None:
    """The open return, when it still awaits its money, and a refund of these lines, or of none, may pay for it."""
    if lines and not any(line.unpaid_sent_back for line in sale.lines_at(one.position for one in lines)):
        return None
    return sale.open_return if any(awaited(sale).values()) else None


def _cover(tx: Connection, sale: Sale) -> None:
    """Count the units of the open return as paid once amounts without units have covered what they cost."""
    rest = due(tx, sale, awaited(sale))
    if rest.booked and not rest.parts.amount and any(one.quantity for _, one in rest.booked):
        book(tx, sale, rest.booked)
