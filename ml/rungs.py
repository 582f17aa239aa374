"""The rungs of the ladder: personal, similar, trending, popular."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ml.arrays import Array, Floats, Rows
from ml.blend import Candidate, Source, descending
from ml.index import VectorIndex

Span = tuple[float, float]
"""The scores of a rung's weakest and strongest product."""

PERSONAL_SPAN: Span = (0.5, 1.0)
SIMILAR_SPAN: Span = (0.3, 0.5)
TRENDING_SPAN: Span = (0.1, 0.3)
POPULAR_SPAN: Span = (0.0, 0.1)
TRENDED_SPAN: Span = (0.1, 1.0)
"""Trending where nothing stands above it."""
WHOLE_SPAN: Span = (0.0, 1.0)

SIMILAR_FIRST_LOOK = 64
LIST_CHUNK = 64


class Together:
    """How well products go with a set of seeds, each of its own importance."""

    def __init__(self, seeds: Rows, found: tuple[Array, Floats, Rows], weight: float, size: int) -> None:
        """`found` are the seeds' neighbours as `Neighbours.of_many` gives them, in a catalogue of
        `size` products.
        """
        self._seeds = seeds
        self._rows, values, self._places = found
        # Brought to the scale of a standard score, as the personal scores are.
        spread = float(np.sqrt(values @ values / size))
        self._values = values * np.float32(weight / spread) if spread > 0 else values

    def add_to(self, scores: Floats) -> None:
        """Add each product's share to its score, in place."""
        np.add.at(scores, self._rows, self._values)

    def strongest(self, row: int) -> tuple[float, int]:
        """A product's whole share, and the seed that speaks loudest for it (-1: none does)."""
        (places,) = (self._rows == row).nonzero()
        if not len(places):
            return 0.0, -1
        values = self._values[places]
        return float(values.sum()), int(self._seeds[self._places[places[values.argmax()]]])


class Taste:
    """Blends what a user's factors like with what goes with the products they just touched."""

    floor, ceiling = PERSONAL_SPAN

    def __init__(
        self, scores: Floats, together: Together | None, names: Sequence[str], source: Source
    ) -> None:
        """`scores` per product already contain the shares of `together`."""
        self._scores = scores
        self._source = source
        self._together = together
        self._names = names

    def candidates(self) -> Iterator[Candidate]:
        """Propose what scores above the catalogue's average."""
        top = 0.0
        for row, score in descending(self._scores):
            top = top or score
            yield Candidate(row, score / top)

    def explain(self, row: int) -> tuple[Source, str]:
        """Name the product it is bought with where that weighs more than the user's taste."""
        if self._together is not None:
            share, seed = self._together.strongest(row)
            if seed >= 0 and 2 * share >= self._scores[row]:
                return self._source, f"Often bought together with {self._names[seed]}"
        return self._source, "Liked by customers with your taste"


class Similar:
    """Proposes the nearest products to one or more seed vectors."""

    def __init__(
        self,
        index: VectorIndex,
        seeds: Sequence[tuple[Floats, str]],
        *,
        furthest: int | None = None,
        span: Span = WHOLE_SPAN,
    ) -> None:
        """`seeds` are vectors with the reason for their neighbours; the index's ids are catalogue rows.

        No seed's neighbours beyond the `furthest` nearest are proposed.
        """
        self.floor, self.ceiling = span
        self._index = index
        self._seeds = seeds
        self._furthest = min(len(index), furthest or len(index))
        self._reasons: dict[int, str] = {}

    def candidates(self) -> Iterator[Candidate]:
        """Propose in descending similarity; look twice as far whenever all found so far were refused."""
        found: set[int] = set()
        look = min(SIMILAR_FIRST_LOOK, self._furthest)
        while True:
            nearest = [
                (float(score), int(row), reason)
                for vector, reason in self._seeds
                for row, score in zip(*self._index.search(vector, look), strict=True)
                if score > 0
            ]
            for score, row, reason in sorted(nearest, key=lambda entry: -entry[0]):
                if row not in found:
                    found.add(row)
                    self._reasons[row] = reason
                    yield Candidate(row, score)
            if look >= self._furthest:
                return
            look = min(4 * look, self._furthest)

    def explain(self, row: int) -> tuple[Source, str]:
        """Name the seed it is similar to."""
        return Source.SIMILAR, self._reasons[row]


class Listed:
    """Proposes from a list that is already in order."""

    def __init__(
        self, rows: Array, scores: Floats, source: Source, reason: Callable[[int], str], span: Span
    ) -> None:
        """`scores` are those of the whole catalogue, in [0, 1]."""
        self.floor, self.ceiling = span
        self._rows = rows
        self._scores = scores
        self._source = source
        self._reason = reason

    def candidates(self) -> Iterator[Candidate]:
        """Propose the list as it stands."""
        for start in range(0, len(self._rows), LIST_CHUNK):
            rows = self._rows[start : start + LIST_CHUNK]
            yield from map(Candidate, rows.tolist(), self._scores[rows].tolist())

    def explain(self, row: int) -> tuple[Source, str]:
        """Give the list's own reason."""
        return self._source, self._reason(row)
