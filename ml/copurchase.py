"""Finds which products are bought together, by a three-step random walk over baskets.

RP3beta: Paudel, Christoffel, Newell and Bernstein, "Updatable, Accurate, Diverse, and Scalable
Recommendations for Interactive Applications", ACM TiiS 7(1), 2017. The walk goes product, basket, product;
each step's probability is raised to `alpha`, and the result divided by the popularity of where it ends,
raised to `beta`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from ml.arrays import Array, Floats, Ids, Rows, first_of_pairs, rows_of
from ml.dataset import Interactions

NEIGHBOURS = 100
ALPHA = 0.6
BETA = 0.4
BLOCK_BYTES = 64 * 1024 * 1024
"""Size of the dense block of similarities held at once while the best are picked."""


def baskets(interactions: Interactions, product_ids: Ids) -> Any:
    """The orders as a CSR matrix of baskets by products, one where bought; guests' orders count too."""
    items = rows_of(product_ids, interactions.product_ids)
    order_ids, orders = np.unique(interactions.order_ids, return_inverse=True)
    lines = first_of_pairs(orders, items)
    lines = lines[items[lines] >= 0]
    shape = (len(order_ids), len(product_ids))
    return sparse.csr_matrix((np.ones(len(lines), np.float32), (orders[lines], items[lines])), shape=shape)


def train(
    basket_items: Any, *, alpha: float = ALPHA, beta: float = BETA, neighbours: int = NEIGHBOURS
) -> dict[str, Array]:
    """Give each product's best neighbours, best first, as the arrays of `Neighbours`.

    `basket_items` is a CSR matrix of baskets by products.
    """
    items = basket_items.shape[1]
    degrees = np.asarray(basket_items.sum(axis=0), dtype=np.float32).ravel()
    forward = _transition(basket_items, alpha)
    backward = _transition(basket_items.T.tocsr(), alpha)
    with np.errstate(divide="ignore"):
        discount = np.where(degrees > 0, degrees**-beta, 0).astype(np.float32)
    block = max(1, BLOCK_BYTES // max(1, 4 * items))
    counts, indices, weights = [np.zeros(1, np.int64)], [], []
    for start in range(0, items, block):
        similar = (backward[start : start + block] @ forward).toarray() * discount
        similar[np.arange(len(similar)), np.arange(start, start + len(similar))] = 0
        kept, columns, values = _best(similar, min(neighbours, items))
        counts.append(kept)
        indices.append(columns)
        weights.append(values)
    return {
        "copurchase_indptr": np.cumsum(np.concatenate(counts), dtype=np.int64),
        "copurchase_indices": np.concatenate([np.empty(0, np.int32), *indices]),
        "copurchase_weights": np.concatenate([np.empty(0, np.float32), *weights]),
    }


def _transition(matrix: Any, alpha: float) -> Any:
    """Row-normalise into probabilities, each raised to alpha."""
    step = matrix.copy().astype(np.float32)
    totals = np.asarray(step.sum(axis=1)).ravel()
    step.data = (step.data / np.repeat(totals, np.diff(step.indptr))) ** alpha
    return step


def _best(block: Floats, count: int) -> tuple[Array, Array, Array]:
    """The `count` largest positive values of each row, largest first: number, columns, values."""
    columns = np.argpartition(block, block.shape[1] - count, axis=1)[:, block.shape[1] - count :]
    values = np.take_along_axis(block, columns, axis=1)
    order = np.lexsort((columns, -values), axis=1)
    columns, values = np.take_along_axis(columns, order, axis=1), np.take_along_axis(values, order, axis=1)
    kept = values > 0
    return kept.sum(axis=1), columns[kept].astype(np.int32), values[kept].astype(np.float32)


class Neighbours:
    """Serves the trained neighbours; products are rows of the artifact's catalogue."""

    def __init__(self, indptr: Array, indices: Array, weights: Array) -> None:
        self._indptr = indptr
        self._indices = indices
        self._weights = weights

    def of(self, row: int) -> tuple[Array, Floats]:
        """The neighbours of one product, best first, with their weights."""
        span = slice(self._indptr[row], self._indptr[row + 1])
        return self._indices[span], self._weights[span]

    def of_many(self, rows: Rows, importance: Floats) -> tuple[Array, Floats, Rows]:
        """All neighbours of several seeds: row, weight times the seed's importance, position of the seed."""
        starts, ends = self._indptr[rows], self._indptr[rows + 1]
        lengths = ends - starts
        seeds = np.repeat(np.arange(len(rows)), lengths)
        places = np.arange(len(seeds)) + np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
        return self._indices[places], self._weights[places] * importance[seeds], seeds
