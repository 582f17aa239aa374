"""An engine over a few documents, without a database."""

from __future__ import annotations

from collections.abc import Sequence

from server.search.engine.engine import Engine, SearchAnswer, SearchOptions
from server.search.engine.interpretation import Synonyms
from server.search.engine.narrowing import Facets, Searchable
from server.search.index.documents import Document, entry_of
from server.search.index.index import SearchIndex
from server.search.index.segment import segment_of
from server.search.index.shelf import Shelf, ShelfItem


def engine_of(
    documents: Sequence[Document], items: Sequence[ShelfItem] = (), synonyms: Synonyms | None = None
) -> Engine:
    """An engine that knows these; what has no item costs 10.00 and is in stock."""
    sold = {item.product_id: item for item in items}
    usual = (ShelfItem(product_id=document.product_id, price_minor=1000) for document in documents)
    shelf = Shelf([sold.get(item.product_id, item) for item in usual])
    index = SearchIndex([segment_of(entry_of(document) for document in documents)])
    return Engine(Searchable(index, shelf), synonyms)


def named(*names: str) -> Engine:
    """An engine over products of these names, with the ids 1, 2, 3 …"""
    return engine_of([Document(product_id=i, name=name) for i, name in enumerate(names, start=1)])


class CountedFacets:
    """Keeps facets as they were counted."""

    facets: Facets

    def write(self, facets: Facets) -> bytes:
        """Keep them."""
        self.facets = facets
        return b""


def facets_of(engine: Engine, text: str, selection: SearchOptions | None = None) -> Facets:
    """The facets of what a text finds."""
    counted = CountedFacets()
    engine.answer(text, selection or SearchOptions(), counted)
    return counted.facets


def search(engine: Engine, text: str, selection: SearchOptions | None = None) -> SearchAnswer:
    """What a text finds."""
    return engine.answer(text, selection or SearchOptions())


def ids(engine: Engine, text: str, selection: SearchOptions | None = None) -> list[int]:
    """The products that a text finds, the best first."""
    found: list[int] = search(engine, text, selection).ranked.product_ids.tolist()
    return found
