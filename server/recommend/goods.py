"""What can be sold right now, in memory: every worker's answer to "may this product be recommended?"."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.errors import Refusal
from server.recommend.queries import Good

PAUSE_SECONDS = 0.05
"""Between two reads: a burst of sales is read once."""

RETRY_SECONDS = 0.5
RANK_SECONDS = 10.0
"""How often the order by sales is made anew while products sell."""

READ_ALL_FROM = 5_000
"""So many changed products are read by reading all."""

Load = Callable[[Collection[int] | None], Awaitable[Sequence[Good]]]

log = structlog.get_logger()


@dataclass
class _Stock:
    categories: dict[int, int | None] = field(default_factory=dict)
    sold: dict[int, int] = field(default_factory=dict)
    sellable: set[int] = field(default_factory=set)
    ranked: list[int] = field(default_factory=list)

    def put(self, entry: Good) -> bool:
        """Take an entry; True when a product that could not be sold before can be sold now."""
        arrived = entry.available > 0 and entry.product_id not in self.sellable
        self.categories[entry.product_id] = entry.category_id
        self.sold[entry.product_id] = entry.sold
        if entry.available > 0:
            self.sellable.add(entry.product_id)
        else:
            self.sellable.discard(entry.product_id)
        return arrived

    def remove(self, product_id: int) -> None:
        self.categories.pop(product_id, None)
        self.sold.pop(product_id, None)
        self.sellable.discard(product_id)


class Goods:
    """Every product that was not deleted, kept current by events. For use on one event loop."""

    def __init__(self, load: Load) -> None:
        """`load` reads the given products, or all; those that it leaves out do not exist."""
        self._load = load
        self._stock = _Stock()
        self._changed: set[int] = set()
        self._all_changed = False
        self._task: asyncio.Task[None] | None = None
        self._ranked_at = 0.0
        self.arrival = object()
        """Another object whenever something can be sold that could not be sold before."""

    async def start(self) -> None:
        """Read everything."""
        await self._read_all()

    async def stop(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def sellable(self) -> set[int]:
        """The products that exist and are in stock. Not to be changed."""
        return self._stock.sellable

    @property
    def by_sales(self) -> Sequence[int]:
        """All products, what sold most first; some may have been deleted since."""
        return self._stock.ranked

    def __contains__(self, product_id: int) -> bool:
        return product_id in self._stock.categories

    def category_of(self, product_id: int) -> int | None:
        """The product's category, if it exists and has one."""
        return self._stock.categories.get(product_id)

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
        self._stock = await asyncio.to_thread(_stock_of, entries)
        self.arrival = object()
        self._ranked_at = time.monotonic()

    async def _read(self, product_ids: set[int]) -> None:
        entries = await self._load(product_ids)
        stock = self._stock
        stock.ranked.extend(entry.product_id for entry in entries if entry.product_id not in stock.categories)
        arrived = [stock.put(entry) for entry in entries]
        if any(arrived):
            self.arrival = object()
        for product_id in product_ids - {entry.product_id for entry in entries}:
            stock.remove(product_id)
        if time.monotonic() - self._ranked_at > RANK_SECONDS:
            self._ranked_at = time.monotonic()
            stock.ranked = await asyncio.to_thread(_by_sales, dict(stock.sold))


def _stock_of(entries: Sequence[Good]) -> _Stock:
    stock = _Stock()
    for entry in entries:
        stock.put(entry)
    stock.ranked = _by_sales(stock.sold)
    return stock


def _by_sales(sold: dict[int, int]) -> list[int]:
    """Most sold first; of equals the newer one."""
    return sorted(sold, key=lambda product_id: (-sold[product_id], -product_id))
