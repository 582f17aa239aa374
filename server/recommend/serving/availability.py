"""What can be sold right now, in memory: every worker's answer to "may this product be recommended?"."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import timedelta

import numpy as np

from ml.data.arrays import Ids
from server.clock import Clock, utc_now
from server.recommend.serving.changes import ChangedProducts, Changes
from server.recommend.serving.product_table import Mask, ProductTable
from server.recommend.serving.queries import CardFacts, ProductSnapshot
from server.recommend.serving.query import UNFILTERED, Filters

PAUSE = timedelta(seconds=0.05)
"""Between two reads: a burst of sales is read once."""

RETRY = timedelta(seconds=0.5)
RANK_SECONDS = 10.0
"""How often the order by sales is made anew while products sell."""

READ_ALL_FROM = 5_000
"""So many changed products are read by reading all."""

Load = Callable[[Collection[int] | None], Awaitable[Sequence[ProductSnapshot]]]


class Availability:
    """Every product that was not deleted, kept current by events. For use on one event loop."""

    def __init__(self, load: Load, currency: str, clock: Clock = utc_now) -> None:
        """`load` reads the given products, or all; those that it leaves out do not exist.

        `currency` is the shop's: filters of prices are in it, and mean the prices of the moment by `clock`.
        """
        self._load = load
        self._clock = clock
        self._currency = currency
        self._table = ProductTable(currency)
        self._ranked_at = 0.0
        self._arrival = object()
        self.changes = ChangedProducts("availability", self._read, pause=PAUSE, retry=RETRY)
        """Where every product is reported whose row or stock changed."""

    @property
    def arrival(self) -> object:
        """Another object whenever a list may hold something that it could not hold before."""
        self._turn_prices()
        return self._arrival

    def _turn_prices(self) -> None:
        """Take the prices that begin by the clock."""
        turn = self._table.phases.next_turn
        if turn is not None and turn <= (now := self._clock()):
            self._table.turn(now)
            self._arrival = object()

    async def start(self) -> None:
        """Read everything, and begin to follow the changes."""
        await self._read_all()
        self.changes.start()

    async def stop(self) -> None:
        """Stop reading."""
        await self.changes.stop()

    def __contains__(self, product_id: int) -> bool:
        return product_id in self._table

    def category_of(self, product_id: int) -> int | None:
        """The product's category, if it exists and has one."""
        return self._table.category_of(product_id)

    def card_of(self, product_id: int) -> CardFacts | None:
        """What to show of the product, if it exists."""
        return self._table.card_of(product_id)

    def fits(self, product_id: int, filters: Filters = UNFILTERED) -> bool:
        """Whether the product can be sold, and passes the filters."""
        self._turn_prices()
        return self._table.fits(product_id, filters)

    def choose(self, filters: Filters = UNFILTERED, left_out: Ids | Sequence[int] = ()) -> EligibleProducts:
        """What can be sold, passes the filters, and is not left out, at this moment."""
        self._turn_prices()
        return EligibleProducts(self._table, self._table.choose(filters, left_out))

    async def _read(self, changes: Changes) -> None:
        if changes.everything or len(changes.product_ids) >= READ_ALL_FROM:
            await self._read_all()
        else:
            await self._read_some(changes.product_ids)

    async def _read_all(self) -> None:
        snapshots = await self._load(None)
        # Off the loop: a large shop takes its time to sort.
        self._table = await asyncio.to_thread(ProductTable, self._currency, snapshots)
        self._arrival = object()
        self._ranked_at = time.monotonic()

    async def _read_some(self, product_ids: Collection[int]) -> None:
        snapshots = await self._load(product_ids)
        table = self._table
        arrived = [table.put(snapshot) for snapshot in snapshots]
        if any(arrived):
            self._arrival = object()
        for product_id in set(product_ids).difference(snapshot.product_id for snapshot in snapshots):
            table.remove(product_id)
        if time.monotonic() - self._ranked_at > RANK_SECONDS:
            self._ranked_at = time.monotonic()
            table.rank(await asyncio.to_thread(table.by_sales))


class EligibleProducts:
    """The products that one list may hold, as they were at one moment. Not to be kept across an await."""

    def __init__(self, table: ProductTable, mask: Mask) -> None:
        self._table = table
        self._slots = table.slots
        self._mask = mask

    def __call__(self, product_id: int) -> bool:
        return bool(self._mask[self._slots.of(product_id)])

    def __bool__(self) -> bool:
        return bool(self._mask.any())

    def among(self, product_ids: Ids) -> Mask:
        """Which of these may be chosen."""
        eligible: Mask = self._mask[self._slots.of_all(product_ids)]
        return eligible

    def leave_out(self, product_ids: Sequence[int]) -> None:
        """Take these out."""
        self._mask[self._slots.of_all(np.array(product_ids, dtype=np.int64))] = False

    def best_sellers(self, limit: int) -> list[int]:
        """The first `limit` by sales."""
        return self._table.best_sellers(self._mask, limit)
