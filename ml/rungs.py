"""The rungs of the ladder: personal, similar, trending, popular."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

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


class Taste:
    """Blends what a user's factors like with what goes with the products they just touched."""

    floor, ceiling = PERSONAL_SPAN

    def __init__(
        self, liking: Floats | None, together: Together | None, size: int, names: Sequence[str]
    ) -> None:
        """`liking` and the scores of `together` are weighted against each other; either may be missing."""
        self._together = together
        self._names = names
        if liking is None:
            self._total = together.scores if together else np.zeros(size, dtype=np.float32)
        else:
            self._total = liking + together.scores if together else liking

    def candidates(self) -> Iterator[Candidate]:
        """Propose what scores above the catalogue's average."""
        top = 0.0
        for row, score in descending(self._total):
            top = top or score
            yield Candidate(row, score / top)

    def explain(self, row: int) -> tuple[Source, str]:
        """Name the product it is bought with where that weighs more than the user's taste."""
        if self._together is not None:
            share = float(self._together.scores[row])
            if share > 0 and share >= float(self._total[row]) - share:
                seed = self._together.seed_of(row)
                return Source.SIMILAR, f"Often bought together with {self._names[seed]}"
        return Source.PERSONAL, "Liked by customers with your taste"


class Together:
    """How well each product goes with a set of seeds, each of its own importance."""

    def __init__(self, seeds: Rows, found: tuple[Array, Floats, Rows], weight: float, size: int) -> None:
        """`found` are the seeds' neighbours as `Neighbours.of_many` gives them."""
        self._seeds = seeds
        self._rows, self._values, self._seed_places = found
        scores = np.bincount(self._rows, weights=self._values, minlength=size).astype(np.float32)
        # Brought to the scale of a standard score, as the personal scores are.
        spread = float(np.sqrt(scores @ scores / size))
        self.scores: Floats = scores * np.float32(weight / spread) if spread > 0 else scores

    def seed_of(self, row: int) -> int:
        """The seed that speaks loudest for a product."""
        places = np.flatnonzero(self._rows == row)
        return int(self._seeds[self._seed_places[places[np.argmax(self._values[places])]]])


class Similar:
    """Proposes the nearest products to one or more seed vectors."""

    def __init__(
        self,
        index: VectorIndex,
        seeds: Sequence[tuple[Floats, str]],
        *,
        first_look: int,
        span: Span = SIMILAR_SPAN,
    ) -> None:
        """`seeds` are vectors with the reason for their neighbours. The index's ids are catalogue rows."""
        self.floor, self.ceiling = span
        self._index = index
        self._seeds = seeds
        self._first_look = first_look
        self._reasons: dict[int, str] = {}

    def candidates(self) -> Iterator[Candidate]:
        """Propose in descending similarity; look twice as far whenever all found so far were refused."""
        found: set[int] = set()
        look = self._first_look
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
            if look >= len(self._index):
                return
            look *= 4

    def explain(self, row: int) -> tuple[Source, str]:
        """Name the seed it is similar to."""
        return Source.SIMILAR, self._reasons[row]


class Listed:
    """Proposes from a list that is already in order."""

    def __init__(
        self, rows: Iterable[int], scores: Floats, source: Source, reason: Callable[[int], str], span: Span
    ) -> None:
        self.floor, self.ceiling = span
        self._rows = rows
        self._scores = scores
        self._source = source
        self._reason = reason

    def candidates(self) -> Iterator[Candidate]:
        """Propose the list as it stands; `scores` gives each row's strength."""
        for row in self._rows:
            yield Candidate(int(row), float(self._scores[row]))

    def explain(self, row: int) -> tuple[Source, str]:
        """Give the list's own reason."""
        return self._source, self._reason(row)
