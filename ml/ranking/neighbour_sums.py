"""Adds up what the neighbours of many products say of each product of the catalogue."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ml.data.arrays import Array, Doubles, Floats, Rows
from ml.models.blend_weights import BlendWeights
from ml.models.neighbours import Contributions


class NeighbourSums:
    """Sums by product, in standard scores over the catalogue: of the history's neighbours, and of the page's.

    They are dense: numpy adds into a vector of 100,000 products in less time than it takes to tell which of some
    thousand entries name the same product.
    """

    def __init__(self, own: Contributions, cross: Contributions, size: int, trained: int) -> None:
        """`own` are the neighbours of the history, `cross` those of the page.

        `size` is the number of products; the first `trained` of them are those the scores are standard over.
        """
        self._size = size
        self._own, self._cross = own, cross
        self._own_sums, self._own_scale = _sums(own, size, trained)
        self._cross_sums, self._cross_scale = _sums(cross, size, trained)

    def highest(self, weights: BlendWeights, count: int, may: Callable[[Rows], Array]) -> Rows:
        """The `count` products that `may` be listed with the largest positive weighted sums, in no order."""
        totals, level = self._own_sums, 1 / self._own_scale if self._own_scale else 0.0
        if len(self._cross.rows):
            totals = (weights.affinity * self._own_scale) * totals
            totals += (weights.together * self._cross_scale) * self._cross_sums
            level = 1.0
        # Those above a standard score are enough, unless most of them may not be listed.
        rows = np.flatnonzero(totals > level)
        rows = rows[may(rows)]
        if len(rows) < count:
            rest = np.flatnonzero((totals > 0) & (totals <= level))
            rows = np.concatenate([rest[may(rest)], rows])
        return rows[_largest(totals.take(rows).astype(np.float32), count)]

    def of(self, rows: Rows) -> tuple[Doubles, Doubles]:
        """The sums of any products, from the history and from the page; 0 for those not named."""
        return self._own_sums[rows] * self._own_scale, self._cross_sums[rows] * self._cross_scale

    def by_seed(self, rows: Rows, weights: BlendWeights, *, here: int, past: int) -> Doubles:
        """What each product of the page, then of the history, adds to the weighted sums of `rows`, a row for each.

        There are `here` on the page, and `past` in the history.
        """
        own = self._table(self._own, rows, past) * (weights.affinity * self._own_scale)
        if not here:
            return own
        return np.hstack([self._table(self._cross, rows, here) * (weights.together * self._cross_scale), own])

    def _table(self, contributions: Contributions, rows: Rows, seeds: int) -> Doubles:
        is_meant = np.zeros(self._size, dtype=np.bool_)
        is_meant[rows] = True
        entries = np.flatnonzero(is_meant.take(contributions.rows))
        order = np.argsort(rows)
        positions = order[np.searchsorted(rows, contributions.rows[entries], sorter=order)]
        cells = positions * seeds + contributions.seeds[entries]
        table = np.bincount(cells, contributions.weights[entries], len(rows) * seeds)
        return table.reshape(len(rows), seeds).astype(np.float64, copy=False)


def _largest(values: Floats, count: int) -> Array:
    """Mark the `count` largest, or all; of equals the last, whose products are newer."""
    if len(values) <= count:
        return np.ones(len(values), dtype=np.bool_)
    threshold = np.partition(values, -count)[-count]
    marked: Array = values > threshold
    equal = np.flatnonzero(values == threshold)
    marked[equal[len(equal) - (count - np.count_nonzero(marked)) :]] = True
    return marked


def _sums(contributions: Contributions, size: int, trained: int) -> tuple[Doubles, float]:
    """The sums of the neighbours by product, and what makes their root mean square over the catalogue 1."""
    if not len(contributions.rows):
        return np.zeros(size), 0.0
    sums: Doubles = np.bincount(contributions.rows, contributions.weights, size).astype(
        np.float64, copy=False
    )
    return sums, 1 / max(float(np.sqrt(sums @ sums / trained)), 1e-12)
