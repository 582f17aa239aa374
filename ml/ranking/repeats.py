"""What is bought again, and its place beside what is new to a user: both by the probability of the next order."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from ml.artifacts.schema import Contents
from ml.data.arrays import Doubles, Floats, Ids, Rows
from ml.models.discovery import CANDIDATES, Discovery
from ml.models.reorder import Chances, Reorder, Reordered
from ml.models.reorder_features import Purchases, past_of
from ml.models.sales import Sales
from ml.ranking.catalogue import Catalogue
from ml.ranking.eligibility import Eligible, Without
from ml.ranking.selection import Recommendation, Source


class Repeats:
    """The purchases of users, and what of them comes next."""

    def __init__(self, contents: Contents, catalogue: Catalogue, sales: Sales) -> None:
        self._catalogue = catalogue
        self._sales = sales
        self._trained_ids: Ids = contents.arrays["product_ids"]
        self._reorder = Reorder(contents.texts["reorder_trees"], sales, self._trained_ids)
        self._discovery = Discovery(contents.arrays, sales)

    def reorder(self, purchases: Purchases, now: float, *, eligible: Eligible, limit: int) -> list[Reordered]:
        """What the user is likely to buy again, the likeliest first; `now` is in seconds since 1970.

        Empty for a user who bought nothing that is still on sale.
        """
        chances = self._reorder.chances(purchases, now)
        return [] if chances is None else self._likeliest(chances, eligible, limit)

    def next_basket(
        self,
        fresh: Sequence[Recommendation],
        purchases: Purchases,
        now: float,
        *,
        context: Collection[int] = (),
        eligible: Eligible,
        limit: int,
    ) -> list[Recommendation]:
        """Merge `fresh`, what is new to the user, with what they may buy again, by probability.

        `context` are the products on the page or in the cart.
        """
        chances = self._reorder.chances(purchases, now)
        if chances is None or limit <= 0:
            return list(fresh[: max(limit, 0)])
        repeats = [
            Recommendation(again.product_id, again.probability, again.reason, Source.REORDER)
            for again in self._likeliest(chances, Without(frozenset(context), eligible), limit)
        ]
        merged = [*repeats, *self._calibrated(fresh, chances, repeats[-1].score if repeats else 1.0)]
        return sorted(merged, key=lambda item: -item.score)[:limit]

    def discovery_features(
        self, fresh: Sequence[Recommendation], purchases: Purchases, now: float
    ) -> Doubles:
        """What is known of each new product, by `discovery.FEATURES`, for learning their probability from."""
        past = None
        if len(purchases.product_ids):
            past = past_of(purchases, now, catalogue=self._trained_ids, sales=self._sales)
        return self._discovery.matrix(*self._scored(fresh), past, now)

    def _likeliest(self, chances: Chances, eligible: Eligible, limit: int) -> list[Reordered]:
        allowed = np.flatnonzero(eligible.among(self._catalogue.ids[chances.rows]))[: max(limit, 0)]
        return [chances.reordered(index) for index in allowed.tolist()]

    def _calibrated(
        self, fresh: Sequence[Recommendation], chances: Chances, ceiling: float
    ) -> list[Recommendation]:
        """New products with their probability as score; below the `ceiling` where that cannot be told."""
        if not self._discovery or not fresh:
            return [item._replace(score=item.score * ceiling) for item in fresh]
        probabilities = self._discovery.probabilities(*self._scored(fresh), chances.past, chances.now)
        return [
            item._replace(score=round(score, 6))
            for item, score in zip(fresh, probabilities.tolist(), strict=True)
        ]

    def _scored(self, items: Sequence[Recommendation]) -> tuple[Rows, Floats]:
        """The rows and scores of items; newcomers, of which no sales are known, have the row -1."""
        rows = self._catalogue.rows(item.product_id for item in items)
        scores = np.array([item.score for item in items], dtype=np.float32)
        return np.where(rows < self._catalogue.trained, rows, -1), scores


def unbought(purchases: Purchases, eligible: Eligible) -> Eligible:
    """What is eligible and new to who bought these."""
    return Without(frozenset(purchases.product_ids.tolist()), eligible)


def fresh_limit(limit: int) -> int:
    """How many new products stand to be weighed against what may be bought again."""
    return max(limit, CANDIDATES)
