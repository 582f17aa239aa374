"""SQL of what one buyer has ordered: one function per question."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, case, column, exists, func, or_, select, table

from server.cart.putting_back import Since
from server.db.base import UtcDateTime
from server.order.models import Order, OrderEvent, OrderLine
from server.order.status import CANCELLED, CONFIRMED, RECEIVED

# By name: the returns are of a layer above, and only what came back is read.
_RETURNS = table("returns", column("id"), column("order_id"), column("status"))
_RETURN_LINES = table(
    "return_lines", column("return_id"), column("position"), column("quantity"), column("restocked")
)


def since(connection: Connection, user_id: int, order_id: int, placed_at: datetime) -> dict[int, Since]:
    """What became of each variant in the orders that a buyer has placed after an order."""
    moment = bindparam("moment", placed_at, type_=UtcDateTime)
    was_paid = exists().where(OrderEvent.order_id == Order.id, OrderEvent.status == CONFIRMED)
    abandoned = and_(Order.status == CANCELLED, ~was_paid)
    statement = (
        select(
            OrderLine.variant_id,
            func.sum(OrderLine.quantity - OrderLine.restocked_quantity).label("ordered"),
            func.sum(case((abandoned, OrderLine.quantity), else_=0)).label("put_back"),
        )
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            Order.user_id == user_id,
            Order.placed_at >= moment,
            or_(Order.placed_at > moment, Order.id > order_id),
        )
        .group_by(OrderLine.variant_id)
    )
    return {
        row.variant_id: Since(int(row.ordered), int(row.put_back)) for row in connection.execute(statement)
    }


def net_units(connection: Connection, user_id: int, product_id: int, since: datetime) -> int:
    """The units of a product that a buyer has ordered since, less those that came back, in stock or not."""
    returned = (
        select(func.coalesce(func.sum(_RETURN_LINES.c.quantity - _RETURN_LINES.c.restocked), 0))
        .join(_RETURNS, _RETURNS.c.id == _RETURN_LINES.c.return_id)
        .where(
            _RETURNS.c.order_id == OrderLine.order_id,
            _RETURNS.c.status == RECEIVED,
            _RETURN_LINES.c.position == OrderLine.position,
        )
        .scalar_subquery()
    )
    units = select(func.coalesce(func.sum(OrderLine.quantity - OrderLine.restocked_quantity - returned), 0))
    return int(
        connection.scalar(
            units.select_from(OrderLine)
            .join(Order, Order.id == OrderLine.order_id)
            .where(
                Order.user_id == user_id,
                Order.placed_at > bindparam("since", since, type_=UtcDateTime),
                OrderLine.product_id == product_id,
            )
        )
        or 0
    )


def was_delivered(connection: Connection, user_id: int, product_id: int) -> bool:
    """Whether an order of a buyer's with a product was delivered, whatever became of it later."""
    statement = (
        select(Order.id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.user_id == user_id, OrderLine.product_id == product_id, Order.delivered_at.is_not(None))
        .limit(1)
    )
    return connection.scalar(statement) is not None
