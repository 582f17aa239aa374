"""What was counted of a window, ranked: made on a pool's thread, for a large shop's takes a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from server.recommend.serving.trending import trend_queries

MAX_RANKED = 20_000
"""Products of a window that are ranked at most; what sold best of all time goes on from there."""


class Trend(NamedTuple):
    """A product and how it sells against the best one: in (0, 1]."""

    product_id: int
    strength: float


class Ranked(NamedTuple):
    """The scores of products, and the best ones, best first."""

    scores: Mapping[int, int]
    top: int
    trends: Sequence[Trend]


NOTHING = Ranked({}, 0, ())


def ranked(scores: Mapping[int, int]) -> Ranked:
    """Rank what was counted."""
    top = max(scores.values(), default=0)
    best = sorted(scores.items(), key=lambda entry: (-entry[1], -entry[0]))[:MAX_RANKED]
    return Ranked(scores, top, [Trend(product_id, score / top) for product_id, score in best if score > 0])


def everywhere(connection: Connection, since: datetime, now: datetime) -> Mapping[str, Ranked]:
    """What sells and is visited, under the name "" of no country."""
    return {"": ranked(trend_queries.sales(connection, since, now))}


def by_country(connection: Connection, since: datetime, now: datetime) -> Mapping[str, Ranked]:
    """What is ordered to each country."""
    counted = trend_queries.sales_by_country(connection, since, now)
    return {country: ranked(scores) for country, scores in counted.items()}
