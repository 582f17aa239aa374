"""The rules of placed orders: who sees them, and which step may follow which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from server.audit.log import Actor, write
from server.cart import promotions
from server.db.base import AnyRow
from server.etags import check_etag
from server.events.log import publish
from server.money import Money
from server.order import after_sale_queries, disputes, queries, status
from server.order.errors import OrderDisputed, OrderNotFound, OrderPaidBack
from server.order.reserve import PlacedOrder, placed
from server.order.steps import MESSAGES, Step, record
from server.rpc.identity import Identity

FULFILMENT = frozenset({status.PROCESSING, status.SHIPPED, status.DELIVERED})
"""The steps that staff may take by hand; the others belong to payments, cancellations and returns."""

LEAVING = frozenset({status.PROCESSING, status.SHIPPED})
"""The steps by which goods leave the house."""


def read_order(connection: Connection, caller: Identity, order_id: int) -> PlacedOrder:
    """An order of the caller's, or any for an admin. Raises OrderNotFound."""
    row = queries.order(connection, order_id, None if caller.is_admin else caller.user_id)
    if row is None:
        raise OrderNotFound(order_id=order_id)
    [found] = complete(connection, [row])
    return found


def complete(connection: Connection, rows: Sequence[AnyRow]) -> list[PlacedOrder]:
    """Orders with all that is shown of them, from their rows."""
    lines = queries.lines(connection, [row.id for row in rows])
    disputed = [row.id for row in rows if row.payment_disputed]
    shown = disputes.latest(connection, disputed) if disputed else {}
    return [replace(placed(row, lines[row.id]), dispute=shown.get(row.id)) for row in rows]


def read_payment(connection: Connection, caller: Identity, order_id: int) -> dict[str, Any]:
    """The values of an order of the caller's, or of any for an admin, without its lines. Raises OrderNotFound."""
    row = queries.order(connection, order_id, None if caller.is_admin else caller.user_id)
    if row is None:
        raise OrderNotFound(order_id=order_id)
    return placed(row, []).values


def read_steps(
    connection: Connection, caller: Identity, order_id: int, after: int
) -> tuple[PlacedOrder, list[Step]]:
    """An order and its steps after a sequence. Raises OrderNotFound."""
    row = queries.order(connection, order_id, None if caller.is_admin else caller.user_id)
    if row is None:
        raise OrderNotFound(order_id=order_id)
    steps = [Step.from_row(event) for event in queries.events_after(connection, order_id, after)]
    return placed(row, []), steps


def advance(
    tx: Connection,
    order_id: int,
    wanted: str,
    *,
    message: str,
    location: str,
    eta: datetime | None,
    etag: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Take the next step of an order's fulfilment; repeating the current status changes nothing.

    Raises OrderNotFound, StaleEtag, IllegalTransition, OrderDisputed and OrderPaidBack.
    """
    order = queries.lock_order(tx, order_id)
    if order is None:
        raise OrderNotFound(order_id=order_id)
    check_etag(etag, order.last_sequence, "order")
    if order.status == wanted:
        return
    # A return that is open ends by its own calls, never beside them.
    asked_back = order.status == status.RETURN_REQUESTED
    legal = frozenset() if asked_back else status.LEGAL[order.status] & FULFILMENT
    status.check_step(order.status, wanted, legal, "nothing by this call")
    if wanted in LEAVING:
        _check_money(tx, order_id, wanted)
    sequence = queries.advance(tx, order_id, order.status, wanted, now, eta)
    if sequence is None:
        raise AssertionError("a locked order moved")
    if wanted == status.DELIVERED:
        after_sale_queries.mark_delivered(tx, order_id, now)
        _earn(tx, order_id, now)
    step = Step(sequence, wanted, message or MESSAGES[wanted], location, eta or order.eta, now)
    event = record(tx, order_id, order.user_id, step)
    write(tx, actor, "UpdateOrderStatus", f"order/{order_id}", now, before=order.status, after=wanted)
    publish(tx, event)


def _earn(tx: Connection, order_id: int, now: datetime) -> None:
    """Give the buyer of a delivered order its points; it is locked, so that refunds come before or after."""
    row = queries.order(tx, order_id)
    if row is not None:
        promotions.earn(tx, dict(row._mapping), row.payment_refunded_minor or 0, now)


def _check_money(tx: Connection, order_id: int, wanted: str) -> None:
    """Raise OrderDisputed or OrderPaidBack when the money of an order is not the shop's any more.

    Money that was decided to go back counts as gone.
    """
    payment = after_sale_queries.payment(tx, order_id)
    if payment is None or not payment.captured_minor:  # imported, or it cost nothing
        return
    if payment.disputed == status.OPEN:
        raise OrderDisputed(order_id=order_id, amount=Money(payment.captured_minor, payment.currency))
    if payment.refunded_minor >= payment.captured_minor:
        amount = Money(payment.refunded_minor, payment.currency)
        raise OrderPaidBack(order_id=order_id, amount=amount, wanted=wanted)
