"""Blends what is known of a user into one score per product, from what every source says of the same candidates.

The products of the history propose (a sum of sparse rows); every other source only speaks about what was proposed,
so that a call costs the same however wide the sources are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ml.data.arrays import Array, Doubles, Floats, Rows
from ml.models.blend_weights import AFFINITY, CONTENT, FEATURES, RECENT, TASTE, TOGETHER, BlendWeights
from ml.models.neighbours import NOTHING, Contributions, Neighbours, spread
from ml.ranking import content_candidates
from ml.ranking.candidates import Candidates, Features
from ml.ranking.content_candidates import LATEST
from ml.ranking.context import Context
from ml.ranking.neighbour_sums import NeighbourSums
from ml.ranking.recent_sales import RecentSales
from ml.ranking.similarity import Similarity
from ml.ranking.user_factors import UserFactors

CANDIDATES = 160
"""Products that are scored by every source."""


class Ranker:
    """Finds candidates and describes them, from one artifact's arrays."""

    def __init__(
        self,
        arrays: Mapping[str, Array],
        user_factors: UserFactors,
        recent_sales: RecentSales,
        similarity: Similarity,
        newcomers: int = 0,
    ) -> None:
        """`similarity` and `recent_sales` have a row for each of the `newcomers` too, after the trained ones."""
        self._affinity = _neighbours(arrays, "affinity").extended(newcomers)
        self._together = _neighbours(arrays, "copurchase").extended(newcomers)
        self._together_scale = np.float32(1 / spread(arrays["copurchase_weights"]))
        self._user_factors = user_factors
        self._recent_sales = recent_sales
        self._similarity = similarity
        self._content = similarity.content
        # Newcomers count for nothing in what is standard: with them, the others score as without.
        self._trained = len(similarity.content) - newcomers
        wide = similarity.content[: self._trained].astype(np.float64)
        self.size = len(self._content)
        """The number of products."""
        self._content_gram: Doubles = wide.T @ wide / max(1, len(wide))

    def candidates(
        self, context: Context, weights: BlendWeights, may: Callable[[Rows], Array]
    ) -> Candidates | None:
        """What goes with the user's history and the page, of what `may` be listed; None when nothing does."""
        past = context.past[: weights.seeds]
        importance = np.float32(weights.recency) ** np.arange(len(past), dtype=np.float32)
        importance[~context.bought[: weights.seeds]] *= np.float32(weights.looked)
        together = NOTHING
        if len(context.here):
            level = np.full(len(context.here), self._together_scale, np.float32)
            together = self._together.of_many(context.here, level)
        sums = NeighbourSums(self._affinity.of_many(past, importance), together, self.size, self._trained)
        vector = self._user_factors.vector(context.user_id, context.past) if weights.taste else None
        # What may not be listed is left out first: whoever bought much would use up the candidates with it.
        rows = sums.highest(weights, CANDIDATES, may)
        if not len(rows) and vector is not None:
            # Nothing goes with what is known of them since; their factors know what they used to like.
            rows, _ = self._similarity.index.search(self._similarity.factor_query(vector), CANDIDATES)
        if not len(rows):
            return None
        by_words = self._similar_by_words(context.here, past, weights.recency)
        if len(by_words.rows):
            rows = np.union1d(rows, by_words.rows)
        return Candidates(context, rows, importance, sums, vector, by_words)

    def features(self, candidates: Candidates, weights: BlendWeights) -> Features:
        """What every source with a weight says of the candidates."""
        context, rows = candidates.context, candidates.rows
        matrix = np.zeros((len(rows), len(FEATURES)), dtype=np.float32)
        matrix[:, AFFINITY], matrix[:, TOGETHER] = candidates.sums.of(rows)
        if candidates.vector is not None:
            matrix[:, TASTE] = self._user_factors.scores(candidates.vector, rows)
        if weights.content:
            seeds = np.concatenate([context.here, context.past[: weights.seeds]])
            importance = np.concatenate([np.ones(len(context.here), np.float32), candidates.importance])
            matrix[:, CONTENT] = self._like(rows, importance @ self._content[seeds])
        if weights.recent:
            matrix[:, RECENT] = self._recent_sales.scores(rows, context.now)
        by_words = candidates.by_words
        if len(by_words.rows):
            lifts = _lift(matrix, rows, by_words, context.past, weights)
            by_words = by_words._replace(weights=lifts * np.float32(weights.affinity))
        return Features(context, rows, matrix, candidates.sums, by_words)

    def _similar_by_words(self, here: Rows, past: Rows, recency: float) -> Contributions:
        """What is like those of the latest products with which nothing goes."""
        latest = [(row, self._together) for row in here[:LATEST].tolist()]
        latest += [(row, self._affinity) for row in past[: LATEST - len(latest)].tolist()]
        speaking = [position for position, (row, neighbours) in enumerate(latest) if neighbours.has_none(row)]
        if not speaking:
            return NOTHING
        return content_candidates.proposed(self._similarity, [row for row, _ in latest], speaking, recency)

    def alone(self, source: str, context: Context, weights: BlendWeights) -> Floats:
        """What one source says of every product: als, copurchase or content; for measuring it alone."""
        past = context.past[: weights.seeds]
        catalogue = np.arange(len(self._content))
        if source == "als":
            vector = self._user_factors.vector(context.user_id, past)
            if vector is not None:
                return self._user_factors.scores(vector, catalogue)
        elif source == "content" and len(past):
            return self._like(catalogue, self._content[past].sum(axis=0))
        elif source == "copurchase":
            ones = np.ones(len(past), np.float32)
            summed = NeighbourSums(self._affinity.of_many(past, ones), NOTHING, self.size, self._trained)
            return np.asarray(summed.of(catalogue)[0], np.float32)
        return np.zeros(len(catalogue), dtype=np.float32)

    def nearest_seed(self, row: int, seeds: Rows) -> int:
        """The seed whose words are most like those of a product."""
        return int(seeds[np.argmax(self._content[seeds] @ self._content[row])])

    def _like(self, rows: Rows, profile: Floats) -> Floats:
        wide = profile.astype(np.float64)
        size = float(np.sqrt(np.maximum(wide @ self._content_gram @ wide, 0)))
        if size <= 1e-9:
            return np.zeros(len(rows), dtype=np.float32)
        return np.asarray(self._content[rows] @ (profile / np.float32(size)), dtype=np.float32)


def _neighbours(arrays: Mapping[str, Array], part: str) -> Neighbours:
    return Neighbours(*(arrays[f"{part}_{name}"] for name in ("indptr", "indices", "weights")))


def _lift(features: Floats, rows: Rows, by_words: Contributions, past: Rows, weights: BlendWeights) -> Floats:
    """Put what is similar among the first by adding to its affinity; gives what its entries added."""
    lifts = content_candidates.lifts(features @ weights.vector, rows, past, by_words) / np.float32(
        weights.affinity or 1
    )
    added = np.zeros(len(rows), dtype=np.float32)
    np.maximum.at(added, np.searchsorted(rows, by_words.rows), lifts)
    features[:, AFFINITY] += added
    return np.asarray(lifts, dtype=np.float32)
