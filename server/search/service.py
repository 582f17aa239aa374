"""Searching: the words of a query, and what is close to its meaning."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final, Protocol

import numpy as np

from ml.data.arrays import Ids
from server.search.engine.engine import Engine, FacetWriter, QueryReading, SearchAnswer, SearchOptions
from server.search.engine.fusion import Closeness, fused, leaders
from server.search.engine.matching import NO_MATCHES, Matches
from server.search.engine.nearest import loosely, nearest_categories
from server.search.engine.ranking import RankedProducts

NO_IDS: Final[Ids] = np.empty(0, dtype=np.int64)


class EngineSource(Protocol):
    """Has the engine that answers now."""

    async def engine(self) -> Engine:
        """It; raises SearchNotReady."""
        ...


class Meaning(Protocol):
    """Knows how close the meaning of a text is to that of products: the leg beside the words."""

    @property
    def share(self) -> float:
        """What closeness counts against words, from 0 to 1; 0 where it brings nothing."""
        ...

    @property
    def generation(self) -> int:
        """Another number whenever what it says may be another."""
        ...

    async def closeness(self, text: str, product_ids: Ids) -> Closeness | None:
        """How close these products are, and those that are closest; None when it cannot say."""
        ...


class FallbackKind(Enum):
    """Why products stand in for what was not found."""

    SIMILAR = "SIMILAR"
    CATEGORY = "CATEGORY"
    POPULAR = "POPULAR"


@dataclass(frozen=True, slots=True, eq=False)
class Fallback:
    """What stands in for what was not found; of CATEGORY, all of it stands in that one."""

    kind: FallbackKind
    ranked: RankedProducts
    category_id: int = 0


class NoMeaning:
    """Knows nothing: words alone count."""

    share = 0.0
    generation = 0

    async def closeness(self, text: str, product_ids: Ids) -> Closeness | None:
        """Nothing."""
        return None


@dataclass(slots=True)
class Search:
    """Answers queries; what it is made of may be exchanged while it does."""

    engines: EngineSource
    meaning: Meaning = field(default_factory=NoMeaning)

    async def answer(
        self, text: str, selection: SearchOptions, writer: FacetWriter | None = None
    ) -> SearchAnswer:
        """What a text finds among what is selected; with the facets, where something is to write them.

        Raises SearchNotReady.
        """
        engine = await self.engines.engine()
        if self.meaning.share and not engine.has_fused(text, self.meaning.generation):
            await self._fuse(engine, text)
        return engine.answer(text, selection, writer)

    async def _fuse(self, engine: Engine, text: str) -> None:
        words, generation = engine.by_words(text), self.meaning.generation
        closeness = None
        if words.query.concepts and words.query.sku is None:
            closeness = await self.meaning.closeness(words.query.text, leaders(engine.goods, words.matches))
        matches = words.matches
        if closeness is not None:
            matches = fused(engine.goods, matches, closeness, self.meaning.share)
        engine.remember(text, QueryReading(words.query, matches, generation))

    async def fallback(self, text: str, selection: SearchOptions, limit: int) -> Fallback:
        """What may do in place of what was not found, of what is selected.

        What is close in its meaning, or else what sells best of the nearest category, or of all.
        """
        engine = await self.engines.engine()
        if text.strip():
            closeness = await self.meaning.closeness(text, NO_IDS)
            close = NO_MATCHES if closeness is None else fused(engine.goods, NO_MATCHES, closeness, 1.0)
            similar = engine.select(engine.find(text).query, close, selection).ranked
            if len(similar.product_ids):
                return Fallback(FallbackKind.SIMILAR, similar.first(limit))
            for category_id in _nearest_categories(engine, text, close):
                popular = engine.best_sellers(_within(selection, category_id), limit)
                if len(popular.product_ids):
                    return Fallback(FallbackKind.CATEGORY, popular, category_id)
        return Fallback(FallbackKind.POPULAR, engine.best_sellers(selection, limit))


def _nearest_categories(engine: Engine, text: str, close: Matches) -> list[int]:
    """By what has the words, whatever it was not selected for; or is close; or has words that look alike."""
    reading = engine.find(text)
    evidence = reading.matches if len(reading.matches) else close
    return nearest_categories(
        engine.goods, evidence if len(evidence) else loosely(engine.goods, reading.query)
    )


def _within(selection: SearchOptions, category_id: int) -> SearchOptions:
    """What of a selection stands in a category."""
    among = selection.criteria.category_ids
    inside = frozenset({category_id}) if among is None or category_id in among else frozenset[int]()
    return replace(selection, criteria=replace(selection.criteria, category_ids=inside))
