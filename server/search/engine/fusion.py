"""Fusion: what words say of a product and what its meaning says, in one score.

Each leg says how it ranks the products, not how much: their scores are of different kinds, and a sum of them does
worse (docs/search.md). Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion", SIGIR 2009.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.data.arrays import Ids
from server.search.engine.matching import Matches
from server.search.engine.narrowing import Searchable

MAX_LEADERS: Final = 300
"""How many of the best by words, and of the closest, are compared."""

DAMPING: Final = 60
"""How slowly a rank loses in worth: that many places down it is worth half as much as the first."""

TIE: Final = 5
"""Digits to which scores, as shares of the best one, are told apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Closeness:
    """How close products are to a query in their meaning, each product once."""

    product_ids: Ids
    values: NDArray[np.float32]
    """Up to 1."""


def leaders(goods: Searchable, matches: Matches) -> Ids:
    """The products that match best by their words, MAX_LEADERS of them at most, in no order."""
    docs = matches.docs
    if len(docs) > MAX_LEADERS:
        docs = docs[np.argpartition(matches.scores, len(docs) - MAX_LEADERS)[-MAX_LEADERS:]]
    return goods.index.columns.product_ids[docs]


def fused(goods: Searchable, matches: Matches, closeness: Closeness, share: float) -> Matches:
    """The matches and what is close, scored by their ranks in both: the share of the closeness, the rest of words.

    What one of them does not have gets nothing from it.
    """
    index = goods.index
    scores = np.zeros(len(index), dtype=np.float64)
    present = np.zeros(len(index), dtype=np.bool_)
    docs = index.docs_of(closeness.product_ids)
    there = docs >= 0
    for leg, values, weight in (
        (matches.docs, matches.scores, 1 - share),
        (docs[there], closeness.values[there], share),
    ):
        scores[leg] += weight * _standing(values)
        present[leg] = True
    both = np.flatnonzero(present)
    return Matches(both, scores[both].astype(np.float32))


def _standing(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """What each value is worth by its rank: the highest 1; equal ones have one rank."""
    if not len(values):
        return np.empty(0, dtype=np.float64)
    shares = np.round(values / max(float(values.max()), 1e-6), TIE)
    ranks = np.searchsorted(-np.sort(shares)[::-1], -shares)
    return np.asarray((DAMPING + 1) / (DAMPING + 1 + ranks), dtype=np.float64)
