"""Composes the room of the search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sanset.v1.search_service_pb2_grpc import add_SearchServiceServicer_to_server

from server.catalog.listing_queries import ProductFilter
from server.catalog.product_cache import ProductCache
from server.catalog.text_lists import TextMatches
from server.core import Core
from server.jobs.runner import Job
from server.part import Gauge, Part
from server.recommend.feedback.impressions import Impressions
from server.recommend.feedback.tracking import Tracker
from server.recommend.serving.served_models import ServedModels
from server.search.analytics.counting import SearchCount
from server.search.analytics.search_log import SearchLog
from server.search.analytics.servicer import AnalyticsCalls
from server.search.analytics.sharing import Sharing
from server.search.convert import listed_selection
from server.search.meaning import setup
from server.search.service import Search
from server.search.servicer import SearchServicer
from server.search.suggest.reads import SuggestReads
from server.search.suggest.servicer import SuggestCalls
from server.search.suggest.suggestions import Suggestions
from server.search.synonyms.servicer import SynonymCalls
from server.search.synonyms.table import SynonymKeeper
from server.search.upkeep.fingerprint import fingerprint
from server.search.upkeep.keeper import IndexKeeper
from server.search.upkeep.rebuild import Rebuild


@dataclass(frozen=True, kw_only=True)
class SearchPart(Part):
    """Search, as other rooms ask it."""

    search: Search
    products: ProductCache
    log: SearchLog

    async def find(self, text: str, listed: ProductFilter, sort: str) -> TextMatches:
        """What a list of the catalogue holds that has a text; raises SearchNotReady."""
        tree = await self.products.tree() if listed.category_id is not None else None
        category_ids = frozenset(tree.by_id(listed.category_id or 0).ids()) if tree is not None else None
        selection = listed_selection(listed, category_ids, sort)
        answer = await self.search.answer(text, selection, facets=False)
        return TextMatches(answer.ranked.product_ids.tolist(), answer.total)


def build(
    core: Core, products: ProductCache, impressions: Impressions, tracker: Tracker, models: ServedModels
) -> SearchPart:
    """SearchService, and what it answers from; what follows from results is tracked as from recommendations.

    `models` are those that recommend. Raises CommandError when EMBEDDING_MODEL cannot be used.
    """
    settings, meaning = core.settings, setup.build(core, models)
    rebuild = Rebuild(settings.search_dir, settings.url)
    keeper = IndexKeeper(core.work, core.clock, rebuild, database=fingerprint(settings.url))
    search, synonyms = Search(keeper, meaning.meaning), SynonymKeeper(core.work, keeper.use)
    suggestions = Suggestions(SuggestReads(core.work))
    log = SearchLog(
        impressions, tracker, core.work, core.clock, core.registry, keep=settings.search_log_days > 0
    )
    servicer = SearchServicer(
        search,
        products,
        core.pages,
        currency=settings.currency,
        log=log,
        suggestions=SuggestCalls(suggestions),
        synonyms=SynonymCalls(core.db, core.pages, core.clock),
        analytics=AnalyticsCalls(core.db, core.pages, core.clock, settings.currency),
    )

    async def start() -> None:
        await synonyms.start()
        keeper.start()
        await suggestions.start()
        log.start()
        await meaning.start()

    async def stop() -> None:
        await meaning.stop()
        await log.stop()
        await suggestions.stop()
        await keeper.stop()
        await synonyms.stop()

    return SearchPart(
        search=search,
        products=products,
        log=log,
        servicers=[partial(add_SearchServiceServicer_to_server, servicer)],
        listeners=[keeper.attach, synonyms.attach, suggestions.attach, *meaning.listeners],
        jobs=[*_jobs(core), *meaning.jobs],
        gauges=[
            Gauge("sanset_search_documents", "Products that search knows", lambda: keeper.document_count),
            *meaning.gauges,
        ],
        start=start,
        stop=stop,
    )


def _jobs(core: Core) -> list[Job]:
    settings = core.settings
    retention = timedelta(days=settings.search_log_days)
    secret = settings.secret_key.get_secret_value().encode()
    count = SearchCount(core.work, core.clock, settings.currency, retention=retention, secret=secret)
    sharing = Sharing(
        core.work, core.clock, settings.suggest_min_searchers, timedelta(days=settings.suggest_days)
    )
    return [
        Job("count searches", count.run, every=timedelta(minutes=5)),
        Job("choose suggestions", sharing.run, every=timedelta(minutes=15)),
    ]
