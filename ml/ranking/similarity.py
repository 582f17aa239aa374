"""How much products are alike, in words and in buyers: one vector each, searched with FAISS."""

from __future__ import annotations

import numpy as np

from ml.data.arrays import Floats, normalised
from ml.models.index import Both, Index, VectorIndex

CONTENT_SHARE = 0.6
"""Weight of words in similarity; the rest is behaviour. What nobody bought yet is found by words alone."""


class Similarity:
    """A vector per product, whose inner product is the weighted mean of the cosines of words and of buyers.

    A missing half stays zero and is not made up for by stretching the other: no evidence is not similarity.
    """

    def __init__(self, content: Floats, behaviour: Floats) -> None:
        """`content` are unit vectors; `behaviour` are factors, zero for what nobody bought."""
        self._width = behaviour.shape[1]
        self._content = content
        self._behaviour = normalised(behaviour)
        self._trained = VectorIndex.build(
            np.arange(len(content)), np.hstack([self._words(content), self._buyers(self._behaviour)])
        )
        self._newcomers: VectorIndex | None = None
        self.index: Index = self._trained
        """Searches all products; its ids are rows of the catalogue."""

    @property
    def content(self) -> Floats:
        """The vectors of words alone, by row."""
        return self._content

    @property
    def newcomers(self) -> VectorIndex | None:
        """Searches the newcomers alone, by the same vectors; None without any."""
        return self._newcomers

    def extended(self, content: Floats) -> Similarity:
        """The same with more products after the trained ones, known by their words; the index is shared."""
        more = object.__new__(Similarity)
        more._width, more._behaviour, more._trained = self._width, self._behaviour, self._trained
        trained = len(self._behaviour)
        more._content = np.vstack([self._content[:trained], content])
        rows = np.arange(trained, trained + len(content))
        more._newcomers = VectorIndex.build(rows, more.of_words(content))
        more.index = Both(self._trained, more._newcomers)
        return more

    def of(self, row: int) -> Floats:
        """The vector of a product."""
        words = self._words(self._content[row : row + 1])
        if row >= len(self._behaviour):
            return np.asarray(np.append(words, np.zeros(self._width)), dtype=np.float32)
        return np.asarray(np.append(words, self._buyers(self._behaviour[row])), dtype=np.float32)

    def of_words(self, content: Floats) -> Floats:
        """The vectors of products that nobody bought, one for each row of `content`."""
        buyers = np.zeros((len(content), self._width), dtype=np.float32)
        return np.hstack([self._words(content), buyers])

    def content_query(self, content: Floats) -> Floats:
        """A query for words alone, whose scores are the cosines themselves."""
        query = np.zeros(self._content.shape[1] + self._width, dtype=np.float32)
        query[: len(content)] = content / np.float32(CONTENT_SHARE**0.5)
        return query

    def factor_query(self, factors: Floats) -> Floats:
        """A query for the products that a user's factors point at."""
        query = np.zeros(self._content.shape[1] + self._width, dtype=np.float32)
        query[self._content.shape[1] :] = factors
        return query

    def _words(self, content: Floats) -> Floats:
        return np.asarray(content * np.float32(CONTENT_SHARE**0.5), dtype=np.float32)

    def _buyers(self, behaviour: Floats) -> Floats:
        return np.asarray(behaviour * np.float32((1 - CONTENT_SHARE) ** 0.5), dtype=np.float32)
