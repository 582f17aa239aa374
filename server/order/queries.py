"""SQL of the orders: one function per question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, tuple_, update

from server.db.base import AnyRow, UtcDateTime
from server.db.prepared import Prepared
from server.order.models import Order, OrderEvent, OrderLine, Payment
from server.order.status import PENDING_PAYMENT

_ORDERS = select(
    *Order.__table__.columns,
    Payment.method.label("payment_method"),
    Payment.token.label("payment_token"),
    Payment.status.label("payment_status"),
    Payment.amount_minor.label("payment_minor"),
    Payment.gateway_id,
).outerjoin(Payment, Payment.order_id == Order.id)

_INSERT_ORDER = Prepared(insert(Order).returning(Order.id))
_INSERT_PAYMENT = Prepared(insert(Payment))
_INSERT_EVENT = Prepared(insert(OrderEvent))
_SETTLE_PAYMENT = Prepared(
    update(Payment)
    .where(Payment.order_id == bindparam("settled"))
    .values(
        status=bindparam("new_status"),
        gateway_id=bindparam("new_id"),
        updated_at=bindparam("now", type_=UtcDateTime),
    )
)
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


def order(connection: Connection, order_id: int, user_id: int | None = None) -> AnyRow | None:
    """An order with its payment; with `user_id`, only when it is that user's."""
    statement = _ORDERS.where(Order.id == order_id)
    if user_id is not None:
        statement = statement.where(Order.user_id == user_id)
    return connection.execute(statement).one_or_none()


def order_by_request(connection: Connection, user_id: int, request_id: str) -> AnyRow | None:
    """The order that a request id made."""
    return connection.execute(
        _ORDERS.where(Order.user_id == user_id, Order.request_id == request_id)
    ).one_or_none()


def order_page(
    connection: Connection,
    *,
    user_id: int | None,
    status: str | None,
    after: Sequence[Any] | None,
    limit: int,
) -> Sequence[AnyRow]:
    """Orders, the newest first, after the keys (placed_at, id); None filters nothing."""
    statement = _ORDERS
    if user_id is not None:
        statement = statement.where(Order.user_id == user_id)
    if status is not None:
        statement = statement.where(Order.status == status)
    if after is not None:
        statement = statement.where(tuple_(Order.placed_at, Order.id) < tuple(after))
    return connection.execute(statement.order_by(Order.placed_at.desc(), Order.id.desc()).limit(limit)).all()


def lines(connection: Connection, order_ids: Sequence[int]) -> dict[int, list[AnyRow]]:
    """The lines of orders, by order, in their order."""
    statement = select(*OrderLine.__table__.columns).where(OrderLine.order_id.in_(order_ids))
    found: dict[int, list[AnyRow]] = {order_id: [] for order_id in order_ids}
    for row in connection.execute(statement.order_by(OrderLine.order_id, OrderLine.position)):
        found[row.order_id].append(row)
    return found


def events_after(connection: Connection, order_id: int, sequence: int) -> Sequence[AnyRow]:
    """The steps of an order after `sequence`."""
    return connection.execute(
        select(*OrderEvent.__table__.columns)
        .where(OrderEvent.order_id == order_id, OrderEvent.sequence > sequence)
        .order_by(OrderEvent.sequence)
    ).all()


def lock_order(tx: Connection, order_id: int) -> AnyRow | None:
    """What a step needs to know of an order, locked until the transaction ends."""
    return tx.execute(
        select(Order.user_id, Order.status, Order.last_sequence, Order.eta)
        .where(Order.id == order_id)
        .with_for_update()
    ).one_or_none()


def reserved_units(connection: Connection, product_id: int) -> dict[int, int]:
    """The units of a product that unpaid orders hold, by variant."""
    statement = (
        select(OrderLine.variant_id, func.sum(OrderLine.quantity))
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.status == PENDING_PAYMENT, OrderLine.product_id == product_id)
        .group_by(OrderLine.variant_id)
    )
    return {variant_id: int(units) for variant_id, units in connection.execute(statement)}


def insert_order(tx: Connection, values: dict[str, Any]) -> int:
    """Insert an order and return its id."""
    return int(_INSERT_ORDER.first(tx, **values).id)


_LINE = tuple(column.name for column in OrderLine.__table__.columns)


@lru_cache(maxsize=256)
def _insert_lines(count: int) -> Prepared:
    rows: list[dict[str, Any]] = [{name: bindparam(f"{name}_{i}") for name in _LINE} for i in range(count)]
    return Prepared(insert(OrderLine).values(rows))


def insert_lines(tx: Connection, rows: list[dict[str, Any]]) -> None:
    """Insert the lines of an order in one statement."""
    values = {f"{name}_{i}": value for i, row in enumerate(rows) for name, value in row.items()}
    _insert_lines(len(rows)).later(tx, **values)


def insert_payment(tx: Connection, values: dict[str, Any]) -> None:
    """Insert the payment of an order, before the gateway hears of it."""
    _INSERT_PAYMENT.later(tx, **values)


def settle_payment(tx: Connection, order_id: int, status: str, gateway_id: str, now: datetime) -> None:
    """Record what the gateway answered."""
    _SETTLE_PAYMENT.later(tx, settled=order_id, new_status=status, new_id=gateway_id, now=now)


def advance(
    tx: Connection, order_id: int, before: str, after: str, now: datetime, eta: datetime | None = None
) -> int | None:
    """Move an order from one status to another and return the step's number; None when it is not at `before`."""
    row = _ADVANCE.first(tx, moved=order_id, before=before, after=after, now=now, new_eta=eta)
    return int(row.last_sequence) if row else None


def insert_event(tx: Connection, values: dict[str, Any]) -> None:
    """Insert a step of an order."""
    _INSERT_EVENT.later(tx, **values)
