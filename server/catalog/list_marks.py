"""Marks: by which what was read of a list, and is kept in memory, knows that it may be untrue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from server.catalog.listing_queries import ProductFilter
from server.clock import Clock
from server.events.follower import Follower
from server.events.topics import CatalogReplaced, CategoryChanged, ProductChanged, SalesCounted, StockMoved

SLOTS: Final = 4096
"""The lists share so many marks: a mark may be moved by another list, and no number of lists takes more."""
_ALL, _PRODUCTS, _STOCK, _SALES = range(SLOTS, SLOTS + 4)

POPULARITY: Final = "POPULARITY"


Marks: TypeAlias = tuple[tuple[int, int], ...]
"""Counts of events, each with the slot where it is counted."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a reading of a list stands on: it is true while no mark moved, and the prices did not turn."""

    marks: Marks
    turn: datetime | None = None
    """When a price next changes by the clock, of which no event tells; None: never, or it does not matter."""


NEVER_READ: Final = Basis(((0, -1),))
"""The basis of what was not read yet."""


class ListMarks:
    """Counts the events that may change lists, for use on the event loop.

    Whoever is new on a list, leaves it or moves in it stands, before or after, on the one list that is walked: so
    the mark of that one is enough, whatever else a page is filtered by.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts = [0] * (SLOTS + 4)

    @property
    def everything(self) -> int:
        """Counts the events after which nothing is sure: a category or the whole catalogue changed."""
        return self._counts[_ALL]

    def attach(self, follower: Follower) -> None:
        """Count the events from now on."""
        follower.on(ProductChanged, self._product_changed)
        follower.on(StockMoved, self._stock_moved)
        follower.on(SalesCounted, lambda _: self._move(_SALES))
        follower.on(CategoryChanged, lambda _: self._move(_ALL))
        follower.on(CatalogReplaced, lambda _: self._move(_ALL))

    def of_turns(self) -> Marks:
        """The marks of the moments at which prices turn by the clock, whatever list they stand on."""
        return self._taken(_ALL, _PRODUCTS)

    def of(self, products: ProductFilter, sort: str = "") -> Marks:
        """The marks of a list in an order, or of the number of its products; take them before it is read."""
        slots = [_ALL, _slot(products.lists()[0])]
        if products.in_stock is not None:
            slots.append(_STOCK)
        if sort == POPULARITY:
            slots.append(_SALES)
        return self._taken(*slots)

    def hold(self, basis: Basis) -> bool:
        """Whether what was read on this basis is still true."""
        counts = self._counts
        for slot, count in basis.marks:
            if counts[slot] != count:
                return False
        return basis.turn is None or self._clock() < basis.turn

    def _product_changed(self, event: ProductChanged) -> None:
        self._move(_PRODUCTS)
        if event.lists is None:
            self._move(_ALL)
        else:
            for key in event.lists:
                self._move(_slot(key))

    def _stock_moved(self, event: StockMoved) -> None:
        if event.flipped:
            self._move(_STOCK)

    def _taken(self, *slots: int) -> Marks:
        return tuple((slot, self._counts[slot]) for slot in slots)

    def _move(self, slot: int) -> None:
        self._counts[slot] += 1


def _slot(list_key: str) -> int:
    return hash(list_key) % SLOTS
