"""SQL of where the units of orders came from: one function per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from sqlalchemy import BigInteger, BindParameter, Connection, and_, bindparam, insert, select, update

from server.catalog.models import InventoryLevel
from server.db.base import AnyRow
from server.db.prepared import Prepared
from server.inventory.models import StockAllocation
from server.inventory.queries import LEVEL, by_number


def lock_sold(tx: Connection, order_id: int, variant_ids: Sequence[int]) -> list[AnyRow]:
    """The levels of variants as `queries.lock` holds them, each with the units that an order took there.

    What it took from the default location is not recorded: its row has None, as those of all others that it left
    alone.
    """
    return _locked_sold(len(variant_ids)).all(tx, order=order_id, **by_number(variant_ids))


@lru_cache(maxsize=256)
def _locked_sold(count: int) -> Prepared:
    ids = [bindparam(f"variant_{i}", type_=BigInteger) for i in range(count)]
    of_order = and_(
        StockAllocation.order_id == bindparam("order", type_=BigInteger),
        StockAllocation.variant_id == InventoryLevel.variant_id,
        StockAllocation.location_id == InventoryLevel.location_id,
    )
    return Prepared(
        select(*LEVEL, StockAllocation.quantity, StockAllocation.restocked_quantity)
        .outerjoin_from(InventoryLevel, StockAllocation, of_order)
        .where(InventoryLevel.variant_id.in_(ids))
        .order_by(InventoryLevel.variant_id, InventoryLevel.location_id)
        .with_for_update(of=InventoryLevel)
    )


_ALLOCATION = ("order_id", "variant_id", "location_id", "quantity")


@lru_cache(maxsize=64)
def _insert_allocations(count: int) -> Prepared:
    rows: list[dict[str, BindParameter[object]]] = [
        {name: bindparam(f"{name}_{i}") for name in _ALLOCATION} for i in range(count)
    ]
    return Prepared(insert(StockAllocation).values(rows))


def insert_allocations(tx: Connection, order_id: int, units: Mapping[tuple[int, int], int]) -> None:
    """Record where an order's units came from, by pair, in one statement."""
    values: dict[str, object] = {}
    for i, ((variant_id, location_id), quantity) in enumerate(units.items()):
        row = (order_id, variant_id, location_id, quantity)
        values |= {f"{name}_{i}": value for name, value in zip(_ALLOCATION, row, strict=True)}
    _insert_allocations(len(units)).later(tx, **values)


def allocations(connection: Connection, order_id: int) -> Sequence[AnyRow]:
    """What an order took elsewhere than from the default location, by variant and location."""
    return connection.execute(
        select(*StockAllocation.__table__.columns)
        .where(StockAllocation.order_id == order_id)
        .order_by(StockAllocation.variant_id, StockAllocation.location_id)
    ).all()


def count_restocked(tx: Connection, order_id: int, units: Mapping[tuple[int, int], int]) -> None:
    """Note that units of an order's allocations, by pair, are back in stock there."""
    rows = [
        {"variant": variant_id, "location": location_id, "units": count}
        for (variant_id, location_id), count in units.items()
    ]
    if rows:
        tx.execute(
            update(StockAllocation)
            .where(
                StockAllocation.order_id == order_id,
                StockAllocation.variant_id == bindparam("variant"),
                StockAllocation.location_id == bindparam("location"),
            )
            .values(restocked_quantity=StockAllocation.restocked_quantity + bindparam("units")),
            rows,
        )
