"""Learns how far each product follows from the others a user has, by linear regression with a closed form.

EASE: Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019: one inversion of a matrix of
products by products. Where that does not fit, each product is regressed on its nearest neighbours alone, the
same normal equations in a small neighbourhood, as SLIM does with an L1 penalty (Ning and Karypis, "SLIM: Sparse
Linear Methods for Top-N Recommender Systems", ICDM 2011).
"""

from __future__ import annotations

import numpy as np
from scipy import linalg, sparse
from scipy.linalg.lapack import sposv

from ml.data.arrays import Array, Doubles, Floats
from ml.models.cooccurrence import partners
from ml.models.neighbours import strongest

WHOLE_LIMIT = 6_000
"""Products up to which the whole matrix is inverted: half a gigabyte and some seconds."""

WHOLE_PENALTY = 600.0
NEAR_PENALTY = 50.0
"""Smaller, because a regression on a few neighbours has less room to overfit."""

NEAR = 100
PARTNERS = 200
NEIGHBOURS = 200


def train(
    matrix: sparse.csr_matrix,
    near: sparse.csr_matrix,
    *,
    whole_limit: int = WHOLE_LIMIT,
    neighbours: int = NEIGHBOURS,
    threads: int = 1,
) -> sparse.csr_matrix:
    """Give the products that each product speaks for, best first, as rows of a CSR matrix.

    `matrix` is a CSR matrix of users by products, one where bought; `near` any item-to-item model of the same
    products, whose neighbourhoods are used where there are more products than `whole_limit`.
    """
    if matrix.shape[1] <= whole_limit:
        weights = _whole(matrix)
    else:
        weights = _within(matrix, strongest(near.T.tocsr(), NEAR), threads)
    return strongest(weights, neighbours)


def _whole(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    gram: Doubles = (matrix.T @ matrix).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += WHOLE_PENALTY
    inverse = linalg.inv(gram, overwrite_a=True, check_finite=False)
    weights = inverse / -inverse.diagonal()
    np.fill_diagonal(weights, 0)
    return sparse.csr_matrix(weights.astype(np.float32))


def _within(matrix: sparse.csr_matrix, near: sparse.csr_matrix, threads: int) -> sparse.csr_matrix:
    """Regress each product on the products of its row in `near`."""
    together = partners(matrix, PARTNERS, threads=threads)
    own = np.asarray(matrix.multiply(matrix).sum(axis=0), dtype=np.float32).ravel() + np.float32(NEAR_PENALTY)
    table = _Table(together)
    # On one core: the steps of a row are so small that two threads only wait for each other's interpreter lock.
    weights = np.zeros(near.nnz, dtype=np.float32)
    for row in range(near.shape[0]):
        span = slice(near.indptr[row], near.indptr[row + 1])
        neighbours = near.indices[span]
        if len(neighbours):
            gram, target = table.square(neighbours, row)
            gram.ravel()[:: len(neighbours) + 1] = own[neighbours]
            weights[span] = _solved(gram, target)
    return sparse.csr_matrix((weights, near.indices, near.indptr), shape=near.shape).T.tocsr()


def _solved(gram: Floats, target: Floats) -> Floats:
    # The counts of rare pairs are missing from the table, so a gram may fall just short of being definite.
    _, solution, problem = sposv(gram, target)
    if problem:
        solution = np.linalg.lstsq(gram, target, rcond=None)[0]
    return np.asarray(solution, dtype=np.float32).ravel()


class _Table:
    """Counts of pairs, each product's largest, from which small squares are cut."""

    def __init__(self, together: sparse.csr_matrix) -> None:
        """`together` is a CSR matrix of counts. Its rows are filled up to one width: to copy whole rows takes half
        the time of gathering rows of many lengths.
        """
        size = together.shape[0]
        lengths = np.diff(together.indptr)
        self._width = int(lengths.max(initial=0))
        filled = np.arange(self._width) < lengths[:, None]
        self._partners = np.full((size, self._width), size, dtype=np.int32)
        self._partners[filled] = together.indices
        self._counts = np.zeros((size, self._width), dtype=np.float32)
        self._counts[filled] = together.data
        # One more than there are products: nobody's slot, for what rows are filled up with.
        self._slots = np.full(size + 1, -1, dtype=np.int16)

    def square(self, neighbours: Array, target: int) -> tuple[Floats, Floats]:
        """The counts between the neighbours, and those of the neighbours with the target."""
        members = np.append(neighbours, target)
        size = len(members)
        self._slots[members] = np.arange(size)
        columns = self._slots.take(self._partners.take(members, axis=0)).ravel()
        self._slots[members] = -1
        inside = np.flatnonzero(columns >= 0)
        square = np.zeros((size, size), dtype=np.float32)
        cells = inside // max(1, self._width) * size + columns[inside]
        square.ravel()[cells] = self._counts.take(members, axis=0).ravel()[inside]
        # A pair may be among the largest of one of the two only.
        square = np.maximum(square, square.T)
        return square[:-1, :-1].copy(), square[:-1, -1].copy()
