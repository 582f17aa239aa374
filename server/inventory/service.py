"""The rules of the stock: taking it, giving it back, counting it, and moving it between locations.

Stock moves by updates of rows that were locked in the order of their variants and locations: two carts with the
same lines in another order cannot wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from server.audit.log import note_change
from server.catalog import listings
from server.catalog.errors import ProductNotFound
from server.catalog.models import DEFAULT_LOCATION_ID
from server.catalog.service import check_manager
from server.catalog.variants.errors import VariantNotFound
from server.db.base import AnyRow
from server.errors import FieldReason, InvalidField
from server.events.log import publish
from server.events.topics import StockMoved
from server.identity import Identity
from server.inventory import allocation_queries, levels, queries
from server.inventory.allocation import SoldLevel, allocate, give_back
from server.inventory.errors import NegativeStock, StockChanged
from server.inventory.levels import LockedLevels, Pair, StockLevel


@dataclass(frozen=True, slots=True)
class TakenStock:
    """Units that an order took, by where they came from, and the events of it."""

    units: Mapping[Pair, int]
    events: Sequence[StockMoved]

    def record(self, tx: Connection, order_id: int) -> None:
        """Record where they came from, if not all did from the default location; the order has been inserted."""
        elsewhere = {pair: count for pair, count in self.units.items() if pair[1] != DEFAULT_LOCATION_ID}
        if elsewhere:
            allocation_queries.insert_allocations(tx, order_id, elsewhere)


def take_stock(tx: Connection, units: Mapping[int, int], locked: Sequence[StockLevel]) -> TakenStock:
    """Take units of variants out of stock, all of whose levels are locked, and suffice.

    The caller publishes the events, together with its own, and records the units with the order.
    """
    left = dict.fromkeys(units, 0)
    for level in locked:
        left[level.variant_id] += level.orderable
    last = [level for level in locked if left[level.variant_id] == units[level.variant_id]]
    if last:
        listings.sold_out(tx, {level.product_id for level in last}, [level.pair for level in last])
    taken = allocate(units, locked)
    by_pair = {one.level.pair: one.quantity for one in taken}
    queries.take(tx, by_pair)
    moved = [one.level.moved(one.level.available - one.quantity) for one in taken]
    return TakenStock(by_pair, StockMoved.of_many(moved, flipped=bool(last)))


def return_stock(tx: Connection, order_id: int, units: Mapping[int, int]) -> Sequence[StockMoved]:
    """Give units of an order's variants back to where they came from; the order is locked.

    The caller publishes the events, together with its own.
    """
    sold = [_sold_level(row) for row in allocation_queries.lock_sold(tx, order_id, sorted(units))]
    back = give_back(units, sold)
    queries.give_back(tx, back)
    recorded = {one.level.pair for one in sold if one.quantity}
    allocation_queries.count_restocked(
        tx, order_id, {pair: n for pair, n in back.items() if pair in recorded}
    )
    locked = LockedLevels({one.level.pair: one.level for one in sold})
    changes = {pair: locked.by_pair[pair].available + count for pair, count in back.items()}
    flipped = levels.flipped(locked, changes)
    if flipped:
        listings.stock_changed(tx, flipped)
    moved = [locked.by_pair[pair].moved(available) for pair, available in sorted(changes.items())]
    return StockMoved.of_many(moved, flipped=bool(flipped))


def _sold_level(row: AnyRow) -> SoldLevel:
    return SoldLevel(levels.level_of(row), row.quantity or 0, row.restocked_quantity or 0)


@dataclass(frozen=True, slots=True)
class Stock:
    """A stock as callers name it; without a variant the product's default one."""

    product_id: int
    variant_id: int | None
    location_id: int = DEFAULT_LOCATION_ID


def set_stock(
    tx: Connection, caller: Identity, stock: Stock, *, quantity: int, expected: int | None = None
) -> None:
    """Make `quantity` the units that are available, if `expected` are so still; None accepts any number.

    Raises ProductNotFound, NotTheOwner, VariantNotFound, LocationNotFound and StockChanged.
    """
    variant_id, locked = _hold(tx, caller, stock.product_id, stock.variant_id, [stock.location_id])
    available = locked.at(variant_id, stock.location_id).available
    if expected is not None and available != expected:
        raise StockChanged(
            available=available, expected=expected, product_id=stock.product_id, variant_id=variant_id
        )
    _change(tx, locked, {(variant_id, stock.location_id): quantity})


def adjust_stock(tx: Connection, caller: Identity, stock: Stock, *, delta: int) -> None:
    """Add `delta` units, or take them when negative.

    Raises ProductNotFound, NotTheOwner, VariantNotFound, LocationNotFound and NegativeStock.
    """
    variant_id, locked = _hold(tx, caller, stock.product_id, stock.variant_id, [stock.location_id])
    level = locked.at(variant_id, stock.location_id)
    _check_enough(level, -delta)
    _change(tx, locked, {level.pair: level.available + delta})


def transfer_stock(
    tx: Connection, caller: Identity, origin: Stock, to_location_id: int, *, quantity: int
) -> None:
    """Move available units of a variant from one location to another.

    Raises InvalidField when both are the same, and what `adjust_stock` raises.
    """
    if origin.location_id == to_location_id:
        raise InvalidField(
            ("to_location_id", "must be another location than the units come from", FieldReason.CONFLICT)
        )
    at = [origin.location_id, to_location_id]
    variant_id, locked = _hold(tx, caller, origin.product_id, origin.variant_id, at)
    source, target = (locked.at(variant_id, location_id) for location_id in at)
    _check_enough(source, quantity)
    _change(tx, locked, {source.pair: source.available - quantity, target.pair: target.available + quantity})


def _check_enough(level: StockLevel, taken: int) -> None:
    if level.available < taken:
        raise NegativeStock(
            available=level.available,
            requested=taken,
            product_id=level.product_id,
            variant_id=level.variant_id,
        )


def _hold(
    tx: Connection, caller: Identity, product_id: int, variant_id: int | None, location_ids: Iterable[int]
) -> tuple[int, LockedLevels]:
    """Lock the stock of a variant that the caller may count; the variant's id and its levels."""
    product = queries.lock_product(tx, product_id, variant_id)
    if product is None:
        raise ProductNotFound(product_id=product_id)
    check_manager(caller, product_id, product.vendor_id)
    if product.variant_id is None:
        raise VariantNotFound(product_id=product_id, variant_id=variant_id)
    return product.variant_id, levels.hold(tx, {product.variant_id: product_id}, location_ids)


def _units(available: Iterable[tuple[Pair, int]]) -> dict[str, object]:
    """Units that are available, as the audit log names where."""
    return {
        f"available of variant {variant_id} at location {location_id}": units
        for (variant_id, location_id), units in available
    }


def _change(tx: Connection, locked: LockedLevels, available: Mapping[Pair, int]) -> None:
    note_change(_units((pair, locked.at(*pair).available) for pair in available), _units(available.items()))
    moved = levels.change(tx, locked, available)
    if moved is not None:
        publish(tx, moved)
