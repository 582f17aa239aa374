"""Ranks candidates, and says why each stands where it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ml.data.arrays import Floats, Rows
from ml.models import calibration
from ml.models.blend_weights import AFFINITY, CONTENT, RECENT, TASTE, TOGETHER, BlendWeights
from ml.models.reasons import Reason, ReasonCode
from ml.ranking.candidates import Features
from ml.ranking.catalogue import Catalogue
from ml.ranking.ranker import Ranker
from ml.ranking.selection import Batch, Source

GROWTH = 4


class RankedCandidates:
    """Candidates in order of their weighted features: the user's own rung of the ladder."""

    floor, ceiling = 0.0, 1.0

    def __init__(
        self,
        features: Features,
        ranker: Ranker,
        catalogue: Catalogue,
        *,
        weights: BlendWeights,
        curve: tuple[Floats, Floats],
    ) -> None:
        self._features = features
        self._ranker = ranker
        self._catalogue = catalogue
        self._weights = weights
        self._spoke_by_words = frozenset(features.by_words.seeds.tolist())
        self._shares = features.matrix * weights.vector
        self._totals: Floats = self._shares.sum(axis=1)
        # Of equals the newer product, whatever order the candidates came in.
        self._order = np.lexsort((-catalogue.ids[features.rows], -self._totals))
        self._positions: dict[int, int] = {}
        self._curve = curve

    def batches(self, count: int) -> Iterator[Batch]:
        """Propose by descending total."""
        start, size = 0, 2 * count
        while start < len(self._order):
            positions = self._order[start : start + size]
            rows = self._features.rows[positions]
            self._positions.update(zip(rows.tolist(), positions.tolist(), strict=True))
            yield Batch(rows, calibration.chances(self._totals[positions], self._curve))
            start, size = start + size, GROWTH * size

    def explain(self, rows: Sequence[int]) -> list[tuple[Source, Reason]]:
        """Name the product that speaks loudest for each, or else the source that does."""
        if not rows:
            return []
        context = self._features.context
        seeds = np.concatenate([context.here, context.past])
        if not len(seeds):
            return [(Source.PERSONAL, Reason(ReasonCode.SHARED_TASTE))] * len(rows)
        shares = self._shares[[self._positions[row] for row in rows]].tolist()
        return [
            self._reason(row, share, seed, seeds)
            for row, share, seed in zip(rows, shares, self._loudest(rows), strict=True)
        ]

    def _loudest(self, rows: Sequence[int]) -> list[int]:
        """For each row the position of the seed that says most for it."""
        context, by_words = self._features.context, self._features.by_words
        table = self._features.sums.by_seed(
            np.array(rows), self._weights, here=len(context.here), past=len(context.past)
        )
        entries = zip(by_words.rows.tolist(), by_words.seeds.tolist(), by_words.weights.tolist(), strict=True)
        for row, seed, weight in entries:
            if row in rows:
                table[rows.index(row), seed] += weight
        loudest: list[int] = table.argmax(axis=1).tolist()
        return loudest

    def _reason(self, row: int, shares: Sequence[float], seed: int, seeds: Rows) -> tuple[Source, Reason]:
        context = self._features.context
        neighbours = shares[AFFINITY] + shares[TOGETHER]
        if shares[RECENT] > max(neighbours, shares[CONTENT], shares[TASTE]):
            return Source.TRENDING, Reason(ReasonCode.TRENDING)
        if shares[TASTE] > max(neighbours, shares[CONTENT]):
            return Source.PERSONAL, Reason(ReasonCode.SHARED_TASTE)
        if shares[CONTENT] > neighbours:
            nearest = self._ranker.nearest_seed(row, seeds)
            return Source.SIMILAR, self._catalogue.reason(ReasonCode.SIMILAR, nearest)
        if seed in self._spoke_by_words:
            return Source.SIMILAR, self._catalogue.reason(ReasonCode.SIMILAR, seeds[seed])
        if seed < len(context.here):
            return Source.SIMILAR, self._catalogue.reason(ReasonCode.BOUGHT_TOGETHER, seeds[seed])
        bought = context.bought[seed - len(context.here)]
        code = ReasonCode.BOUGHT_RELATED if bought else ReasonCode.VIEWED_RELATED
        return Source.PERSONAL, self._catalogue.reason(code, seeds[seed])
