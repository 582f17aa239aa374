"""Fusion: what words say of a product and what its meaning says, in one score."""

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


@dataclass(frozen=True, slots=True, eq=False)
class Closeness:
    """How close products are to a query in their meaning, each product once."""

    product_ids: Ids
    values: NDArray[np.float32]
    """Up to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Leaders:
    """The best matches by their words."""

    product_ids: Ids


def leaders(goods: Searchable, matches: Matches) -> Leaders:
    """The first MAX_LEADERS of the matches, in no order."""
    docs = matches.docs
    if len(docs) > MAX_LEADERS:
        docs = docs[np.argpartition(matches.scores, len(docs) - MAX_LEADERS)[-MAX_LEADERS:]]
    return Leaders(goods.index.columns.product_ids[docs])


def fused(goods: Searchable, matches: Matches, closeness: Closeness, share: float) -> Matches:
    """The matches and what is close, scored by both: the share of the closeness, the rest of the words."""
    index = goods.index
    close = np.zeros(len(index), dtype=np.float32)
    near = np.zeros(len(index), dtype=np.bool_)
    docs = index.docs_of(closeness.product_ids)
    there = docs >= 0
    close[docs[there]] = closeness.values[there]
    near[docs[there]] = True
    words = np.zeros(len(index), dtype=np.float32)
    words[matches.docs] = matches.scores
    near[matches.docs] = True
    all_docs = np.flatnonzero(near).astype(np.int32)
    best = max(float(matches.scores.max(initial=0.0)), 1e-6)
    scores = (1 - share) * words[all_docs] / best + share * close[all_docs]
    return Matches(all_docs, scores.astype(np.float32))
