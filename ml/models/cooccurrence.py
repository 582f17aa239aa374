"""Multiplies a matrix of users (or baskets) by products with itself, keeping each product's largest partners.

The product is computed by the `implicit` library, which picks the largest of each row while it multiplies: the
whole matrix, which may have a thousand times as many entries, is never held.
"""

from __future__ import annotations

import numpy as np
from implicit.nearest_neighbours import ItemItemRecommender
from scipy import sparse

from ml.data.arrays import Doubles
from ml.models.neighbours import strongest


def partners(matrix: sparse.csr_matrix, count: int, *, threads: int = 1) -> sparse.csr_matrix:
    """For each column of a CSR matrix its `count` largest inner products with other columns, as CSR rows."""
    search = ItemItemRecommender(K=count + 1, num_threads=threads)
    search.fit(matrix.astype(np.float64), show_progress=False)
    products = search.similarity.tocoo()
    others = products.row != products.col
    return strongest(
        sparse.csr_matrix(
            (products.data[others].astype(np.float32), (products.row[others], products.col[others])),
            shape=products.shape,
        ),
        count,
    )


def counts(matrix: sparse.csr_matrix) -> tuple[Doubles, Doubles]:
    """The sums of the rows and of the columns, at least one each: safe to divide by."""
    rows = np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
    columns = np.asarray(matrix.sum(axis=0), dtype=np.float64).ravel()
    return np.where(rows > 0, rows, 1), np.where(columns > 0, columns, 1)


def scaled(matrix: sparse.csr_matrix, rows: Doubles, columns: Doubles) -> sparse.csr_matrix:
    """The matrix with each row and each column multiplied by its own number."""
    return (sparse.diags(rows) @ matrix @ sparse.diags(columns)).tocsr()
