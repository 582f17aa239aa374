"""The search that serves, on a file of products instead of a shop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.models.packed_index import PackedIndex
from ml.models.sentence import SentenceModel
from server.catalog.category_tree import CategoryTree
from server.progress import ProgressReport
from server.recommend.serving.queries import ProductWords
from server.search.convert import FacetsToWire
from server.search.engine.engine import Engine, SearchOptions
from server.search.engine.narrowing import Searchable
from server.search.evaluation.measure import DEPTH, Find
from server.search.index.documents import Document, entry_of
from server.search.index.index import SearchIndex
from server.search.index.segment import segment_of
from server.search.index.shelf import Shelf, ShelfItem
from server.search.meaning.leg import SentenceMeaning
from server.search.meaning.product_text import text_of
from server.search.service import Meaning, NoMeaning, Search

TEXTS_AT_ONCE: Final = 64
"""Between two reports of the progress."""


@dataclass(frozen=True, slots=True)
class _OneEngine:
    """An engine that is never exchanged."""

    _engine: Engine

    async def engine(self) -> Engine:
        """It."""
        return self._engine


@dataclass(frozen=True, slots=True)
class _FileVectors:
    """Vectors that never change."""

    index: PackedIndex
    generation: int = 1


@contextmanager
def serving(
    documents: Sequence[Document], model: SentenceModel | None, report: ProgressReport
) -> Iterator[Find]:
    """What answers queries on these documents, by a sentence model where there is one."""
    index = SearchIndex([segment_of(entry_of(document) for document in documents)])
    shelf = Shelf([ShelfItem(product_id=document.product_id, price_minor=0) for document in documents])
    meaning: Meaning = NoMeaning()
    if model is not None:
        meaning = SentenceMeaning(model, _FileVectors(_placed(documents, model, report)))
    search = Search(_OneEngine(Engine(Searchable(index, shelf))), meaning)
    writer = FacetsToWire(CategoryTree([]), "USD")
    with asyncio.Runner() as runner:

        def find(query: str) -> tuple[list[int], int]:
            answer = runner.run(search.answer(query, SearchOptions(), writer))
            return answer.ranked.product_ids[:DEPTH].tolist(), answer.total

        yield find


def _placed(documents: Sequence[Document], model: SentenceModel, report: ProgressReport) -> PackedIndex:
    """The vectors of the texts by which the job of a shop places products."""
    vectors = []
    for start in range(0, len(documents), TEXTS_AT_ONCE):
        some = documents[start : start + TEXTS_AT_ONCE]
        vectors.append(model.of_texts([text_of(_words(document)) for document in some]))
        report("Placing texts", start + len(some), len(documents))
    ids = np.array([document.product_id for document in documents], dtype=np.int64)
    return PackedIndex.build(ids, np.concatenate(vectors))


def _words(document: Document) -> ProductWords:
    return ProductWords(
        name=document.name,
        category=" ".join(document.categories),
        brand=document.brand,
        description=document.description,
        category_id=None,
    )
