"""What suggestions are made from, as it is read from the database: off the loop, and with patience."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from server.db.deadline import Deadline
from server.db.work import Work
from server.search.suggest import queries
from server.search.suggest.queries import NamedCategory, PopularQuery, ProductName

LOAD_SECONDS: Final = 30.0
MAX_PRODUCTS: Final = 200_000
"""Of a larger shop those that sold most are suggested by name."""


@dataclass(frozen=True, slots=True)
class SuggestReads:
    """The reads behind a worker's suggestions."""

    work: Work
    language: str | None = None
    """In which names are read, as far as they are translated; None: as they are written."""

    async def products(self) -> Sequence[ProductName]:
        """The products, by id."""
        return await self.work.read(
            queries.product_names, self.language, MAX_PRODUCTS, deadline=Deadline(LOAD_SECONDS)
        )

    async def products_of(self, product_ids: Collection[int]) -> Sequence[ProductName]:
        """Those of these products that exist."""
        return await self.work.read(
            queries.names_of, self.language, product_ids, deadline=Deadline(LOAD_SECONDS)
        )

    async def categories(self) -> Sequence[NamedCategory]:
        """All categories."""
        return await self.work.read(queries.category_names, self.language, deadline=Deadline(LOAD_SECONDS))

    async def popular_queries(self) -> Sequence[PopularQuery]:
        """The queries that may be suggested."""
        return await self.work.read(queries.suggested_queries, deadline=Deadline(LOAD_SECONDS))
