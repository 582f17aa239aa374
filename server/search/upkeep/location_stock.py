"""What can be ordered from each location: sets of products in a worker's memory, as fresh as the events."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from server.db.deadline import Deadline
from server.db.work import Work
from server.events.cache import Bounded
from server.events.follower import Follower
from server.events.topics import CatalogReplaced, ProductChanged, StockMoved
from server.search.engine.stocked import StockedProducts
from server.search.upkeep.queries import stocked_at

MAX_LOCATIONS: Final = 32
"""Of which the stock is remembered: eight bytes for each product at each of them."""
MAX_MOVED: Final = 2_000
"""Products that are looked at again one by one; when there are more, all of a location's are read."""
READ_SECONDS: Final = 10.0

_NOTHING: Final = StockedProducts(np.empty(0, dtype=np.int64))


@dataclass(slots=True)
class _Location:
    stocked: StockedProducts = _NOTHING
    moved: set[int] | None = None
    """What may be another since it was read; None: everything."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    """How many wait for it now."""

    def hear_of(self, product_ids: Collection[int]) -> None:
        """Look at these products again before the next answer."""
        if self.moved is not None:
            self.moved.update(product_ids)
            if len(self.moved) > MAX_MOVED:
                self.moved = None

    def hear_of_everything(self) -> None:
        """Look at all products again."""
        self.moved = None


class LocationStock:
    """Knows what locations have in stock, once somebody asks for it. For use on one event loop."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._remembered: Bounded[int, _Location] = Bounded(size=MAX_LOCATIONS)
        self._in_use: dict[int, _Location] = {}
        """Those that somebody waits for: they hear of what moves meanwhile, remembered or not."""

    def attach(self, follower: Follower) -> None:
        """Hear what moves."""
        follower.on(StockMoved, lambda event: self._moved(event.product_ids))
        follower.on(ProductChanged, lambda event: self._moved([event.id]))
        follower.on(CatalogReplaced, lambda _: self._everything_changed())

    async def at(self, location_id: int) -> StockedProducts:
        """What can be ordered from a location. Raises LocationNotFound."""
        location = self._in_use.get(location_id) or self._remembered.peek(location_id) or _Location()
        self._in_use[location_id] = location
        location.users += 1
        try:
            async with location.lock:
                stocked = await self._current(location_id, location)
        finally:
            location.users -= 1
            if not location.users:
                del self._in_use[location_id]
        if len(stocked.product_ids):  # anybody can ask for locations that there are not
            self._remembered.put(location_id, location)
        return stocked

    def _all(self) -> list[_Location]:
        return [*self._remembered.values(), *self._in_use.values()]

    def _moved(self, product_ids: Collection[int]) -> None:
        for location in self._all():
            location.hear_of(product_ids)

    def _everything_changed(self) -> None:
        for location in self._all():
            location.hear_of_everything()

    async def _current(self, location_id: int, location: _Location) -> StockedProducts:
        moved, location.moved = location.moved, set()
        if moved is not None and not moved:
            return location.stocked
        try:
            ids = None if moved is None else sorted(moved)
            read = await self._work.read(stocked_at, location_id, ids, deadline=Deadline(READ_SECONDS))
        except BaseException:
            if moved is None:
                location.hear_of_everything()
            else:
                location.hear_of(moved)
            raise
        there = np.array(read, dtype=np.int64)
        if ids is not None:
            before = location.stocked.product_ids
            there = np.concatenate([before[~np.isin(before, np.array(ids, dtype=np.int64))], there])
        location.stocked = StockedProducts(np.sort(there))
        return location.stocked
