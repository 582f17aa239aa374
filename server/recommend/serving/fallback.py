"""The ladder below what is personal: what trends now, what trended at training, what sold best.

Whatever is eligible comes in before a list stays short, each rung below the last.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import compress, islice

import numpy as np

from ml.models.reasons import Reason, ReasonCode
from ml.ranking.model import Model
from ml.ranking.selection import Recommendation, Source
from server.recommend.serving.availability import EligibleProducts
from server.recommend.serving.query import Filters
from server.recommend.serving.trending.ranked import Trend

POPULAR_CEILING = 0.1
TRENDED_FLOOR = 0.3
"""Scores: trends of the shop's last days lie above this, what fills the list up below."""

CHUNK = 128

TRENDING = Reason(ReasonCode.TRENDING)
POPULAR = Reason(ReasonCode.POPULAR)

FallbackRung = Callable[[EligibleProducts, int, float | None], list[Recommendation]]
"""Gives up to so many eligible products, below the score of the last one in the list (None: it is empty)."""


def fill(
    items: list[Recommendation], rungs: Sequence[FallbackRung], eligible: EligibleProducts, limit: int
) -> list[Recommendation]:
    """The list, filled up from the rungs in turn."""
    for rung in rungs:
        if len(items) >= limit:
            break
        if items:
            eligible.leave_out([item.product_id for item in items])
        items = [*items, *rung(eligible, limit - len(items), items[-1].score if items else None)]
    return items


def ladder(trends: Iterable[Trend], model: Model | None, filters: Filters) -> Sequence[FallbackRung]:
    """All of it, from the top; personal lists, whose model has trends of its own, take `best_sellers` alone."""
    return trending_now(trends), trended_at_training(model, filters.category_ids), best_sellers


def trending_now(trends: Iterable[Trend]) -> FallbackRung:
    """The rung of what sells and is visited in the shop now."""

    def rung(eligible: EligibleProducts, count: int, below: float | None) -> list[Recommendation]:
        picked: list[Trend] = []
        rest = iter(trends)
        while len(picked) < count and (some := list(islice(rest, CHUNK))):
            ids = np.array([trend.product_id for trend in some], dtype=np.int64)
            picked += compress(some, eligible.among(ids).tolist())
        return [_trend(trend) for trend in picked[:count]]

    return rung


def trended_at_training(model: Model | None, category_ids: Collection[int] | None) -> FallbackRung:
    """The rung of what a model saw trending, then selling best; an empty one without a model."""

    def rung(eligible: EligibleProducts, count: int, below: float | None) -> list[Recommendation]:
        if model is None:
            return []
        items = model.bestsellers.trending(category_ids=category_ids, eligible=eligible, limit=count)
        scale = 1.0 if below is None else TRENDED_FLOOR
        return [item._replace(score=item.score * scale) for item in items]

    return rung


def best_sellers(eligible: EligibleProducts, count: int, below: float | None) -> list[Recommendation]:
    """The last rung, which needs no model: what sold best of all that is eligible."""
    ceiling = POPULAR_CEILING if below is None else min(POPULAR_CEILING, below)
    step = ceiling / (count + 1)
    return [
        Recommendation(product_id, ceiling - step * rank, POPULAR, Source.POPULAR)
        for rank, product_id in enumerate(eligible.best_sellers(count), 1)
    ]


def _trend(trend: Trend) -> Recommendation:
    score = TRENDED_FLOOR + (1 - TRENDED_FLOOR) * trend.strength
    return Recommendation(trend.product_id, score, TRENDING, Source.TRENDING)
