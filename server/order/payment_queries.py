"""SQL of the payments of orders: one function per question."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from server.db.base import AnyRow, UtcDateTime
from server.db.prepared import Prepared
from server.db.rows import columns_of
from server.order.models import Order
from server.payment.gateway import CAPTURED, PENDING, VOIDED, Outcome
from server.payment.models import Payment
from server.payment.order_payment import OrderPayment

_COLUMNS = tuple(
    column.key
    for column in Payment.__table__.columns
    if column.key not in ("order_id", "disputed", "payment_url")
)
"""What a new payment is inserted with beside its order."""

_INSERT_PAYMENT = Prepared(insert(Payment))

_SETTLE_PAYMENT = Prepared(
    update(Payment)
    .where(Payment.order_id == bindparam("settled"))
    .values(
        status=bindparam("new_status"),
        gateway_id=bindparam("new_id"),
        captured_minor=bindparam("captured"),
        problem=bindparam("new_problem"),
        decline_code=bindparam("new_code"),
        token="",
        payment_url="",
        updated_at=bindparam("now", type_=UtcDateTime),
    )
)


def insert_payment(tx: Connection, order_id: int, new: OrderPayment) -> None:
    """Insert the payment of an order, before the gateway hears of it."""
    _INSERT_PAYMENT.later(tx, order_id=order_id, **columns_of(new, _COLUMNS))


def settle_payment(
    tx: Connection, order_id: int, outcome: Outcome, now: datetime, *, captured_minor: int
) -> None:
    """Record what became of the payment, and forget its token."""
    _SETTLE_PAYMENT.later(
        tx,
        settled=order_id,
        new_status=outcome.status,
        new_id=outcome.gateway_id,
        captured=captured_minor,
        new_problem=outcome.problem,
        new_code=outcome.decline_code,
        now=now,
    )


def remember_gateway_id(tx: Connection, order_id: int, gateway_id: str, now: datetime) -> None:
    """Note under which id the gateway knows the payment, before it is charged."""
    statement = update(Payment).where(Payment.order_id == order_id)
    tx.execute(statement.values(gateway_id=gateway_id, updated_at=now))


def remember_payment_url(tx: Connection, order_id: int, url: str, now: datetime) -> None:
    """Note where the buyer goes on with a payment that is not settled."""
    statement = update(Payment).where(Payment.order_id == order_id, Payment.status == PENDING)
    tx.execute(statement.values(payment_url=url, updated_at=now))


def void_payment(tx: Connection, order_id: int, gateway_id: str, now: datetime) -> bool:
    """Give up the payment of an order that was cancelled, unless it was settled, or opened, meanwhile."""
    voided = tx.execute(
        update(Payment)
        .where(Payment.order_id == order_id, Payment.status == PENDING, Payment.gateway_id == gateway_id)
        .values(status=VOIDED, token="", payment_url="", updated_at=now)
    )
    return voided.rowcount == 1


def capture_late(tx: Connection, order_id: int, gateway_id: str, now: datetime) -> int | None:
    """Record a capture for an order that was given up, and return the amount; None when it was recorded before."""
    return tx.execute(
        update(Payment)
        .where(Payment.order_id == order_id, Payment.status != CAPTURED)
        .values(
            status=CAPTURED,
            gateway_id=gateway_id,
            captured_minor=Payment.amount_minor,
            token="",
            payment_url="",
            problem="",
            decline_code="",
            updated_at=now,
        )
        .returning(Payment.captured_minor)
    ).scalar_one_or_none()


def payment(connection: Connection, order_id: int) -> AnyRow | None:
    """Under which ids a gateway knows the payment of an order, and what became of its money."""
    return connection.execute(
        select(
            Order.number,
            Payment.gateway,
            Payment.gateway_id,
            Payment.status,
            Payment.currency,
            Payment.captured_minor,
            Payment.refunded_minor,
            Payment.disputed,
        )
        .join(Order, Order.id == Payment.order_id)
        .where(Payment.order_id == order_id)
    ).one_or_none()
