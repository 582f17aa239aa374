"""Which locations serve an order, and where units go that come back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from server.catalog.models import DEFAULT_LOCATION_ID
from server.inventory.levels import Pair, StockLevel, by_priority


@dataclass(frozen=True, slots=True)
class Allocation:
    """Units that an order takes from a level."""

    level: StockLevel
    quantity: int


@dataclass(frozen=True, slots=True)
class SoldLevel:
    """A level that an order may have been served from.

    `quantity` are the units of it that were recorded to come from there, of which `restocked` are back.
    """

    level: StockLevel
    quantity: int = 0
    restocked: int = 0

    @property
    def away(self) -> int:
        """The recorded units that did not come back."""
        return self.quantity - self.restocked


@dataclass(frozen=True, slots=True)
class AllocatedUnits:
    """Units of an order's line that came from a location; `restocked` of them are back there."""

    product_id: int
    variant_id: int
    sku: str
    location_id: int
    quantity: int
    restocked: int

    def at(self, location_id: int, quantity: int, restocked: int) -> AllocatedUnits:
        """Units of the same line from a location."""
        return replace(self, location_id=location_id, quantity=quantity, restocked=restocked)

    def without(self, part: AllocatedUnits) -> AllocatedUnits:
        """What is left of them beside a part."""
        return self.at(self.location_id, self.quantity - part.quantity, self.restocked - part.restocked)


def allocate(units: Mapping[int, int], levels: Iterable[StockLevel]) -> list[Allocation]:
    """Serve units of variants from locked levels that suffice: each from the first location that has any.

    Where that has not enough the next one gives the rest.
    """
    by_variant: defaultdict[int, list[StockLevel]] = defaultdict(list)
    for level in levels:
        by_variant[level.variant_id].append(level)
    return [
        allocation
        for variant_id, quantity in units.items()
        for allocation in _serve(quantity, by_variant[variant_id])
    ]


def _serve(quantity: int, levels: list[StockLevel]) -> Iterable[Allocation]:
    if len(levels) == 1:  # as in most shops
        yield Allocation(levels[0], quantity)
        return
    for level in by_priority(levels):
        count = min(quantity, level.available)
        if count:
            yield Allocation(level, count)
            quantity -= count


def give_back(units: Mapping[int, int], sold: Iterable[SoldLevel]) -> dict[Pair, int]:
    """Where units of variants that come back go: to where they came from.

    Of some of several the recorded ones go first, in the order of the locations, and the default location's last:
    what is not recorded came from there.
    """
    left, back = dict(units), {}
    for one in sold:
        level = one.level
        count = min(left.get(level.variant_id, 0), one.away)
        if count:
            back[level.pair] = count
            left[level.variant_id] -= count
    return back | {(variant_id, DEFAULT_LOCATION_ID): count for variant_id, count in left.items() if count}
