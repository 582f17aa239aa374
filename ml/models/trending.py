"""Ranks products by recent and by all-time popularity, over the whole shop and within categories."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

import numpy as np

from ml.data.arrays import Array, Doubles, Floats, Ids, Rows, first_of_pairs, rows_of
from ml.data.dataset import DAY, Interactions

HALF_LIFE_DAYS = 7.0


def train(
    interactions: Interactions, product_ids: Ids, *, half_life_days: float = HALF_LIFE_DAYS
) -> dict[str, Array]:
    """Give each product's time-decayed and all-time number of orders, each scaled so that the best has 1.

    An order counts once per product whatever its quantity: a wholesaler's thousand pieces are one person's
    choice. Time runs back from the shop's latest order; a different origin would scale all products alike.
    """
    rows = rows_of(product_ids, interactions.product_ids)
    lines = first_of_pairs(interactions.order_ids, rows)
    lines = lines[rows[lines] >= 0]
    ages = (interactions.times.max(initial=0) - interactions.times[lines]) / DAY
    decayed, counts = np.zeros(len(product_ids)), np.zeros(len(product_ids))
    np.add.at(decayed, rows[lines], 0.5 ** (ages / half_life_days))
    np.add.at(counts, rows[lines], 1)
    return {"trending_scores": _scaled(decayed), "popular_scores": _scaled(counts)}


def _scaled(scores: Doubles) -> Floats:
    top = scores.max(initial=0)
    scaled = scores / top if top > 0 else scores
    # Below this a float32 loses its precision; a product last bought half-lives ago by the dozen is not
    # trending.
    return np.where(scaled > 1e-9, scaled, 0).astype(np.float32)


class Ranking:
    """Products in descending order of one score, overall and per category; serves rows of the catalogue."""

    def __init__(self, scores: Floats, categories: Array, product_ids: Ids) -> None:
        self.scores = scores
        # Ties go to the higher id: the newer product.
        self.order: Rows = np.lexsort((-product_ids, -scores))
        self._sold = self.order[: int(np.count_nonzero(scores > 0))]
        by_category = self.order[np.argsort(categories[self.order], kind="stable")]
        bounds = np.searchsorted(categories[by_category], np.arange(int(categories.max(initial=-1)) + 2))
        self._within = [by_category[start:end] for start, end in pairwise(bounds.tolist())]
        self._ranks = np.empty(len(self.order), dtype=np.int64)
        self._ranks[self.order] = np.arange(len(self.order))

    def within(self, categories: Collection[int]) -> Rows:
        """The rows whose category (a row of the category table) is among these, best first."""
        parts = [self._within[category] for category in categories if category < len(self._within)]
        if len(parts) == 1:
            return parts[0]
        rows: Rows = np.concatenate([np.empty(0, np.int64), *parts])
        return rows[np.argsort(self._ranks[rows])]

    def sold(self, rows: Rows) -> Rows:
        """Of rows in descending order, those with a score above zero."""
        return self._sold if rows is self.order else rows[self.scores[rows] > 0]
