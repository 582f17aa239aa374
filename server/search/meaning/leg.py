"""The second leg of a search: what a query means, by a sentence model or by the shop's own content vectors."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np

from ml.data.arrays import Floats, Ids
from ml.models.content import ProductText
from ml.models.packed_index import Nearest, PackedIndex, PatchedIndex
from ml.models.sentence import SentenceModel
from server.events.cache import Bounded
from server.recommend.serving.served_models import ServedModels
from server.search.engine.fusion import Closeness

SPAN = 300
"""How many products are taken for close to a query at most."""

FLOOR = 0.35
"""A cosine below which a product has little to do with a query: what only that speaks for is not listed."""

MAX_QUERIES = 4_096
"""Queries whose vectors are kept: most that people type, others typed before. They take 6 MB."""


class Vectors(Protocol):
    """The vectors of products, as they are now."""

    @property
    def index(self) -> PackedIndex | PatchedIndex:
        """An index of them."""
        ...

    @property
    def generation(self) -> int:
        """Another number whenever the index is another."""
        ...


class SentenceMeaning:
    """Meaning by a sentence model; for use on a worker's event loop."""

    share = 0.35
    """See docs/search.md for what others bring."""

    def __init__(self, model: SentenceModel, vectors: Vectors) -> None:
        self._model = model
        self._vectors = vectors
        self._queries: Bounded[str, Floats] = Bounded(size=MAX_QUERIES)
        # Off the loop, which other calls need meanwhile, and one at a time: a worker has one core.
        self._thread = ThreadPoolExecutor(1, "meaning")

    @property
    def generation(self) -> int:
        """Another number whenever a vector is another."""
        return self._vectors.generation

    async def closeness(self, text: str, product_ids: Ids) -> Closeness | None:
        """How close these products are to a text, and those that are closest; None without vectors."""
        if len(self._vectors.index) == 0:
            return None
        key = " ".join(text.lower().split())
        vector, closeness = await asyncio.get_running_loop().run_in_executor(
            self._thread, self._compared, key, self._queries.peek(key), product_ids
        )
        self._queries.put(key, vector)
        return closeness

    def stop(self) -> None:
        """Compare nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _compared(self, text: str, remembered: Floats | None, product_ids: Ids) -> tuple[Floats, Closeness]:
        vector = self._model.of_query(text) if remembered is None else remembered
        index = self._vectors.index
        return vector, closeness_of(
            product_ids, index.cosines(vector, product_ids), index.search(vector, SPAN)
        )


class ContentMeaning:
    """Meaning by the content vectors of the model that recommends; for use on a worker's event loop."""

    share = 0.0
    """They bring nothing beside words (docs/search.md), and serve where there are none."""
    generation = 0

    def __init__(self, models: ServedModels) -> None:
        self._models = models

    async def closeness(self, text: str, product_ids: Ids) -> Closeness | None:
        """How close these products are to a text, and those that are closest; None where the model cannot say."""
        model = self._models.arm("").model
        if model is None:
            return None
        words = ProductText(text)
        compared = await asyncio.to_thread(model.related.by_words, words, product_ids, SPAN)
        return None if compared is None else closeness_of(product_ids, *compared)


def closeness_of(product_ids: Ids, cosines: Floats, nearest: Nearest) -> Closeness:
    """These products with their cosines, and of the nearest others those that are near enough.

    A product whose cosine is not known (NaN), as it was just created, is taken for as close as the others are on
    average.
    """
    numbers = cosines[~np.isnan(cosines)]
    average = numbers.mean() if len(numbers) else np.float32(0)
    others = ~np.isin(nearest.ids, product_ids) & (nearest.cosines >= FLOOR)
    return Closeness(
        np.append(product_ids, nearest.ids[others]),
        np.append(np.where(np.isnan(cosines), average, cosines), nearest.cosines[others]).astype(np.float32),
    )
