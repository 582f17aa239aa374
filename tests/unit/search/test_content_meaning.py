"""Meaning by the words that a shop's own products share, as the model that recommends has learned them."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from ml.models.content import Embedder, ProductText, train
from ml.models.packed_index import Nearest
from server.search.meaning.leg import ContentMeaning

SHELVES = {"Coffee": ["Moka Pot", "Burr Grinder", "Milk Frother"], "Garden": ["Rake", "Gloves", "Seeds"]}
TEXTS = [ProductText(name, shelf) for shelf, names in SHELVES.items() for name in names]


class Trained:
    """What a served model offers, of products with the ids 1, 2, 3 …"""

    def __init__(self) -> None:
        arrays, vocabulary = train(TEXTS)
        self._embedder = Embedder(vocabulary, arrays["content_idf"], arrays["content_projection"])
        self._vectors = arrays["content_vectors"]
        self.model = self.related = self

    def arm(self, key: str) -> Trained:
        """The one in use."""
        return self

    def by_words(self, text: ProductText, product_ids: Any, limit: int) -> Any:
        """The cosines of products, and the nearest."""
        vector = self._embedder.embed([text])[0]
        if not vector.any():
            return None
        cosines = self._vectors @ vector
        order = np.argsort(-cosines)[:limit]
        return cosines[product_ids - 1], Nearest(order + 1, cosines[order])


def test_products_of_one_subject_are_close_to_its_words() -> None:
    meaning = ContentMeaning(Trained())  # type: ignore[arg-type]
    closeness = asyncio.run(meaning.closeness("coffee", np.array([1, 4])))
    assert closeness is not None
    assert set(closeness.product_ids.tolist()) == {1, 2, 3, 4}
    assert closeness.values[0] > 0.9 > 0.1 > closeness.values[1]


def test_unknown_words_say_nothing() -> None:
    meaning = ContentMeaning(Trained())  # type: ignore[arg-type]
    assert asyncio.run(meaning.closeness("zebra", np.array([1]))) is None
