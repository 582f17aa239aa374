"""Searching: the words of a query, and what is close to its meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from ml.data.arrays import Ids
from server.search.engine.engine import Engine, SearchAnswer, SearchOptions
from server.search.engine.fusion import Closeness, fused, leaders
from server.search.upkeep.keeper import IndexKeeper


class Meaning(Protocol):
    """Knows how close the meaning of a text is to that of products: the leg beside the words."""

    @property
    def share(self) -> float:
        """What closeness counts against words, from 0 to 1; 0 where it brings nothing."""
        ...

    async def closeness(self, text: str, product_ids: Ids) -> Closeness | None:
        """How close these products are, and those that are closest; None when it cannot say."""
        ...


class NoMeaning:
    """Knows nothing: words alone count."""

    share = 0.0

    async def closeness(self, text: str, product_ids: Ids) -> Closeness | None:
        """Nothing."""
        return None


@dataclass(slots=True)
class Search:
    """Answers queries; what it is made of may be exchanged while it does."""

    keeper: IndexKeeper
    meaning: Meaning = field(default_factory=NoMeaning)

    async def answer(self, text: str, selection: SearchOptions) -> SearchAnswer:
        """What a text finds among what is selected; raises SearchNotReady."""
        engine = await self.keeper.engine()
        if self.meaning.share and not engine.knows(text):
            await self._fuse(engine, text)
        return engine.answer(text, selection)

    async def _fuse(self, engine: Engine, text: str) -> None:
        query, matches = engine.find(text)
        if not query.concepts:
            return
        best = leaders(engine.goods, matches)
        closeness = await self.meaning.closeness(query.text, best.product_ids)
        if closeness is not None:
            engine.remember(text, query, fused(engine.goods, matches, closeness, self.meaning.share))
