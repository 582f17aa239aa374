"""SQL of the lines of orders: one function per question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from sqlalchemy import (
    BigInteger,
    BindParameter,
    CompoundSelect,
    Connection,
    bindparam,
    func,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy import insert as sql_insert

from server.catalog.models import DEFAULT_LOCATION_ID, Variant
from server.catalog.variants.options import column_of
from server.db.id_lists import ids_named, ids_value
from server.db.prepared import Prepared
from server.db.rows import columns_of
from server.inventory.models import StockAllocation
from server.order.models import Order, OrderLine
from server.order.placed import PlacedLine, line_of
from server.order.status import PENDING_PAYMENT

_LEDGER = frozenset(
    {
        "refunded_quantity",
        "returning_quantity",
        "returned_quantity",
        "restocked_quantity",
        "refunded_minor",
        "withheld_quantity",
        "released_quantity",
    }
)
_LINE_COLUMNS = tuple(
    column.key for column in OrderLine.__table__.columns if column.key not in _LEDGER | {"order_id"}
)
"""What a new line is inserted with beside its order; its ledger begins at the columns' zeros."""


_OF_ORDERS = Prepared(
    lambda dialect: (
        select(*OrderLine.__table__.columns)
        .where(OrderLine.order_id.in_(ids_named("ids", dialect)))
        .order_by(OrderLine.order_id, OrderLine.position)
    )
)


def of_orders(connection: Connection, order_ids: Sequence[int]) -> dict[int, list[PlacedLine]]:
    """The lines of orders, by order, in their order."""
    by_order: dict[int, list[PlacedLine]] = {order_id: [] for order_id in order_ids}
    for row in _OF_ORDERS.all(connection, ids=ids_value(connection, order_ids)):
        by_order[row.order_id].append(line_of(row))
    return by_order


def _reserved() -> CompoundSelect[int, int, int]:
    """The units of a product that unpaid orders hold: by variant, and of these those that come from elsewhere."""
    product_id = bindparam("product_id", type_=BigInteger)
    ordered = (
        select(
            OrderLine.variant_id, literal(0).label("location_id"), func.sum(OrderLine.quantity).label("units")
        )
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.status == PENDING_PAYMENT, OrderLine.product_id == product_id)
        .group_by(OrderLine.variant_id)
    )
    elsewhere = (
        select(
            StockAllocation.variant_id,
            StockAllocation.location_id,
            func.sum(StockAllocation.quantity - StockAllocation.restocked_quantity),
        )
        .join(Order, Order.id == StockAllocation.order_id)
        .join(Variant, Variant.id == StockAllocation.variant_id)
        .where(Order.status == PENDING_PAYMENT, Variant.product_id == product_id)
        .group_by(StockAllocation.variant_id, StockAllocation.location_id)
    )
    return union_all(ordered, elsewhere)


_RESERVED = Prepared(_reserved())


def reserved_units(connection: Connection, product_id: int) -> dict[tuple[int, int], int]:
    """The units of a product that unpaid orders hold, by variant and location."""
    reserved: dict[tuple[int, int], int] = {}
    for variant_id, location_id, units in _RESERVED.all(connection, product_id=product_id):
        at_default = variant_id, DEFAULT_LOCATION_ID
        if location_id:  # not among those from the default location, as what is not recorded is
            reserved[variant_id, location_id] = int(units)
            units = -units
        reserved[at_default] = reserved.get(at_default, 0) + int(units)
    return reserved


@lru_cache(maxsize=256)
def _insert(count: int) -> Prepared:
    # SQLAlchemy infers the types of parameters from the columns, but of the first row alone.
    columns = OrderLine.__table__.columns
    rows: list[dict[str, BindParameter[object]]] = [
        {name: bindparam(f"{name}_{i}", type_=columns[name].type) for name in ("order_id", *_LINE_COLUMNS)}
        for i in range(count)
    ]
    return Prepared(sql_insert(OrderLine).values(rows))


def insert(tx: Connection, order_id: int, lines: Sequence[PlacedLine]) -> None:
    """Insert the lines of an order in one statement."""
    values: dict[str, object] = {}
    for i, line in enumerate(lines):
        row = {"order_id": order_id} | columns_of(line, _LINE_COLUMNS)
        row["options"] = column_of(line.options) or None
        values |= {f"{name}_{i}": value for name, value in row.items()}
    _insert(len(lines)).later(tx, **values)


def withhold_refunded(tx: Connection, order_id: int) -> None:
    """Note that the units that are paid back stay in the house, as the order is shipped now."""
    tx.execute(
        update(OrderLine)
        .where(OrderLine.order_id == order_id, OrderLine.refunded_quantity > 0)
        .values(withheld_quantity=OrderLine.refunded_quantity)
    )


def release_withheld(tx: Connection, order_id: int, units: Iterable[tuple[int, int]]) -> None:
    """Let units, by position, be shipped that stayed in the house for a refund that failed.

    Of an order that was never shipped none did, and nothing changes.
    """
    rows = [{"line": position, "units": quantity} for position, quantity in units if quantity]
    if rows:
        tx.execute(
            update(OrderLine)
            .where(
                OrderLine.order_id == order_id,
                OrderLine.position == bindparam("line"),
                OrderLine.withheld_quantity >= OrderLine.released_quantity + bindparam("units"),
            )
            .values(released_quantity=OrderLine.released_quantity + bindparam("units")),
            rows,
        )


def restock_all(tx: Connection, order_id: int) -> None:
    """Note that every unit of an order is back in stock."""
    tx.execute(
        update(OrderLine).where(OrderLine.order_id == order_id).values(restocked_quantity=OrderLine.quantity)
    )


def restock(tx: Connection, order_id: int, units: Iterable[tuple[int, int]]) -> None:
    """Note that units of an order's lines, by position, are back in stock."""
    rows = [{"line": position, "units": quantity} for position, quantity in units if quantity]
    if rows:
        tx.execute(
            update(OrderLine)
            .where(OrderLine.order_id == order_id, OrderLine.position == bindparam("line"))
            .values(restocked_quantity=OrderLine.restocked_quantity + bindparam("units")),
            rows,
        )
