"""Finds which products are bought together, from the baskets of everybody, guests too."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ml.data.arrays import Array, Ids, first_of_pairs, rows_of
from ml.data.dataset import Interactions
from ml.models import rp3beta
from ml.models.neighbours import arrays_of

NEIGHBOURS = 100
ALPHA = 0.6
BETA = 0.4


def baskets(interactions: Interactions, product_ids: Ids) -> sparse.csr_matrix:
    """The orders as a CSR matrix of baskets by products, one where bought; guests' orders count too."""
    items = rows_of(product_ids, interactions.product_ids)
    order_ids, orders = np.unique(interactions.order_ids, return_inverse=True)
    lines = first_of_pairs(orders, items)
    lines = lines[items[lines] >= 0]
    shape = (len(order_ids), len(product_ids))
    return sparse.csr_matrix((np.ones(len(lines), np.float32), (orders[lines], items[lines])), shape=shape)


def train(
    basket_items: sparse.csr_matrix,
    *,
    alpha: float = ALPHA,
    beta: float = BETA,
    neighbours: int = NEIGHBOURS,
    threads: int = 1,
) -> dict[str, Array]:
    """Give each product's best neighbours by a random walk over baskets, as the arrays of `Neighbours`.

    `basket_items` is a CSR matrix of baskets by products.
    """
    walk = rp3beta.train(basket_items, alpha=alpha, beta=beta, neighbours=neighbours, threads=threads)
    return arrays_of(walk, "copurchase")
