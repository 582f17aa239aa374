"""The engine: answers a query from memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np

from server.events.cache import Bounded
from server.search.engine.interpretation import (
    ENGLISH_WORDING,
    Interpretation,
    Interpreter,
    NoSynonyms,
    Synonyms,
)
from server.search.engine.matching import Matches, everything, match
from server.search.engine.narrowing import NO_CRITERIA, Criteria, Facets, Narrowed, Searchable
from server.search.engine.ranking import RankedProducts, SortOrder, rank
from server.search.index.words import Wording

MAX_ANSWERS: Final = 200
"""How many answers are remembered, while nothing that they were made of changed."""
MAX_MATCHES_BYTES: Final = 4 * 1024 * 1024
"""What the matches take that are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """What is asked for beside the text."""

    criteria: Criteria = NO_CRITERIA
    order: SortOrder = SortOrder.RELEVANCE
    price_unit: int = 100
    """Of the bands of prices; see `Narrowed.facets`."""


class FacetWriter(Protocol):
    """Writes facets down in a caller's form; writers that are equal write the same."""

    def write(self, facets: Facets) -> bytes:
        """They, as they are remembered: in one piece, where their hundreds of values would be as many objects."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SearchAnswer:
    """What a query found."""

    query: Interpretation
    ranked: RankedProducts
    sku_product: int | None = None
    """The product whose sku was typed."""
    total: int
    """Of all that match and pass, however many are ranked."""
    facets: bytes | None
    """As they were written; None where they were not counted, as only a first page shows them."""


@dataclass(frozen=True, slots=True, eq=False)
class QueryReading:
    """What a text means, and what matches it."""

    query: Interpretation
    matches: Matches
    meaning: int | None = None
    """Which generation of the meaning the scores have in them; None: words alone."""


@dataclass(frozen=True, slots=True, eq=False)
class _Remembered:
    answer: SearchAnswer
    generation: int
    """Of the shelf."""
    reading: QueryReading
    writer: FacetWriter | None

    def serves(self, generation: int, reading: QueryReading, writer: FacetWriter | None) -> bool:
        """Whether the answer is still true, with the facets that are asked for."""
        is_true = self.generation == generation and self.reading is reading
        return is_true and (writer is None or self.writer == writer)


class Engine:
    """Answers queries on one state of the catalogue; another state has another engine. For use on one thread."""

    def __init__(
        self, goods: Searchable, synonyms: Synonyms | None = None, wording: Wording = ENGLISH_WORDING
    ) -> None:
        self.goods = goods
        self._interpreter = Interpreter(goods.index, synonyms or NoSynonyms(), wording=wording)
        self._readings: Bounded[str, QueryReading] = Bounded(size=MAX_MATCHES_BYTES, weigh=_weight)
        self._answers: Bounded[tuple[str, SearchOptions], _Remembered] = Bounded(size=MAX_ANSWERS)

    def by_words(self, text: str) -> QueryReading:
        """What a text means, and what matches it by its words."""
        query = self._interpreter.interpret(text)
        index = self.goods.index
        matches = match(index, query) if query.concepts or text.strip() else everything(index)
        return QueryReading(query, matches)

    def find(self, text: str) -> QueryReading:
        """The reading of a text that is remembered, or else by its words."""
        reading = self._readings.peek(text)
        if reading is None:
            reading = self.by_words(text)
            self._readings.put(text, reading)
        return reading

    def _product_of(self, query: Interpretation) -> int | None:
        return None if query.sku is None else int(self.goods.index.columns.product_ids[query.sku[0]])

    def has_fused(self, text: str, generation: int) -> bool:
        """Whether a reading is remembered that has what the meaning says in this generation of it."""
        reading = self._readings.peek(text)
        return reading is not None and reading.meaning == generation

    def remember(self, text: str, reading: QueryReading) -> None:
        """Take this for the reading of a text."""
        self._readings.put(text, reading)

    def answer(self, text: str, selection: SearchOptions, writer: FacetWriter | None = None) -> SearchAnswer:
        """What a text finds among what is selected; with the facets, where something is to write them."""
        generation, reading = self.goods.shelf.generation, self.find(text)
        if selection.criteria.stocked is not None:  # what moves with each sale is not worth remembering
            return self.select(reading.query, reading.matches, selection, writer)
        remembered = self._answers.peek((text, selection))
        if remembered is not None and remembered.serves(generation, reading, writer):
            return remembered.answer
        answer = self.select(reading.query, reading.matches, selection, writer)
        self._answers.put((text, selection), _Remembered(answer, generation, reading, writer))
        return answer

    def best_sellers(self, selection: SearchOptions, limit: int) -> RankedProducts:
        """What sells best of all that is selected, and can be bought unless something else is asked for."""
        criteria = selection.criteria
        if criteria.in_stock is None:
            criteria = replace(criteria, in_stock=True)
        passing = Narrowed(self.goods, everything(self.goods.index), criteria).passing()
        return rank(self.goods, passing, SortOrder.POPULARITY).first(limit)

    def select(
        self,
        query: Interpretation,
        matches: Matches,
        selection: SearchOptions,
        writer: FacetWriter | None = None,
    ) -> SearchAnswer:
        """What of the matches is selected."""
        narrowed = Narrowed(self.goods, matches, selection.criteria)
        passing = narrowed.passing()
        return SearchAnswer(
            query=query,
            ranked=rank(self.goods, passing, selection.order),
            sku_product=self._product_of(query),
            total=len(passing),
            facets=None if writer is None else writer.write(narrowed.facets(selection.price_unit)),
        )


def _weight(reading: QueryReading) -> int:
    return 12 * len(reading.matches) + 1_000


def page_after(ranked: RankedProducts, last: tuple[int, int] | None) -> int:
    """Where the next page begins, behind the product that stood last on the one before, at that place.

    It is looked for where it is by now; one that is gone leaves its place to the next.
    """
    if last is None:
        return 0
    position, product_id = last
    now = np.flatnonzero(ranked.product_ids == product_id)
    return int(now[0]) + 1 if len(now) else position
