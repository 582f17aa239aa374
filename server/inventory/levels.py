"""The stock of variants by location, under its lock: what is there, and what becomes of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import Connection

from server.catalog import listings
from server.catalog.errors import LocationNotFound
from server.catalog.models import DEFAULT_LOCATION_ID
from server.db.base import AnyRow
from server.events.topics import MovedLevel, StockMoved
from server.inventory import location_queries, queries

Pair: TypeAlias = tuple[int, int]
"""The ids of a variant and of a location. Stock is locked in the order of the pairs."""


@dataclass(frozen=True, slots=True)
class StockLevel:
    """The units of a variant at a location; `priority` is None while that location serves no orders."""

    product_id: int
    variant_id: int
    location_id: int
    available: int
    priority: int | None

    @property
    def pair(self) -> Pair:
        """The variant and the location."""
        return self.variant_id, self.location_id

    @property
    def orderable(self) -> int:
        """The units that can be ordered."""
        return 0 if self.priority is None else self.available

    def moved(self, available: int) -> MovedLevel:
        """What is to be told of it when so many units are available now."""
        return MovedLevel(self.product_id, self.variant_id, self.location_id, available)


@dataclass(frozen=True)
class LockedLevels:
    """All levels of some variants, which nobody moves before the transaction ends.

    Those that a variant was counted at for the first time are among them, with no units, and `fresh`: they have no
    row yet.
    """

    by_pair: Mapping[Pair, StockLevel]
    fresh: Collection[Pair] = ()

    def at(self, variant_id: int, location_id: int) -> StockLevel:
        """The level of a variant at a location that was named to `hold`."""
        return self.by_pair[variant_id, location_id]

    def orderable(self, changes: Mapping[Pair, int]) -> dict[int, tuple[int, int]]:
        """The units of each variant that can be ordered, before and after `changes` of what is available."""
        units: defaultdict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for pair, level in self.by_pair.items():
            before, after = units[level.variant_id]
            left = changes.get(pair, level.available) if level.priority is not None else 0
            units[level.variant_id] = before + level.orderable, after + left
        return units


def hold(tx: Connection, products: Mapping[int, int], location_ids: Iterable[int]) -> LockedLevels:
    """Lock the levels of variants, to be moved at these locations; `products` are theirs, by variant.

    The caller has locked the products: who waits for a level that is there does not see one that comes meanwhile.
    The locations come first, in the order of their ids, then the levels: whoever changes a location locks it first
    too. Raises LocationNotFound.
    """
    elsewhere = sorted(set(location_ids) - {DEFAULT_LOCATION_ID})
    priorities = location_queries.hold(tx, elsewhere) if elsewhere else {}
    for location_id in elsewhere:
        if location_id not in priorities:
            raise LocationNotFound(location_id=location_id)
    by_pair = {level.pair: level for level in map(level_of, queries.lock(tx, sorted(products)))}
    missing = {(variant, at) for variant in products for at in elsewhere} - by_pair.keys()
    for variant_id, at in missing:
        by_pair[variant_id, at] = StockLevel(products[variant_id], variant_id, at, 0, priorities[at])
    return LockedLevels(by_pair, missing)


def level_of(row: AnyRow) -> StockLevel:
    """The level in a row of queries.LEVEL."""
    return StockLevel(row.product_id, row.variant_id, row.location_id, row.available, row.priority)


def change(tx: Connection, locked: LockedLevels, available: Mapping[Pair, int]) -> StockMoved | None:
    """Set what is available at locked levels; the event to publish, None when nothing moved."""
    changes = {pair: units for pair, units in available.items() if locked.by_pair[pair].available != units}
    if not changes:
        return None
    fresh = [locked.by_pair[pair] for pair in sorted(changes) if pair in locked.fresh]
    queries.insert(tx, [(level, changes[level.pair]) for level in fresh])
    queries.put_available(tx, {pair: units for pair, units in changes.items() if pair not in locked.fresh})
    flips = flipped(locked, changes)
    if flips:
        listings.stock_changed(tx, flips)
    moved = [locked.by_pair[pair].moved(units) for pair, units in sorted(changes.items())]
    return StockMoved.of((level.product_id for level in moved), flipped=bool(flips), levels=moved)


def flipped(locked: LockedLevels, changes: Mapping[Pair, int]) -> set[int]:
    """The products of which a variant sold out by `changes`, or is in stock again."""
    touched = {variant_id for variant_id, _ in changes}
    product_of = {level.variant_id: level.product_id for level in locked.by_pair.values()}
    return {
        product_of[variant_id]
        for variant_id, (before, after) in locked.orderable(changes).items()
        if variant_id in touched and (before > 0) != (after > 0)
    }


def by_priority(levels: Iterable[StockLevel]) -> list[StockLevel]:
    """The levels that serve orders, in the order in which they do."""
    serving = [(level.priority, level.location_id, level) for level in levels if level.priority is not None]
    return [level for _, _, level in sorted(serving, key=lambda one: one[:2])]
