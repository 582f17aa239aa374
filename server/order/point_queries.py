"""SQL of the points that orders bring: one function per question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update

from server.db.base import AnyRow, UtcDateTime
from server.order.models import Order
from server.order.status import CONFIRMED, PROCESSING, RETURN_REQUESTED, SHIPPED
from server.payment.models import Payment
from server.promotion.ledger import EARNED, REVERSED
from server.promotion.models import PointsEntry


def on_their_way(connection: Connection, user_id: int) -> Sequence[AnyRow]:
    """A user's paid orders that were not delivered yet, with what of each was paid back."""
    return connection.execute(
        select(Order.points_earned, Order.total_minor, Payment.refunded_minor)
        .outerjoin(Payment, Payment.order_id == Order.id)
        .where(
            Order.user_id == user_id,
            Order.status.in_([CONFIRMED, PROCESSING, SHIPPED]),
            Order.points_earned > 0,
        )
    ).all()


def uncounted_points(connection: Connection, user_id: int) -> int:
    """What a user's delivered orders earned that does not count for the tier yet."""
    return int(
        connection.scalar(
            select(func.coalesce(func.sum(PointsEntry.points), 0))
            .join(Order, Order.id == PointsEntry.order_id)
            .where(
                PointsEntry.user_id == user_id,
                PointsEntry.kind.in_([EARNED, REVERSED]),
                Order.points_counted_at.is_(None),
            )
        )
        or 0
    )


def due(tx: Connection, delivered_before: datetime, limit: int) -> Sequence[AnyRow]:
    """Orders whose points do not count for the tier yet, and could, locked; those of open returns wait."""
    return tx.execute(
        select(
            Order.id,
            Order.user_id,
            Order.points_earned,
            Order.total_minor,
            Order.points_counted_at,
            Payment.refunded_minor,
        )
        .outerjoin(Payment, Payment.order_id == Order.id)
        .where(
            Order.points_earned > 0,
            Order.points_counted_at.is_(None),
            Order.delivered_at < bindparam("before", delivered_before, type_=UtcDateTime),
            Order.status != RETURN_REQUESTED,
            Order.user_id.is_not(None),
        )
        .order_by(Order.delivered_at)
        .limit(limit)
        .with_for_update(of=Order, skip_locked=True)
    ).all()


def mark_counted(tx: Connection, order_id: int, now: datetime) -> None:
    """Note that an order's points count for the tier."""
    tx.execute(update(Order).where(Order.id == order_id).values(points_counted_at=now))
