"""What the lists are made from, as it is read from the database: off the loop, and with patience."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar, TypeVarTuple

from sqlalchemy import Connection

from ml.models.content import ProductText
from server.clock import Clock
from server.db.deadline import Deadline
from server.db.work import Work
from server.recommend.feedback import history_queries
from server.recommend.feedback.history_queries import HistoryRow
from server.recommend.serving import queries
from server.recommend.serving.new_products import text_of
from server.recommend.serving.trending import ranked
from server.recommend.serving.trending.ranked import Ranked

LOAD_SECONDS = 30.0

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Reads:
    """The reads behind a worker's memory."""

    def __init__(self, work: Work, clock: Clock) -> None:
        self._work = work
        self._clock = clock

    async def run(self, query: Callable[[Connection, *Ts], T], *args: *Ts) -> T:
        """Read by a query."""
        return await self._work.read(query, *args, deadline=Deadline(LOAD_SECONDS))

    async def snapshots(self, product_ids: Collection[int] | None) -> Sequence[queries.ProductSnapshot]:
        """What can be sold of these products (None: all), as of now."""
        return await self.run(queries.snapshots, product_ids, self._clock())

    async def user_history(self, user_id: int) -> Sequence[HistoryRow]:
        """The rows of a user's history."""
        return await self.run(history_queries.of_user, user_id)

    async def touched_by(self, user_id: int) -> Sequence[HistoryRow]:
        """The rows of the part that orders do not change."""
        return await self.run(history_queries.touched_by, user_id)

    async def visitor_history(self, visitor_id: str) -> Sequence[HistoryRow]:
        """The rows of a visitor's history."""
        return await self.run(history_queries.of_visitor, visitor_id)

    async def product_ids(self) -> Sequence[int]:
        """The ids of all products."""
        return await self.run(queries.product_ids)

    async def words(self, product_ids: Sequence[int]) -> Mapping[int, queries.ProductWords]:
        """The words of those of these products that exist."""
        return await self.run(queries.descriptions, product_ids)

    async def texts(self, product_ids: Sequence[int]) -> dict[int, ProductText]:
        """The same, as models want them."""
        words = await self.words(product_ids)
        return {product_id: text_of(each) for product_id, each in words.items()}

    async def sales(self, hours: int, by_country: bool) -> Mapping[str, Ranked]:
        """What sells in the last hours, everywhere or by country."""
        now = self._clock()
        count = ranked.by_country if by_country else ranked.everywhere
        return await self.run(count, now - timedelta(hours=hours), now)

    async def bought_with(self, product_id: int, limit: int) -> Sequence[tuple[int, float]]:
        """What shares baskets with a product, straight from the orders."""
        return await self.run(queries.bought_with, product_id, limit)
