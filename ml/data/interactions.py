"""Reads a shop's products, sold order lines and behaviour events from its database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from ml.data.arrays import Array
from ml.data.dataset import EVENT_KINDS, GUEST, Dataset, Events, Interactions, Orders, Products

NEVER_SOLD = ("PENDING_PAYMENT", "CANCELLED")
"""Order states of which nothing was ever sold. What was sent back is told by the lines, not by the order."""

PAID_BACK = "REFUNDED"
RETURNED = "RETURNED"

Query = sa.Select[Any]
"""SQLAlchemy knows no type of columns that are named by strings."""

CHUNK = 20_000
DESCRIPTION_LIMIT = 2_000

# The columns read here and no more: this program shares the database with the server, not its code.
_ORDERS = sa.table(
    "orders", *map(sa.column, ("id", "user_id", "status", "placed_at", "total_minor", "currency"))
)
_LINES = sa.table(
    "order_lines",
    *map(sa.column, ("order_id", "product_id", "quantity", "returned_quantity", "restocked_quantity")),
)
_PAYMENTS = sa.table("payments", *map(sa.column, ("order_id", "captured_minor", "refunded_minor")))
_PRODUCTS = sa.table(
    "products", *map(sa.column, ("id", "name", "brand", "description", "category_id", "deleted_at"))
)
_CATEGORIES = sa.table("categories", *map(sa.column, ("id", "name", "parent_id")))
_ERASURES = sa.table("erasures", sa.column("user_id"))
_EVENTS = sa.table("behavior_events", *map(sa.column, ("user_id", "product_id", "kind", "occurred_at")))


def read(database_url: str) -> Dataset:
    """Read the shop behind a SQLAlchemy URL, streaming: memory holds the arrays and one chunk.

    Raises sqlalchemy.exc.SQLAlchemyError when the database cannot be read.
    """
    engine = sa.create_engine(database_url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return Dataset(
                _read_products(connection),
                _read_lines(connection),
                _read_events(connection),
                _read_orders(connection),
            )
    finally:
        engine.dispose()


def _read_lines(connection: sa.Connection) -> Interactions:
    query = (
        sa.select(
            _buyer(),
            _LINES.c.product_id,
            _ORDERS.c.id,
            _net_quantity(),
            _epoch(connection, _ORDERS.c.placed_at),
        )
        .join_from(_LINES, _ORDERS, _ORDERS.c.id == _LINES.c.order_id)
        .where(_ORDERS.c.status.not_in(NEVER_SOLD), _net_quantity() > 0)
    )
    user_ids, product_ids, order_ids, quantities, times = _columns(
        connection, query, (np.int64, np.int64, np.int64, np.float32, np.float64)
    )
    return Interactions(user_ids, product_ids, order_ids, quantities, times)


def _buyer() -> sa.ColumnElement[int]:
    """Who bought: nobody any more where the account was deleted."""
    user_id = _ORDERS.c.user_id
    return sa.case((user_id.is_(None) | _is_deleted(user_id), GUEST), else_=user_id)


def _is_deleted(user_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    return sa.exists().where(_ERASURES.c.user_id == user_id)


def _net_quantity() -> sa.ColumnElement[int]:
    """The units of a line that its buyer kept: a unit that came back by a return may be in stock again, or not."""
    line = _LINES.c
    back = sa.case(
        (line.returned_quantity > line.restocked_quantity, line.returned_quantity),
        else_=line.restocked_quantity,
    )
    return line.quantity - back


def _read_orders(connection: sa.Connection) -> Orders:
    order, payment = _ORDERS.c, _PAYMENTS.c
    # Only of an order that is RETURNED everything can have come back; its lines are looked at, and no other's
    has_goods = sa.exists().where(_LINES.c.order_id == order.id, _net_quantity() > 0)
    is_sold = order.status.not_in((*NEVER_SOLD, PAID_BACK)) & ((order.status != RETURNED) | has_goods)
    net_total = sa.case(
        (payment.order_id.is_(None), order.total_minor), else_=payment.captured_minor - payment.refunded_minor
    )
    usage = sa.select(order.currency).where(is_sold).group_by(order.currency)
    most_used = usage.order_by(sa.func.count().desc(), order.currency).limit(1).scalar_subquery()
    query = (
        sa.select(
            _buyer(),
            _epoch(connection, order.placed_at),
            sa.case((order.currency == most_used, net_total), else_=0),
        )
        .select_from(_ORDERS.outerjoin(_PAYMENTS, payment.order_id == order.id))
        .where(is_sold)
    )
    return Orders(*_columns(connection, query, (np.int64, np.float64, np.int64)))


def _read_events(connection: sa.Connection) -> Events:
    # Grouped by the database: a shop has far more page views than pairs of user and product.
    event = _EVENTS.c
    kind = sa.case({name: position for position, name in enumerate(EVENT_KINDS)}, value=event.kind)
    query = (
        sa.select(event.user_id, event.product_id, kind, _epoch(connection, sa.func.max(event.occurred_at)))
        .where(event.user_id.is_not(None), event.product_id.is_not(None), event.kind.in_(EVENT_KINDS))
        .where(~_is_deleted(event.user_id))
        .group_by(event.user_id, event.product_id, event.kind)
    )
    user_ids, product_ids, kinds, times = _columns(
        connection, query, (np.int64, np.int64, np.uint8, np.float64)
    )
    return Events(user_ids, product_ids, kinds, times)


def _read_products(connection: sa.Connection) -> Products:
    names, paths = _read_categories(connection)
    product = _PRODUCTS.c
    query = (
        sa.select(
            product.id,
            sa.func.coalesce(product.name, ""),
            sa.func.coalesce(product.brand, ""),
            sa.func.coalesce(sa.func.substr(product.description, 1, DESCRIPTION_LIMIT), ""),
            sa.func.coalesce(product.category_id, 0),
        )
        .where(product.deleted_at.is_(None))
        .order_by(product.id)
    )
    rows = [tuple(row) for chunk in _chunks(connection, query) for row in chunk]
    ids, titles, brands, descriptions, category_ids = (
        [row[column] for row in rows] for column in range(len(query.selected_columns))
    )
    return Products(
        np.array(ids, dtype=np.int64),
        titles,
        brands,
        descriptions,
        np.array(category_ids, dtype=np.int64),
        names,
        paths,
    )


def _read_categories(connection: sa.Connection) -> tuple[dict[int, str], dict[int, str]]:
    """Give each category's name, and its name together with those of its ancestors."""
    rows = connection.execute(sa.select(_CATEGORIES.c.id, _CATEGORIES.c.name, _CATEGORIES.c.parent_id)).all()
    names: dict[int, str] = {row[0]: row[1] for row in rows}
    parents: dict[int, int | None] = {row[0]: row[2] for row in rows}
    paths = {}
    for category_id in names:
        lineage: list[int] = []
        current: int | None = category_id
        while current in names and current not in lineage:
            lineage.append(current)
            current = parents[current]
        paths[category_id] = " ".join(names[step] for step in reversed(lineage))
    return names, paths


def _epoch(connection: sa.Connection, column: sa.ColumnElement[datetime]) -> sa.ColumnElement[float]:
    """A time as seconds since 1970, in UTC."""
    if connection.dialect.name == "sqlite":
        return (sa.func.julianday(column) - 2440587.5) * 86400.0
    return sa.cast(sa.extract("epoch", column), sa.Double)


def _columns(connection: sa.Connection, query: Query, types: Sequence[type[np.generic]]) -> list[Array]:
    parts: list[list[Array]] = [[np.empty(0, kind)] for kind in types]
    for rows in _chunks(connection, query):
        for column, kind in enumerate(types):
            parts[column].append(np.array([row[column] for row in rows], dtype=kind))
    return [np.concatenate(part) for part in parts]


def _chunks(connection: sa.Connection, query: Query) -> Iterator[Sequence[sa.Row[Any]]]:
    with connection.execute(query, execution_options={"stream_results": True}) as result:
        yield from result.partitions(CHUNK)
