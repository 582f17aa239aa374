"""`sanset evaluate --search`: builds an index of a file of products, and asks it what people asked."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from server.search.engine.engine import Engine, SearchOptions
from server.search.engine.narrowing import Searchable
from server.search.evaluation.data import read_judgements, read_products
from server.search.evaluation.measure import DEPTH, Find, Quality, full_text, measure
from server.search.evaluation.typos import mistyped
from server.search.index.documents import entry_of
from server.search.index.index import SearchIndex
from server.search.index.segment import segment_of
from server.search.index.shelf import Shelf, ShelfItem


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuality:
    """The quality of search, and of plain full-text search on the same texts."""

    clean: Quality
    full_text: Quality
    typos: Quality | None = None
    full_text_typos: Quality | None = None

    def parts(self) -> Mapping[str, Quality]:
        """What was measured, by name."""
        named = {
            "clean": self.clean,
            "typos": self.typos,
            "full_text": self.full_text,
            "full_text_typos": self.full_text_typos,
        }
        return {name: quality for name, quality in named.items() if quality is not None}


def evaluate(products: Path, judgements: Path, *, typos: int | None) -> SearchQuality:
    """Measure on these files, with `typos` once more with a mistyped word; raises CommandError and OSError."""
    collection = read_products(products)
    judged = read_judgements(judgements, collection.ids)
    index = SearchIndex([segment_of(entry_of(document) for document in collection.documents)])
    shelf = Shelf(
        [ShelfItem(product_id=document.product_id, price_minor=0) for document in collection.documents]
    )
    find, plain = _serving(Engine(Searchable(index, shelf))), full_text(collection.documents)
    if typos is None:
        return SearchQuality(clean=measure(find, judged), full_text=measure(plain, judged))
    chance = random.Random(typos)  # noqa: S311 - repeatable, not a secret
    typed = {query: mistyped(query, chance) for query in judged}
    return SearchQuality(
        clean=measure(find, judged),
        typos=measure(find, judged, typed.__getitem__),
        full_text=measure(plain, judged),
        full_text_typos=measure(plain, judged, typed.__getitem__),
    )


def _serving(engine: Engine) -> Find:
    def find(query: str) -> tuple[list[int], int]:
        answer = engine.answer(query, SearchOptions())
        return answer.ranked.product_ids[:DEPTH].tolist(), answer.total

    return find
