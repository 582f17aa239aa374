"""Adds up what the neighbours of many products say of each, touching only the products that are named."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ml.data.arrays import Array, Doubles, Floats, Rows
from ml.models.blend_weights import BlendWeights
from ml.models.neighbours import Contributions


class NeighbourSums:
    """Sums by product, in standard scores over the catalogue: of the history's neighbours, and of the page's.

    A dense vector would cost the size of the catalogue; this is the sparse set of Briggs and Torczon ("An
    Efficient Representation for Sparse Sets", 1993), whose table needs no clearing.
    """

    def __init__(self, own: Contributions, cross: Contributions, size: int, trained: int) -> None:
        """`own` are the neighbours of the history, `cross` those of the page.

        `size` is the number of products; the first `trained` of them are those the scores are standard over.
        """
        named = np.concatenate([own.rows, cross.rows]) if len(cross.rows) else own.rows
        numbers = np.arange(len(named))
        self._slots = np.empty(size, dtype=np.int64)
        self._slots[named] = numbers
        self.rows: Rows = named[self._slots[named] == numbers]
        """The products that are named, each once."""
        self._slots[self.rows] = numbers[: len(self.rows)]
        slots = self._slots[named]
        self._own, self._own_sums = _standard(own, slots[: len(own.rows)], len(self.rows), trained)
        self._cross, self._cross_sums = _standard(cross, slots[len(own.rows) :], len(self.rows), trained)

    def highest(self, weights: BlendWeights, count: int, may: Callable[[Rows], Array]) -> Rows:
        """The `count` products that `may` be listed with the largest positive weighted sums, in no order."""
        totals = self._own_sums
        if len(self._cross.rows):
            totals = weights.affinity * totals + weights.together * self._cross_sums
        positive = np.flatnonzero((totals > 0) & may(self.rows))
        if len(positive) > count:
            cut = len(positive) - count
            positive = positive[np.argpartition(totals[positive], cut)[cut:]]
        return self.rows[positive]

    def of(self, rows: Rows) -> tuple[Doubles, Doubles]:
        """The sums of any products, from the history and from the page; 0 for those not named."""
        if not len(self.rows):
            return np.zeros(len(rows)), np.zeros(len(rows))
        slots = self._slots[rows]
        slots[(slots < 0) | (slots >= len(self.rows))] = 0
        named = self.rows[slots] == rows
        return np.where(named, self._own_sums[slots], 0), np.where(named, self._cross_sums[slots], 0)

    def parts(self, weights: BlendWeights, on_page: int) -> Contributions:
        """What each product of the page (there are `on_page`), then of the history, adds to the weighted sums."""
        own = Contributions(
            self._own.rows, self._own.weights * np.float32(weights.affinity), self._own.seeds + on_page
        )
        if not len(self._cross.rows):
            return own
        return joined(self._cross._replace(weights=self._cross.weights * np.float32(weights.together)), own)


def joined(first: Contributions, second: Contributions) -> Contributions:
    """Both, one after the other."""
    return Contributions(
        np.concatenate([first.rows, second.rows]),
        np.concatenate([first.weights, second.weights]),
        np.concatenate([first.seeds, second.seeds]),
    )


def _standard(
    contributions: Contributions, slots: Array, count: int, trained: int
) -> tuple[Contributions, Doubles]:
    """The neighbours and their sums by slot, divided by the root mean square of the sums over the catalogue."""
    if not len(slots):
        return contributions, np.zeros(count)
    sums: Doubles = np.bincount(slots, contributions.weights, count).astype(np.float64, copy=False)
    scale = 1 / max(float(np.sqrt(sums @ sums / trained)), 1e-12)
    scaled: Floats = contributions.weights * np.float32(scale)
    return contributions._replace(weights=scaled), sums * scale
