"""Ranks for many users at once by one model alone, to set beside the blend."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse

from ml.data.arrays import Array, Floats, Ids, Rows, rows_of
from ml.data.dataset import Dataset
from ml.models import affinity, copurchase

CHUNK = 256


@dataclass(frozen=True, eq=False)
class SingleModels:
    """What all users have, and the users of a test, for whom each model ranks."""

    k: int
    ids: Ids
    user_items: sparse.csr_matrix
    """All users by products, one where they have it."""
    baskets: sparse.csr_matrix
    user_ids: Ids
    """Of the test's users."""
    histories: sparse.csr_matrix
    """What the test's users have; nothing for those who are not in the training data."""

    @classmethod
    def of(cls, dataset: Dataset, users: Sequence[int], *, k: int) -> SingleModels:
        """Prepare the matrices; `users` are numbered as in the files."""
        lines, ids = dataset.interactions, dataset.products.ids
        buyers, user_items = affinity.bought(lines, ids)
        user_ids = np.array(users, dtype=np.int64) + 1
        rows = rows_of(buyers, user_ids)
        one = np.ones(int((rows >= 0).sum()), np.float32)
        selection = sparse.csr_matrix(
            (one, (np.flatnonzero(rows >= 0), rows[rows >= 0])), shape=(len(rows), len(buyers))
        )
        return cls(
            k,
            ids,
            user_items,
            copurchase.baskets(lines, ids),
            user_ids,
            (selection @ user_items).tocsr(),
        )

    def train(
        self, names: Collection[str], *, threads: int = 1, on_model: Callable[[str], None] = lambda _: None
    ) -> dict[str, sparse.csr_matrix]:
        """Train item-to-item models; `on_model` gets the name of each before it is trained."""
        return affinity.train(self.user_items, self.baskets, names, threads=threads, on_model=on_model)

    def lists_by_neighbours(self, matrix: sparse.csr_matrix) -> list[list[int]]:
        """The best products of each user by the sum of what theirs say for others."""
        lists: list[list[int]] = []
        mine = np.zeros(len(self.ids), dtype=np.bool_)
        for start in range(0, len(self.user_ids), CHUNK):
            own = self.histories[start : start + CHUNK]
            sums = (own @ matrix).tocsr()
            for (first, end), (own_first, own_end) in zip(
                pairwise(sums.indptr.tolist()), pairwise(own.indptr.tolist()), strict=True
            ):
                items, values = sums.indices[first:end], sums.data[first:end]
                mine[own.indices[own_first:own_end]] = True
                values[mine[items]] = 0
                mine[own.indices[own_first:own_end]] = False
                best = _first(values, self.k)
                lists.append(self.ids[items[best[values[best] > 0]]].tolist())
        return lists

    def lists_by_factors(self, arrays: Mapping[str, Array]) -> list[list[int]]:
        """The best products of each user by the inner product of factors."""
        rows = rows_of(arrays["als_user_ids"], self.user_ids)
        items = arrays["als_item_factors"].T
        lists: list[list[int]] = []
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            scores = arrays["als_user_factors"][chunk] @ items
            scores[self.histories[start : start + CHUNK].nonzero()] = -np.inf
            best = self.ids[_first(scores, self.k)].tolist()
            lists += [each if row >= 0 else [] for each, row in zip(best, chunk.tolist(), strict=True)]
        return lists


def _first(scores: Floats, k: int) -> Rows:
    """Along the last axis the positions of the k largest, largest first."""
    size = scores.shape[-1]
    best = np.argpartition(scores, size - k, axis=-1)[..., size - k :] if size > k else np.argsort(scores)
    order = np.argsort(-np.take_along_axis(scores, best, axis=-1), axis=-1, kind="stable")
    positions: Rows = np.take_along_axis(best, order, axis=-1)
    return positions
