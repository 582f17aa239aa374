"""Serves item-to-item models: for each product the products that go with it, best first, with weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml.data.arrays import Array, Floats, Rows

if TYPE_CHECKING:
    from scipy import sparse


class Contributions(NamedTuple):
    """What several seeds say for their neighbours: parallel arrays, an entry for each pair."""

    rows: Array
    weights: Floats
    """The neighbour's weight times the importance of its seed."""
    seeds: Rows
    """The position of the seed among those asked for."""


NOTHING = Contributions(np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.int64))


class Neighbours:
    """Serves the trained neighbours; products are rows of the artifact's catalogue."""

    def __init__(self, indptr: Array, indices: Array, weights: Floats) -> None:
        self._indptr = indptr
        self._indices = indices
        self._weights = weights

    def of(self, row: int) -> tuple[Array, Floats]:
        """The neighbours of one product, best first, with their weights."""
        span = slice(self._indptr[row], self._indptr[row + 1])
        return self._indices[span], self._weights[span]

    def has_none(self, row: int) -> bool:
        """Whether nothing goes with the product."""
        return bool(self._indptr[row] == self._indptr[row + 1])

    def of_many(self, rows: Rows, importance: Floats) -> Contributions:
        """All neighbours of several seeds, each seed of its own importance."""
        starts = self._indptr[rows]
        lengths = self._indptr[rows + 1] - starts
        entries = np.repeat(starts + lengths - np.cumsum(lengths), lengths)
        entries += np.arange(len(entries))
        weights = self._weights.take(entries) * np.repeat(importance, lengths)
        return Contributions(self._indices.take(entries), weights, np.repeat(np.arange(len(rows)), lengths))

    def extended(self, count: int) -> Neighbours:
        """The same, with `count` more products that have no neighbours; nothing is copied but the bounds."""
        bounds = np.append(self._indptr, np.full(count, self._indptr[-1]))
        return Neighbours(bounds, self._indices, self._weights)


def spread(weights: Floats) -> float:
    """The root mean square of a model's weights, by which models are brought to one scale; 1 for none."""
    size = float(np.sqrt(np.mean(np.square(weights, dtype=np.float64)))) if len(weights) else 0.0
    return size if size > 0 else 1.0


def strongest(matrix: sparse.csr_matrix, count: int) -> sparse.csr_matrix:
    """Keep the `count` largest positive values of each row of a CSR matrix, largest first."""
    from scipy import sparse  # only training does this

    positive = matrix.tocsr(copy=True)
    positive.data[~(positive.data > 0)] = 0
    positive.eliminate_zeros()
    positive.sort_indices()
    lengths = np.diff(positive.indptr)
    rows = np.repeat(np.arange(positive.shape[0], dtype=np.float64), lengths)
    # One key for both: within a row the larger value comes first, and all lie less than one row apart.
    order = np.argsort(rows - positive.data / (2.0 * positive.data.max(initial=1e-30)), kind="stable")
    ranks = np.arange(len(order)) - np.repeat(positive.indptr[:-1], lengths)
    order = order[ranks < count]
    bounds = np.append(0, np.cumsum(np.minimum(lengths, count)))
    return sparse.csr_matrix((positive.data[order], positive.indices[order], bounds), shape=positive.shape)


def arrays_of(matrix: sparse.csr_matrix, part: str) -> dict[str, Array]:
    """The arrays of a CSR matrix whose rows are sorted by weight, named for a part of the artifact."""
    return {
        f"{part}_indptr": matrix.indptr.astype(np.int64),
        f"{part}_indices": matrix.indices.astype(np.int32),
        f"{part}_weights": matrix.data.astype(np.float32),
    }
