"""Finds what goes together by a random walk of three steps: product, user or basket, product.

RP3beta: Paudel, Christoffel, Newell and Bernstein, "Updatable, Accurate, Diverse, and Scalable
Recommendations for Interactive Applications", ACM TiiS 7(1), 2017. Each step's probability is raised to `alpha`,
and the result divided by the popularity of where the walk ends, raised to `beta`.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ml.models.cooccurrence import counts, partners, scaled

ALPHA = 0.6
BETA = 0.4
NEIGHBOURS = 200


def train(
    matrix: sparse.csr_matrix,
    *,
    alpha: float = ALPHA,
    beta: float = BETA,
    neighbours: int = NEIGHBOURS,
    threads: int = 1,
) -> sparse.csr_matrix:
    """Give each product's best neighbours, best first, as rows of a CSR matrix of products by products.

    `matrix` is a CSR matrix of users or baskets by products, one where bought.
    """
    users, products = counts(matrix)
    # The walk's weight is symmetric but for powers of both ends' popularity. What belongs to the start alone
    # does not change which ends are best, so it is put in afterwards.
    symmetric = scaled(matrix, users ** (-alpha / 2), products**-beta)
    walk = partners(symmetric, neighbours, threads=threads)
    walk.data = (walk.data * np.repeat(products ** (beta - alpha), np.diff(walk.indptr))).astype(np.float32)
    return walk
