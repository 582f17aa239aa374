"""Composes the room of the search."""

from __future__ import annotations

from collections.abc import Mapping
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
from server.search.engine.interpretation import Synonyms
from server.search.index.words import Wording
from server.search.meaning import setup
from server.search.service import Search
from server.search.servicer import SearchServicer
from server.search.suggest.reads import SuggestReads
from server.search.suggest.servicer import SuggestCalls
from server.search.suggest.suggestions import Suggestions
from server.search.synonyms.servicer import SynonymCalls
from server.search.synonyms.table import SynonymKeeper
from server.search.upkeep.keeper import IndexKeeper
from server.search.upkeep.location_stock import LocationStock
from server.search.upkeep.rebuild import Rebuild


@dataclass(frozen=True, kw_only=True)
class SearchPart(Part):
    """Search, as other rooms ask it."""

    searches: Mapping[str, Search]
    """By the languages of the shop."""
    stock: LocationStock
    products: ProductCache
    log: SearchLog

    async def find(self, text: str, language: str, listed: ProductFilter, sort: str) -> TextMatches:
        """What a list of the catalogue holds that has a text; raises LocationNotFound and SearchNotReady."""
        tree = await self.products.tree() if listed.category_id is not None else None
        category_ids = frozenset(tree.by_id(listed.category_id or 0).ids()) if tree is not None else None
        stocked = await self.stock.at(listed.location_id) if listed.location_id is not None else None
        selection = listed_selection(listed, category_ids, stocked, sort)
        answer = await self.searches[language].answer(text, selection)
        return TextMatches(answer.ranked.product_ids.tolist(), answer.total)


def build(
    core: Core, products: ProductCache, impressions: Impressions, tracker: Tracker, models: ServedModels
) -> SearchPart:
    """SearchService, and what it answers from; what follows from results is tracked as from recommendations.

    `models` are those that recommend. Raises CommandError when EMBEDDING_MODEL cannot be used.
    """
    settings, languages, meaning = core.settings, core.languages, setup.build(core, models)
    keepers = _keepers(core)
    # Vectors are of the texts in the shop's own language: of others words alone are compared.
    searches = {language: Search(keeper) for language, keeper in keepers.items()}
    searches[languages.own] = Search(keepers[languages.own], meaning.meaning)
    stock = LocationStock(core.work)
    suggestions = {
        language: Suggestions(SuggestReads(core.work, None if language == languages.own else language))
        for language in keepers
    }

    def use(table: Synonyms) -> None:
        for keeper in keepers.values():
            keeper.use(table)

    synonyms = SynonymKeeper(core.work, use)
    log = SearchLog(
        impressions, tracker, core.work, core.clock, core.registry, keep=settings.search_log_days > 0
    )
    servicer = SearchServicer(
        searches,
        products,
        core.pages,
        currency=settings.currency,
        languages=languages,
        stock=stock,
        log=log,
        suggestions=SuggestCalls(suggestions, languages),
        synonyms=SynonymCalls(core.db, core.pages, core.clock),
        analytics=AnalyticsCalls(core.db, core.pages, core.clock, settings.currency),
    )

    async def start() -> None:
        await synonyms.start()
        for language, keeper in keepers.items():
            keeper.start()
            await suggestions[language].start()
        log.start()
        await meaning.start()

    async def stop() -> None:
        await meaning.stop()
        await log.stop()
        for language, keeper in keepers.items():
            await suggestions[language].stop()
            await keeper.stop()
        await synonyms.stop()

    return SearchPart(
        searches=searches,
        stock=stock,
        products=products,
        log=log,
        servicers=[partial(add_SearchServiceServicer_to_server, servicer)],
        listeners=[
            *(keeper.attach for keeper in keepers.values()),
            *(each.attach for each in suggestions.values()),
            *(stock.attach, synonyms.attach),
            *meaning.listeners,
        ],
        jobs=[*_jobs(core), *meaning.jobs],
        gauges=[
            Gauge(
                "sanset_search_documents",
                "Products that search knows",
                lambda: keepers[languages.own].document_count,
            ),
            *meaning.gauges,
        ],
        start=start,
        stop=stop,
    )


def _keepers(core: Core) -> dict[str, IndexKeeper]:
    """What keeps the index of each language of the shop; those of further ones have directories of their own."""
    directory, languages = core.settings.search_dir, core.languages
    directories = {languages.own: directory} | {each: directory / each for each in languages.further}
    return {
        language: IndexKeeper(
            core.work, core.clock, Rebuild(there, core.settings.url, Wording.of(language, languages.own))
        )
        for language, there in directories.items()
    }


def _jobs(core: Core) -> list[Job]:
    settings = core.settings
    retention = timedelta(days=settings.search_log_days)
    count = SearchCount(core.work, core.clock, settings.currency, retention=retention, ring=core.ring)
    sharing = Sharing(
        core.work, core.clock, settings.suggest_min_searchers, timedelta(days=settings.suggest_days)
    )
    return [
        Job("count searches", count.run, every=timedelta(minutes=5)),
        Job("choose suggestions", sharing.run, every=timedelta(minutes=15)),
    ]
