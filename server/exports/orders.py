"""All orders, a row per line, the oldest first. The line totals of an order add up to its total."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select, tuple_

from server.catalog.variants.options import options_json
from server.db.base import AnyRow
from server.exports.source import Chunk, ExportSource, Keys, Row
from server.metadata import metadata_json
from server.money import Money
from server.order.models import Order, OrderLine
from server.payment.models import Payment
from server.user.models import User

ORDERS_PER_CHUNK: Final = 500

COLUMNS: Final = (
    *("order", "placed_at", "status", "customer_id", "email", "country", "sku", "name", "quantity"),
    *(
        "list_price",
        "price",
        "discount",
        "tax",
        "shipping",
        "line_total",
        "order_total",
        "currency",
        "coupon",
    ),
    *("payment_method", "tracking_number", "metadata", "options"),
)


def orders(start: datetime | None, end: datetime) -> ExportSource:
    """The orders that were placed from `start` on and before `end`."""
    placed: list[ColumnElement[bool]] = [Order.placed_at < end]
    if start is not None:
        placed.append(Order.placed_at >= start)

    def count(connection: Connection) -> int:
        return connection.execute(select(func.count()).select_from(Order).where(*placed)).scalar_one()

    def read(connection: Connection, after: Keys | None) -> Chunk:
        rows = _lines(connection, placed, after)
        ids = dict.fromkeys(row.id for row in rows)
        full = len(ids) == ORDERS_PER_CHUNK
        return Chunk(
            [_row(row) for row in rows], len(ids), (rows[-1].placed_at, rows[-1].id) if full else None
        )

    return ExportSource("Orders", COLUMNS, count, read)


def _lines(connection: Connection, placed: list[ColumnElement[bool]], after: Keys | None) -> list[AnyRow]:
    """The lines of the next orders after the keys (placed_at, id)."""
    page = (
        select(
            *(Order.id, Order.placed_at, Order.number, Order.status, Order.user_id, Order.currency),
            *(Order.total_minor.label("order_minor"), Order.coupon_code, Order.tracking_number),
            Order.custom_metadata,
            Order.address["country"].as_string().label("country"),
            User.email,
            Payment.method,
        )
        .outerjoin(User, User.id == Order.user_id)
        .outerjoin(Payment, Payment.order_id == Order.id)
        .where(*placed)
        .order_by(Order.placed_at, Order.id)
        .limit(ORDERS_PER_CHUNK)
    )
    if after is not None:
        page = page.where(tuple_(Order.placed_at, Order.id) > tuple(after))
    page_orders = page.subquery()
    statement = (
        select(
            *page_orders.c,
            *(OrderLine.sku, OrderLine.name, OrderLine.quantity, OrderLine.list_price_minor),
            *(OrderLine.price_minor, OrderLine.total_minor, OrderLine.discount_minor, OrderLine.tax_minor),
            *(OrderLine.shipping_minor, OrderLine.options),
        )
        .join(OrderLine, OrderLine.order_id == page_orders.c.id)
        .order_by(page_orders.c.placed_at, page_orders.c.id, OrderLine.position)
    )
    return list(connection.execute(statement))


def _row(line: AnyRow) -> Row:
    def money(minor: int) -> Decimal:
        return Money(minor, line.currency).amount

    paid = line.total_minor - line.discount_minor + line.tax_minor + line.shipping_minor
    return (
        *(line.number, line.placed_at, line.status, line.user_id, line.email, line.country or ""),
        *(line.sku, line.name, line.quantity, money(line.list_price_minor), money(line.price_minor)),
        *(money(line.discount_minor), money(line.tax_minor), money(line.shipping_minor), money(paid)),
        *(money(line.order_minor), line.currency, line.coupon_code, line.method, line.tracking_number),
        *(metadata_json(line.custom_metadata), options_json(line.options)),
    )
