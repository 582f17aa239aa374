"""What can be sold right now, in memory: every worker's answer to "may this product be recommended?"."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence

import numpy as np
import structlog
from sqlalchemy.exc import SQLAlchemyError

from ml.data.arrays import Ids
from server.clock import Clock, utc_now
from server.errors import Refusal
from server.recommend.serving.product_table import UNFILTERED, Filters, Mask, ProductTable
from server.recommend.serving.queries import Offer

PAUSE_SECONDS = 0.05
"""Between two reads: a burst of sales is read once."""

RETRY_SECONDS = 0.5
RANK_SECONDS = 10.0
"""How often the order by sales is made anew while products sell."""

READ_ALL_FROM = 5_000
"""So many changed products are read by reading all."""

Load = Callable[[Collection[int] | None], Awaitable[Sequence[Offer]]]

log = structlog.get_logger()


class Availability:
    """Every product that was not deleted, kept current by events. For use on one event loop."""

    def __init__(self, load: Load, currency: str, clock: Clock = utc_now) -> None:
        """`load` reads the given products, or all; those that it leaves out do not exist.

        `currency` is the shop's: wishes about prices are in it, and mean those of the moment that `clock` tells.
        """
        self._load = load
        self._clock = clock
        self._currency = currency
        self._stock = ProductTable(currency)
        self._changed: set[int] = set()
        self._all_changed = False
        self._task: asyncio.Task[None] | None = None
        self._ranked_at = 0.0
        self._arrival = object()

    @property
    def arrival(self) -> object:
        """Another object whenever a list may hold something that it could not hold before."""
        self._turn_prices()
        return self._arrival

    def _turn_prices(self) -> None:
        """Take the prices that begin by the clock."""
        turn = self._stock.next_turn
        if turn is not None and turn <= (now := self._clock()):
            self._stock.turn(now)
            self._arrival = object()

    async def start(self) -> None:
        """Read everything."""
        await self._read_all()

    async def stop(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def __contains__(self, product_id: int) -> bool:
        return product_id in self._stock

    def ids(self) -> list[int]:
        """The ids of all products."""
        return self._stock.ids()

    def category_of(self, product_id: int) -> int | None:
        """The product's category, if it exists and has one."""
        return self._stock.category_of(product_id)

    def fits(self, product_id: int, wish: Filters = UNFILTERED) -> bool:
        """Whether the product can be sold, and is what is wished for."""
        self._turn_prices()
        return self._stock.fits(product_id, wish)

    def choose(self, wish: Filters = UNFILTERED, left_out: Iterable[int] = ()) -> EligibleProducts:
        """What can be sold, is wished for, and is not left out, at this moment."""
        self._turn_prices()
        return EligibleProducts(self._stock, self._stock.choose(wish, left_out))

    def change(self, product_ids: Iterable[int]) -> None:
        """Read these products again soon."""
        self._changed.update(product_ids)
        self._wake()

    def change_all(self) -> None:
        """Read everything again soon."""
        self._all_changed = True
        self._wake()

    async def settled(self) -> None:
        """Wait until every change that is known of has been read."""
        if self._task is not None and not self._task.done():
            await asyncio.wait({self._task})

    def _wake(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._refresh())

    async def _refresh(self) -> None:
        while self._changed or self._all_changed:
            product_ids, everything = self._changed, self._all_changed
            self._changed, self._all_changed = set(), False
            try:
                if everything or len(product_ids) >= READ_ALL_FROM:
                    await self._read_all()
                else:
                    await self._read(product_ids)
            except (SQLAlchemyError, Refusal, TimeoutError) as error:
                log.warning("goods_retry", error=type(error).__name__)
                self._changed |= product_ids
                self._all_changed |= everything
                await asyncio.sleep(RETRY_SECONDS)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _read_all(self) -> None:
        entries = await self._load(None)
        # Off the loop: a large shop takes its time to sort.
        self._stock = await asyncio.to_thread(ProductTable, self._currency, entries)
        self._arrival = object()
        self._ranked_at = time.monotonic()

    async def _read(self, product_ids: set[int]) -> None:
        entries = await self._load(product_ids)
        stock = self._stock
        arrived = [stock.put(entry) for entry in entries]
        if any(arrived):
            self._arrival = object()
        for product_id in product_ids - {entry.product_id for entry in entries}:
            stock.remove(product_id)
        if time.monotonic() - self._ranked_at > RANK_SECONDS:
            self._ranked_at = time.monotonic()
            stock.rank(await asyncio.to_thread(stock.by_sales))


class EligibleProducts:
    """The products that one list may hold, as they were at one moment. Not to be kept across an await."""

    def __init__(self, stock: ProductTable, mask: Mask) -> None:
        self._stock = stock
        self._mask = mask

    def __call__(self, product_id: int) -> bool:
        return bool(self._mask[self._stock.slot(product_id)])

    def __bool__(self) -> bool:
        return bool(self._mask.any())

    def among(self, product_ids: Ids) -> Mask:
        """Which of these may be chosen."""
        chosen: Mask = self._mask[self._stock.slots_of(product_ids)]
        return chosen

    def leave_out(self, product_ids: Sequence[int]) -> None:
        """Take these out."""
        self._mask[self._stock.slots_of(np.array(product_ids, dtype=np.int64))] = False

    def best_sellers(self, limit: int) -> list[int]:
        """The first `limit` by sales."""
        return self._stock.best_sellers(self._mask, limit)
