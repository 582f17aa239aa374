"""Fills lists from what needs no model: what trends in the shop now, and what sold best."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import compress, islice

import numpy as np

from ml.ranking.selection import Recommendation, Source
from server.recommend.serving.availability import EligibleProducts
from server.recommend.serving.trending.ranked import Trend

POPULAR_CEILING = 0.1
TRENDED_FLOOR = 0.3
"""Scores: trends of the shop's last days lie above this, what fills the list up below."""

CHUNK = 128


def trending(trends: Iterable[Trend], choice: EligibleProducts, limit: int) -> list[Recommendation]:
    """The first `limit` of these trends that may be chosen."""
    picked: list[Trend] = []
    rest = iter(trends)
    while len(picked) < limit and (some := list(islice(rest, CHUNK))):
        ids = np.array([trend.product_id for trend in some], dtype=np.int64)
        picked += compress(some, choice.among(ids).tolist())
    return [
        Recommendation(
            trend.product_id,
            TRENDED_FLOOR + (1 - TRENDED_FLOOR) * trend.strength,
            "Trending now",
            Source.TRENDING,
        )
        for trend in picked[:limit]
    ]


def filled(items: list[Recommendation], choice: EligibleProducts, limit: int) -> list[Recommendation]:
    """The list, filled up with what sells best: whatever may be chosen comes in before it stays short."""
    if len(items) >= limit:
        return items
    choice.leave_out([item.product_id for item in items])
    ceiling = min(POPULAR_CEILING, items[-1].score) if items else POPULAR_CEILING
    return [*items, *popular(choice, limit - len(items), ceiling)]


def popular(choice: EligibleProducts, limit: int, ceiling: float = POPULAR_CEILING) -> list[Recommendation]:
    """What sold best of all that may be chosen, scored below `ceiling`."""
    step = ceiling / (limit + 1)
    return [
        Recommendation(product_id, ceiling - step * place, "Popular in this shop", Source.POPULAR)
        for place, product_id in enumerate(choice.best_sellers(limit), 1)
    ]
