"""The rules of placed orders: who sees them, and which step may follow which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from server.audit.log import Actor, note_change, write
from server.db.base import AnyRow
from server.errors import FieldReason, InvalidField, TooMany
from server.etags import check_etag, etag_of
from server.events.log import publish
from server.events.order_steps import Parcel, Step
from server.events.step_facts import StepCode, StepFacts
from server.identity import Identity
from server.metadata import Metadata, is_same_json
from server.money import Money
from server.order import line_queries, payment_queries, queries, shipments, status
from server.order.errors import OrderDisputed, OrderNotFound, OrderPaidBack
from server.order.placed import LockedOrder, PlacedOrder, order_of, payment_of
from server.order.shipments import ParcelDraft
from server.order.steps import CODE_OF_STATUS, MAX_STEPS, record, step_of
from server.payment import status as payment_status
from server.payment.order_payment import OrderPayment
from server.payment.queries import latest_disputes
from server.payment.records import OrderDispute
from server.pricing import delivery
from server.promotion import service as promotions

FULFILMENT = frozenset({status.PROCESSING, status.SHIPPED, status.DELIVERED})
"""The steps that staff may take by hand; the others belong to payments, cancellations and returns."""

LEAVING = frozenset({status.PROCESSING, status.SHIPPED})
"""The steps by which goods leave the house."""


def read_order(connection: Connection, caller: Identity, order_id: int) -> PlacedOrder:
    """An order of the caller's, or any for staff who see all. Raises OrderNotFound."""
    row = queries.order(connection, order_id, None if caller.sees_all_orders else caller.user_id)
    if row is None:
        raise OrderNotFound(order_id=order_id)
    [order] = complete(connection, [row])
    return order


def complete(connection: Connection, rows: Sequence[AnyRow]) -> list[PlacedOrder]:
    """Orders with all that is shown of them, from their rows."""
    lines = line_queries.of_orders(connection, [row.id for row in rows])
    disputes = shown_disputes(connection, rows)
    return [order_of(row, lines[row.id], disputes.get(row.id)) for row in rows]


def shown_disputes(connection: Connection, rows: Sequence[AnyRow]) -> dict[int, OrderDispute]:
    """The disputes to show of the orders in these rows, by order; most have none."""
    disputed = [row.id for row in rows if row.payment_disputed]
    return latest_disputes(connection, disputed) if disputed else {}


def read_payment(connection: Connection, caller: Identity, order_id: int) -> OrderPayment:
    """The payment of an order of the caller's, or of any for staff who see all.

    Raises OrderNotFound, also for an imported order, which has no payment.
    """
    row = queries.order(connection, order_id, None if caller.sees_all_orders else caller.user_id)
    payment = payment_of(row) if row is not None else None
    if payment is None:
        raise OrderNotFound(order_id=order_id)
    return payment


def read_steps(
    connection: Connection, caller: Identity, order_id: int, after: int
) -> tuple[PlacedOrder, list[Step]]:
    """An order and its steps after a sequence. Raises OrderNotFound."""
    row = queries.order(connection, order_id, None if caller.sees_all_orders else caller.user_id)
    if row is None:
        raise OrderNotFound(order_id=order_id)
    order = order_of(row)
    return order, queries.steps_after(connection, order, after)


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """The next step of an order's fulfilment, as the staff takes it.

    A `parcel` goes with SHIPPED: while that is the status, it is another one or a correction. `etag` is the
    version of the order that they saw; without one it may be any.
    """

    status: str
    message: str = ""
    location: str = ""
    eta: datetime | None = None
    parcel: ParcelDraft | None = None
    etag: str = ""

    @property
    def is_correction(self) -> bool:
        """Whether the parcel is one that the order has already."""
        return self.parcel is not None and self.parcel.id != 0

    def check(self, now: datetime) -> None:
        """Raise InvalidField for what no order could be told."""
        if self.parcel is not None and self.status != status.SHIPPED:
            raise InvalidField(("shipment", "goes with the status SHIPPED", FieldReason.CONFLICT))
        if self.eta is not None and self.eta < now:
            raise InvalidField(("eta", "must not be in the past", FieldReason.OUT_OF_RANGE))


def advance(tx: Connection, order_id: int, requested: NextStep, *, actor: Actor, now: datetime) -> None:
    """Take the next step of an order's fulfilment; repeating the current status changes nothing.

    Raises OrderNotFound, StaleEtag, IllegalTransition, OrderDisputed, OrderPaidBack and InvalidField.
    """
    requested.check(now)
    order = queries.lock_order(tx, order_id)
    if order is None:
        raise OrderNotFound(order_id=order_id)
    check_etag(requested.etag, etag_of(order.version), "order")
    before, after = order.status, requested.status
    is_note = before == after
    if after == status.SHIPPED and not is_note:
        line_queries.withhold_refunded(tx, order_id)
    parcels, parcel = _parcels(tx, order, requested.parcel, now)
    if is_note and parcel is None:
        return
    if is_note and order.last_sequence >= MAX_STEPS:
        raise TooMany(limit=MAX_STEPS, resources="steps of an order")
    if not is_note:
        _check_step(tx, order_id, before, after)
    step = _move(tx, order, requested, parcel, now)
    if parcel is not None:
        queries.set_shipments(tx, order_id, parcels)
    if after == status.DELIVERED:
        queries.mark_delivered(tx, order_id, now)
        _earn(tx, order_id, now)
    event = record(tx, order_id, order.user_id, step)
    details = {"shipment": parcel.to_json()} if parcel else {}
    note_change({"status": before}, {"status": after})
    write(tx, actor, "UpdateOrderStatus", f"order/{order_id}", now, **details)
    publish(tx, replace(event, is_note=is_note))


@dataclass(frozen=True, slots=True)
class OrderChanges:
    """What staff change of an order beside its status; `etag` is the version that they saw, empty for any."""

    order_id: int
    metadata: Metadata | None
    etag: str = ""


def update(tx: Connection, changes: OrderChanges, *, actor: Actor, now: datetime) -> None:
    """Replace the metadata of an order; the same metadata change nothing. Raises OrderNotFound and StaleEtag."""
    order = queries.lock_order(tx, changes.order_id)
    if order is None:
        raise OrderNotFound(order_id=changes.order_id)
    check_etag(changes.etag, etag_of(order.version), "order")
    if is_same_json(order.custom_metadata or None, changes.metadata):
        return
    queries.set_metadata(tx, order.id, changes.metadata, now)
    write(tx, actor, "UpdateOrder", f"order/{order.id}", now, metadata=changes.metadata)


def _move(
    tx: Connection, order: LockedOrder, requested: NextStep, parcel: Parcel | None, now: datetime
) -> Step:
    """Move the order, and return the step."""
    after = requested.status
    eta = None if after == status.DELIVERED else requested.eta or _renewed(tx, order, now)
    sequence = queries.advance(tx, order.id, order.status, after, now, eta)
    if sequence is None:
        raise AssertionError("a locked order moved")
    code = CODE_OF_STATUS[after]
    if order.status == after:
        code = StepCode.PARCEL_CORRECTED if requested.is_correction else StepCode.PARCEL_SHIPPED
    return step_of(
        sequence,
        after,
        code,
        now,
        eta=eta,
        location=requested.location,
        parcel=parcel,
        facts=StepFacts(comment=requested.message),
    )


def _check_step(tx: Connection, order_id: int, before: str, after: str) -> None:
    # A return that is open ends by its own calls, never beside them.
    is_returning = before == status.RETURN_REQUESTED
    legal = frozenset() if is_returning else status.LEGAL[before] & FULFILMENT
    status.check_step(before, after, legal, "nothing by this call")
    if after in LEAVING:
        _check_money(tx, order_id, after)


def _parcels(
    tx: Connection, order: LockedOrder, draft: ParcelDraft | None, now: datetime
) -> tuple[Sequence[Parcel], Parcel | None]:
    """The parcels of an order with the one that is sent, and that one when it is new or changed."""
    if draft is None:
        return [], None
    lines = line_queries.of_orders(tx, [order.id])[order.id]
    return shipments.put(order.shipments, lines, draft, now)


def _renewed(tx: Connection, order: LockedOrder, now: datetime) -> datetime:
    """By when an order should arrive, as it looks now. What the staff promised stands until it has passed."""
    promised = order.eta
    if promised is not None and promised > now:
        made_at = delivery.estimated_at(promised, order.delivery_option)
        if not queries.has_step_at(tx, order.id, made_at):
            return promised
    return delivery.renewed(promised, order.delivery_option, now)


def _earn(tx: Connection, order_id: int, now: datetime) -> None:
    """Give the buyer of a delivered order its points; it is locked, so that refunds come before or after."""
    row = queries.order(tx, order_id)
    if row is not None:
        promotions.earn(tx, order_of(row).rewards, row.payment_refunded_minor or 0, now)


def _check_money(tx: Connection, order_id: int, after: str) -> None:
    """Raise OrderDisputed or OrderPaidBack when the money of an order is not the shop's any more.

    Money that was decided to go back counts as gone.
    """
    payment = payment_queries.payment(tx, order_id)
    if payment is None or not payment.captured_minor:  # imported, or it cost nothing
        return
    if payment.disputed == payment_status.OPEN:
        raise OrderDisputed(order_id=order_id, amount=Money(payment.captured_minor, payment.currency))
    if payment.refunded_minor >= payment.captured_minor:
        amount = Money(payment.refunded_minor, payment.currency)
        raise OrderPaidBack(order_id=order_id, amount=amount, requested=after)
