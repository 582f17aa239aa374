"""SQL of the orders: one function per question."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)

from server.db.base import AnyRow, UtcDateTime
from server.db.prepared import Prepared
from server.db.rows import columns_of, from_row
from server.events.order_steps import Parcel, Step
from server.events.step_facts import NO_FACTS, StepFacts
from server.metadata import Metadata
from server.order.models import Order, OrderEvent
from server.order.placed import LockedOrder, PlacedOrder, parcels_of
from server.order.status import PENDING_PAYMENT
from server.payment.gateway import PENDING
from server.payment.models import Payment
from server.repeats.claims import is_abandoned

ORDERS = select(
    *Order.__table__.columns,
    Payment.method.label("payment_method"),
    Payment.token.label("payment_token"),
    Payment.status.label("payment_status"),
    Payment.amount_minor.label("payment_minor"),
    Payment.captured_minor.label("payment_captured_minor"),
    Payment.refunded_minor.label("payment_refunded_minor"),
    Payment.problem.label("payment_problem"),
    Payment.decline_code.label("payment_decline_code"),
    Payment.updated_at.label("payment_updated_at"),
    Payment.gateway.label("payment_gateway"),
    Payment.gateway_id,
    Payment.disputed.label("payment_disputed"),
    Payment.payment_url,
).outerjoin(Payment, Payment.order_id == Order.id)

_SET_LATER = frozenset({"shipments", "metadata_version", "delivered_at", "points_counted_at"})
_ORDER_COLUMNS = tuple(column.key for column in Order.__table__.columns if column.key not in _SET_LATER)
"""What a new order is inserted with."""
_INSERT_ORDER = Prepared(insert(Order))
_INSERT_EVENT = Prepared(insert(OrderEvent))
_ADVANCE = Prepared(
    update(Order)
    .where(Order.id == bindparam("moved"), Order.status == bindparam("before"))
    .values(
        status=bindparam("after"),
        last_sequence=Order.last_sequence + 1,
        eta=func.coalesce(bindparam("new_eta", type_=UtcDateTime), Order.eta),
        updated_at=bindparam("now", type_=UtcDateTime),
        reserved_until=None,
    )
    .returning(Order.last_sequence)
)


_ORDER = Prepared(ORDERS.where(Order.id == bindparam("order_id")))
_ORDER_OF_USER = Prepared(
    ORDERS.where(Order.id == bindparam("order_id"), Order.user_id == bindparam("user_id"))
)


def order(connection: Connection, order_id: int, user_id: int | None = None) -> AnyRow | None:
    """An order with its payment; with `user_id`, only when it is that user's."""
    if user_id is None:
        return _ORDER.first(connection, order_id=order_id)
    return _ORDER_OF_USER.first(connection, order_id=order_id, user_id=user_id)


def order_by_request(connection: Connection, user_id: int, request_id: str) -> AnyRow | None:
    """The order that a request id made."""
    return connection.execute(
        ORDERS.where(Order.user_id == user_id, Order.request_id == request_id)
    ).one_or_none()


def steps_after(connection: Connection, order: PlacedOrder, sequence: int) -> list[Step]:
    """The steps of an order after `sequence`, with their parcels as they are now."""
    parcels = {parcel.id: parcel for parcel in order.shipments}
    rows = connection.execute(
        select(*OrderEvent.__table__.columns)
        .where(OrderEvent.order_id == order.id, OrderEvent.sequence > sequence)
        .order_by(OrderEvent.sequence)
    )
    return [
        Step(
            row.sequence,
            row.status,
            row.message,
            row.location,
            row.eta,
            row.occurred_at,
            parcels.get(row.shipment_id),
            code=row.code,
            facts=StepFacts.of_json(row.facts) if row.facts else NO_FACTS,
        )
        for row in rows
    ]


def lock_order(tx: Connection, order_id: int) -> LockedOrder | None:
    """What a step needs to know of an order, locked until the transaction ends."""
    row = tx.execute(
        select(
            Order.id,
            Order.user_id,
            Order.status,
            Order.last_sequence,
            Order.eta,
            Order.delivery_option,
            Order.shipments,
            Order.custom_metadata,
            Order.metadata_version,
        )
        .where(Order.id == order_id)
        .with_for_update()
    ).one_or_none()
    return from_row(LockedOrder, row, shipments=parcels_of(row.shipments)) if row is not None else None


def insert_order(tx: Connection, order: PlacedOrder) -> None:
    """Insert an order under its id, which is unused."""
    _INSERT_ORDER.later(tx, **columns_of(order, _ORDER_COLUMNS))


def order_by_number(connection: Connection, number: str) -> AnyRow | None:
    """The order with a number, which is the key of its payment."""
    return connection.execute(ORDERS.where(Order.number == number)).one_or_none()


def order_by_gateway_id(connection: Connection, gateway: str, gateway_id: str) -> AnyRow | None:
    """The order whose payment a gateway knows by an id."""
    return connection.execute(
        ORDERS.where(Payment.gateway_id == gateway_id, Payment.gateway_id != "", Payment.gateway == gateway)
        .order_by(Order.id)
        .limit(1)
    ).one_or_none()


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An order with a payment to settle; `over`: nothing more may be charged."""

    order_id: int
    user_id: int | None
    over: bool


def unsettled(connection: Connection, now: datetime, after: int, limit: int) -> list[Unsettled]:
    """Orders with a payment to settle, by id.

    Those whose time is over or that were cancelled; and those whose checkout died, known by its lease.
    """
    over = or_(Order.status != PENDING_PAYMENT, Order.reserved_until < now)
    died = is_abandoned(Order.user_id, "Checkout", Order.request_id, now)
    rows = connection.execute(
        select(Order.id, Order.user_id, case((over, True), else_=False).label("over"))
        .join(Payment, Payment.order_id == Order.id)
        .where(Payment.status == PENDING, Payment.order_id > after, or_(over, died))
        .order_by(Payment.order_id)
        .limit(limit)
    )
    return [Unsettled(row.id, row.user_id, bool(row.over)) for row in rows]


def advance(
    tx: Connection, order_id: int, before: str, after: str, now: datetime, eta: datetime | None = None
) -> int | None:
    """Move an order from one status to another and return the step's number; None when it is not at `before`."""
    row = _ADVANCE.first(tx, moved=order_id, before=before, after=after, now=now, new_eta=eta)
    return int(row.last_sequence) if row else None


def touch(tx: Connection, order_id: int, now: datetime) -> None:
    """Note that something about an order changed that is no step of it."""
    tx.execute(update(Order).where(Order.id == order_id).values(updated_at=now))


def has_step_at(connection: Connection, order_id: int, moment: datetime) -> bool:
    """Whether an order took a step at this moment."""
    steps = select(OrderEvent.sequence).where(
        OrderEvent.order_id == order_id, OrderEvent.occurred_at == moment
    )
    return connection.execute(steps.limit(1)).one_or_none() is not None


def set_shipments(tx: Connection, order_id: int, parcels: Sequence[Parcel]) -> None:
    """Write the parcels of an order; it shows the number of the last."""
    tx.execute(
        update(Order)
        .where(Order.id == order_id)
        .values(
            shipments=[parcel.to_json() for parcel in parcels], tracking_number=parcels[-1].tracking_number
        )
    )


def metadata_of_orders(connection: Connection, order_ids: Collection[int]) -> dict[int, Metadata]:
    """The metadata of those of these orders that have any."""
    rows = connection.execute(
        select(Order.id, Order.custom_metadata).where(
            Order.id.in_(order_ids), Order.custom_metadata.is_not(None)
        )
    )
    return {row.id: row.custom_metadata for row in rows}


def set_metadata(tx: Connection, order_id: int, metadata: Metadata | None, now: datetime) -> None:
    """Write the metadata of an order, which is a change of the order and no step."""
    tx.execute(
        update(Order)
        .where(Order.id == order_id)
        .values(custom_metadata=metadata, metadata_version=Order.metadata_version + 1, updated_at=now)
    )


def insert_event(tx: Connection, order_id: int, step: Step) -> None:
    """Insert a step of an order."""
    _INSERT_EVENT.later(
        tx,
        order_id=order_id,
        sequence=step.sequence,
        status=step.status,
        message=step.message,
        location=step.location,
        eta=step.eta,
        shipment_id=step.parcel.id if step.parcel else None,
        code=step.code,
        facts=step.facts.to_json() or None,
        occurred_at=step.time,
    )


def lock(tx: Connection, order_id: int, user_id: int | None = None) -> bool:
    """Lock an order until the transaction ends; False when it does not exist, or with `user_id` is another's."""
    return tx.execute(_order_of(order_id, user_id).with_for_update()).one_or_none() is not None


def is_visible(connection: Connection, order_id: int, user_id: int | None) -> bool:
    """Whether an order exists, and with `user_id` is that user's."""
    return connection.execute(_order_of(order_id, user_id)).one_or_none() is not None


def _order_of(order_id: int, user_id: int | None) -> Select[int]:
    statement = select(Order.id).where(Order.id == order_id)
    return statement if user_id is None else statement.where(Order.user_id == user_id)


def mark_delivered(tx: Connection, order_id: int, now: datetime) -> None:
    """Note when an order was delivered, for the first time."""
    tx.execute(
        update(Order).where(Order.id == order_id, Order.delivered_at.is_(None)).values(delivered_at=now)
    )
