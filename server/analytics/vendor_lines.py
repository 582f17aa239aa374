"""SQL of the lines of orders that have a vendor's products."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, and_, or_, select

from server.analytics.sales import TimeSpan
from server.catalog.models import Product
from server.db.base import AnyRow
from server.order.line_facts import LINE_COST, NET_UNITS
from server.order.models import Order, OrderLine
from server.order.status import PENDING_PAYMENT

LineKeys: TypeAlias = tuple[datetime, int, int]
"""When the order was placed, its id, and the position of the line in it."""


def vendor_lines(
    connection: Connection, vendor_id: int, span: TimeSpan, after: LineKeys | None, limit: int
) -> Sequence[AnyRow]:
    """The lines of a time, those of the newest order first, after the keys of the last one."""
    order, line = Order, OrderLine
    query = (
        select(
            *(order.id, order.number, order.status, order.placed_at, order.currency),
            *(line.position, line.product_id, line.variant_id, line.sku, line.name, line.quantity),
            *(NET_UNITS.label("kept_units"), LINE_COST.label("paid_minor"), line.refunded_minor),
        )
        .join(line, line.order_id == order.id)
        .join(Product, Product.id == line.product_id)
        .where(
            Product.vendor_id == vendor_id,
            order.status != PENDING_PAYMENT,
            order.placed_at >= span.start,
            order.placed_at < span.end,
        )
        .order_by(order.placed_at.desc(), order.id.desc(), line.position)
        .limit(limit)
    )
    if after is not None:
        placed_at, order_id, position = after
        in_order = and_(order.id == order_id, line.position > position)
        of_moment = and_(order.placed_at == placed_at, or_(order.id < order_id, in_order))
        query = query.where(or_(order.placed_at < placed_at, of_moment))
    return connection.execute(query).all()


def keys_of(row: AnyRow) -> LineKeys:
    """The keys of a line."""
    return row.placed_at, row.id, row.position
