"""The rungs of the ladder below a user's own taste: similar, trending, popular."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ml.data.arrays import Array, Floats
from ml.models.index import Index
from ml.models.reasons import Reason
from ml.ranking.selection import Batch, Source

Span = tuple[float, float]
"""The scores of a rung's weakest and strongest product."""

SIMILAR_SPAN: Span = (0.3, 0.5)
TRENDING_SPAN: Span = (0.1, 0.3)
POPULAR_SPAN: Span = (0.0, 0.1)
TRENDED_SPAN: Span = (0.1, 1.0)
"""Trending where nothing stands above it."""
WHOLE_SPAN: Span = (0.0, 1.0)

FIRST_LOOK = 64
GROWTH = 4


class Similar:
    """Proposes the nearest products to one or more seed vectors."""

    def __init__(
        self,
        index: Index,
        seeds: Callable[[], Sequence[tuple[Floats, Reason]]],
        *,
        furthest: int | None = None,
        span: Span = WHOLE_SPAN,
    ) -> None:
        """`seeds` gives vectors with the reason for their neighbours, when they are needed at all; the index's ids
        are catalogue rows.

        No seed's neighbours beyond the `furthest` nearest are proposed; these are looked up at once.
        """
        self.floor, self.ceiling = span
        self._index = index
        self._seeds = seeds
        self._first_look = furthest or FIRST_LOOK
        self._furthest = min(len(index), furthest or len(index))
        self._reasons: dict[int, Reason] = {}

    def batches(self, count: int) -> Iterator[Batch]:
        """Propose in descending similarity; look further whenever all so far were refused."""
        look = min(max(self._first_look, count), self._furthest)
        seeds = self._seeds()
        while True:
            batch: dict[int, float] = {}
            nearest = [
                (float(score), int(row), reason)
                for vector, reason in seeds
                for row, score in zip(*self._index.search(vector, look), strict=True)
                if score > 0
            ]
            for score, row, reason in sorted(nearest, key=lambda entry: -entry[0]):
                if row not in self._reasons:
                    batch[row] = score
                    self._reasons[row] = reason
            yield Batch(np.array(list(batch), dtype=np.int64), np.array(list(batch.values()), np.float32))
            if look >= self._furthest:
                return
            look = min(GROWTH * look, self._furthest)

    def explain(self, rows: Sequence[int]) -> list[tuple[Source, Reason]]:
        """Name the seed that each is similar to."""
        return [(Source.SIMILAR, self._reasons[row]) for row in rows]


class Listed:
    """Proposes from a list that is already in order."""

    def __init__(
        self, rows: Array, scores: Floats, source: Source, reason: Callable[[int], Reason], span: Span
    ) -> None:
        """`scores` are those of the whole catalogue, in [0, 1]."""
        self.floor, self.ceiling = span
        self._rows = rows
        self._scores = scores
        self._source = source
        self._reason = reason

    def batches(self, count: int) -> Iterator[Batch]:
        """Propose the list as it stands."""
        start, size = 0, max(FIRST_LOOK, count)
        while start < len(self._rows):
            rows = self._rows[start : start + size]
            yield Batch(rows, self._scores[rows])
            start, size = start + size, GROWTH * size

    def explain(self, rows: Sequence[int]) -> list[tuple[Source, Reason]]:
        """Give the list's own reason."""
        return [(self._source, self._reason(row)) for row in rows]
