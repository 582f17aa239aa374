"""Searching: the words of a query, and what is close to its meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from ml.data.arrays import Ids
from server.search.engine.engine import Engine, QueryReading, SearchAnswer, SearchOptions
from server.search.engine.fusion import Closeness, fused, leaders
from server.search.engine.matching import NO_MATCHES
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

    async def answer(self, text: str, selection: SearchOptions, *, facets: bool) -> SearchAnswer:
        """What a text finds among what is selected, with the facets if asked to; raises SearchNotReady."""
        engine = await self.engines.engine()
        if self.meaning.share and not engine.has_fused(text, self.meaning.generation):
            await self._fuse(engine, text)
        return engine.answer(text, selection, facets=facets)

    async def _fuse(self, engine: Engine, text: str) -> None:
        words, generation = engine.by_words(text), self.meaning.generation
        closeness = None
        if words.query.concepts and words.query.sku is None:
            closeness = await self.meaning.closeness(words.query.text, leaders(engine.goods, words.matches))
        matches = words.matches
        if closeness is not None:
            matches = fused(engine.goods, matches, closeness, self.meaning.share)
        engine.remember(text, QueryReading(words.query, matches, generation))

    async def fallback(self, text: str, selection: SearchOptions, limit: int) -> RankedProducts:
        """What may do in place of what was not found: what is close in its meaning, or else what sells best."""
        engine = await self.engines.engine()
        closeness = await self.meaning.closeness(text, NO_IDS) if text.strip() else None
        if closeness is not None:
            matches = fused(engine.goods, NO_MATCHES, closeness, 1.0)
            close = engine.select(engine.find(text).query, matches, selection, facets=False).ranked
            if len(close.product_ids):
                return close.first(limit)
        return engine.best_sellers(selection, limit)
