"""Composes the room of the search."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sanset.v1.search_service_pb2_grpc import add_SearchServiceServicer_to_server

from server.catalog.listing_queries import ProductFilter
from server.catalog.product_cache import ProductCache
from server.catalog.text_lists import TextMatches
from server.core import Core
from server.part import Gauge, Part
from server.search.convert import listed_selection
from server.search.service import Search
from server.search.servicer import SearchServicer
from server.search.upkeep.fingerprint import fingerprint
from server.search.upkeep.keeper import IndexKeeper
from server.search.upkeep.rebuild import Rebuild


@dataclass(frozen=True, kw_only=True)
class SearchPart(Part):
    """Search, as other rooms ask it."""

    search: Search
    products: ProductCache

    async def find(self, text: str, listed: ProductFilter, sort: str) -> TextMatches:
        """What a list of the catalogue holds that has a text; raises SearchNotReady."""
        tree = await self.products.tree() if listed.category_id is not None else None
        category_ids = frozenset(tree.by_id(listed.category_id or 0).ids()) if tree is not None else None
        answer = await self.search.answer(text, listed_selection(listed, category_ids, sort))
        return TextMatches(answer.ranked.product_ids.tolist(), answer.total)


def build(core: Core, products: ProductCache) -> SearchPart:
    """SearchService, and the index that it answers from."""
    settings = core.settings
    rebuild = Rebuild(settings.search_dir, settings.url)
    keeper = IndexKeeper(core.work, core.clock, rebuild, database=fingerprint(settings.url))
    search = Search(keeper)
    servicer = SearchServicer(search, products, core.pages, currency=settings.currency)

    async def start() -> None:
        keeper.start()

    return SearchPart(
        search=search,
        products=products,
        servicers=[partial(add_SearchServiceServicer_to_server, servicer)],
        listeners=[keeper.attach],
        gauges=[
            Gauge("sanset_search_documents", "Products that search knows", lambda: keeper.document_count),
        ],
        start=start,
        stop=keeper.stop,
    )
