"""Finds neighbours by the cosine of their buyers, or by the same after weighing purchases with BM25.

Sarwar, Karypis, Konstan and Riedl, "Item-Based Collaborative Filtering Recommendation Algorithms", WWW 2001;
the weights are those of Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009,
with products as documents and users as words.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ml.models.cooccurrence import counts, partners, scaled

NEIGHBOURS = 100
SATURATION = 1.2
LENGTH_SHARE = 0.75


def cosine(matrix: sparse.csr_matrix, *, neighbours: int = NEIGHBOURS, threads: int = 1) -> sparse.csr_matrix:
    """Give each product's nearest others by cosine, best first, as rows of a CSR matrix.

    `matrix` is a CSR matrix of users by products.
    """
    _, squares = counts(matrix.multiply(matrix))
    nobody = np.ones(matrix.shape[0])
    return partners(scaled(matrix, nobody, squares**-0.5), neighbours, threads=threads)


def bm25(matrix: sparse.csr_matrix, *, neighbours: int = NEIGHBOURS, threads: int = 1) -> sparse.csr_matrix:
    """Give each product's best partners by the inner product of BM25 weights, as rows of a CSR matrix.

    A user who bought nearly everything says little about any product, and so weighs little.
    """
    users, products = counts(matrix)
    rarity = np.log1p(matrix.shape[1]) - np.log1p(users)
    weighed = matrix.astype(np.float64).tocsr()
    longer = (1 - LENGTH_SHARE) + LENGTH_SHARE * products / products.mean()
    weighed.data = weighed.data * (SATURATION + 1) / (SATURATION * longer[weighed.indices] + weighed.data)
    return partners(scaled(weighed, rarity, np.ones(len(products))), neighbours, threads=threads)
