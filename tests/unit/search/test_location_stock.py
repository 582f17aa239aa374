"""The stock of locations in memory: no move is missed, whatever else is asked for meanwhile."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, cast

from server.db.work import Work
from server.events.follower import Follower
from server.events.topics import StockMoved
from server.search.upkeep.location_stock import MAX_LOCATIONS, LocationStock


class _Shop:
    """A database in which every location has one product, and a follower of its events."""

    def __init__(self) -> None:
        self.stocked = [5]
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self._listeners: defaultdict[type, list[Callable[[Any], None]]] = defaultdict(list)

    async def read(
        self, _: object, location_id: int, product_ids: Sequence[int] | None, *, deadline: object
    ) -> list[int]:
        stocked = list(self.stocked)
        if location_id == 1:
            await self.may_answer.wait()
        return stocked

    def on(self, kind: type, listener: Callable[[Any], None]) -> None:
        self._listeners[kind].append(listener)

    def move(self, *product_ids: int) -> None:
        for listener in self._listeners[StockMoved]:
            listener(StockMoved.of(product_ids))


async def _ids(stock: LocationStock, location_id: int) -> list[int]:
    ids: list[int] = (await stock.at(location_id)).product_ids.tolist()
    return ids


def test_what_moves_is_heard_of_a_location_that_others_drove_out_while_it_was_read() -> None:
    async def story() -> None:
        shop = _Shop()
        stock = LocationStock(cast(Work, shop))
        stock.attach(cast(Follower, shop))
        assert await _ids(stock, 1) == [5]
        shop.move(5)
        shop.may_answer.clear()
        reading = asyncio.create_task(_ids(stock, 1))
        await asyncio.sleep(0)
        for other in range(2, 2 + MAX_LOCATIONS):
            await _ids(stock, other)
        shop.stocked = []
        shop.move(5)
        shop.may_answer.set()
        assert await reading == [5], "read before it was sold"
        assert await _ids(stock, 1) == []

    asyncio.run(story())
