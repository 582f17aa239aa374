"""Trains user and item factors by alternating least squares for implicit feedback.

Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008, as implemented by
the `implicit` library, which only trains here: the factors are served by `ml.ranking.user_factors`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from scipy import sparse
from threadpoolctl import threadpool_limits

from ml.data.arrays import Array, Floats, Ids, first_of_pairs, rows_of
from ml.data.dataset import EVENT_KINDS, GUEST, Dataset

FACTORS = 50
REGULARIZATION = 0.01
ITERATIONS = 15
ALPHA = 10.0
"""Confidence in one purchase; never having bought counts as 1."""

EVENT_STRENGTH = {"VIEW": 0.05, "CLICK": 0.05, "WISHLIST": 0.3, "ADD_TO_CART": 0.3}
"""What behaviour is worth beside a purchase, which is worth 1."""


@dataclass(frozen=True, eq=False)
class Factors:
    """Trained factors, float32, and the confidences they were trained on."""

    users: Floats
    items: Floats
    confidences: sparse.csr_matrix
    """Users by items."""


def strengths(dataset: Dataset, user_ids: Ids) -> sparse.csr_matrix:
    """How much each user wants each product, as a CSR matrix of users by products.

    The first order of a product counts 1 and repeats add less and less; weaker behaviour adds its share once
    per kind.
    """
    lines, events, products = dataset.interactions, dataset.events, dataset.products.ids
    shape = (len(user_ids), len(products))
    buyers, items = rows_of(user_ids, lines.user_ids), rows_of(products, lines.product_ids)
    bought = first_of_pairs(lines.order_ids, items)
    bought = bought[(buyers[bought] >= 0) & (items[bought] >= 0)]
    matrix = sparse.csr_matrix((np.ones(len(bought)), (buyers[bought], items[bought])), shape=shape)
    # Made of one entry per order: the sum of a user's orders of a product.
    matrix.sum_duplicates()
    matrix.data = np.log2(1 + matrix.data)
    users, viewed = rows_of(user_ids, events.user_ids), rows_of(products, events.product_ids)
    inside = (users >= 0) & (viewed >= 0)
    worth = np.array([EVENT_STRENGTH[kind] for kind in EVENT_KINDS])[events.kinds[inside]]
    return (matrix + sparse.csr_matrix((worth, (users[inside], viewed[inside])), shape=shape)).tocsr()


def users_of(dataset: Dataset) -> Ids:
    """The users who did anything that counts, ascending."""
    ids: Ids = np.union1d(dataset.interactions.user_ids, dataset.events.user_ids)
    users: Ids = ids[ids != GUEST]
    return users


def train(
    strength: sparse.csr_matrix,
    *,
    factors: int = FACTORS,
    regularization: float = REGULARIZATION,
    iterations: int = ITERATIONS,
    alpha: float = ALPHA,
    seed: int = 0,
    threads: int = 1,
    on_iteration: Callable[[int], None] | None = None,
) -> Factors:
    """Factorise a CSR matrix of users by items; the same seed and data give the same factors.

    `threads` 0 means every core. `on_iteration` is told how many iterations are done.
    """
    confidences = (strength * alpha).astype(np.float32)
    # implicit runs its own threads over users; a BLAS pool inside each of them makes training up to ten times
    # slower.
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=factors,
            regularization=regularization,
            iterations=iterations,
            num_threads=threads,
            random_state=seed,
        )
        model.fit(
            confidences,
            show_progress=False,
            callback=lambda iteration, *_: on_iteration(iteration + 1) if on_iteration else None,
        )
    return Factors(
        _cold_are_zero(model.user_factors, 1, confidences),
        _cold_are_zero(model.item_factors, 0, confidences),
        confidences,
    )


def _cold_are_zero(factors: Array, axis: int, confidences: sparse.csr_matrix) -> Floats:
    # A row without any observation keeps what is left of its random start; zero says "nothing known" to the
    # serving half.
    observed = np.asarray(confidences.getnnz(axis=axis)) > 0
    return np.ascontiguousarray(np.where(observed[:, None], factors, 0), dtype=np.float32)
