"""Ranking: the order of what passed, by how well it answers the query, or as the caller sorts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.search.engine.matching import Matches
from server.search.engine.narrowing import Searchable

DIGITS: Final = 6
"""To which relevance is told apart."""
MAX_RANKED: Final = 1_000
"""How far a list goes: nobody reads further, and a program has ListProducts."""


class SortOrder(Enum):
    """What comes first."""

    RELEVANCE = "RELEVANCE"
    PRICE_ASC = "PRICE_ASC"
    PRICE_DESC = "PRICE_DESC"
    NEWEST = "NEWEST"
    POPULARITY = "POPULARITY"
    RATING = "RATING"


@dataclass(frozen=True, slots=True)
class Bias:
    """What counts beside the words."""

    sold_out: float = 0.5
    """What a score is worth of a product that cannot be bought."""
    popularity: float = 0.05
    """What the best seller of the matches gains, others less by the logarithm of what they sold."""
    rating: float = 0.02
    """What five stars gain."""


@dataclass(frozen=True, slots=True, eq=False)
class RankedProducts:
    """Products, the best first, with their scores."""

    product_ids: NDArray[np.int64]
    scores: NDArray[np.float64]

    def first(self, count: int) -> RankedProducts:
        """The first so many of them."""
        return RankedProducts(self.product_ids[:count], self.scores[:count])


def rank(goods: Searchable, matches: Matches, order: SortOrder, bias: Bias | None = None) -> RankedProducts:
    """The first MAX_RANKED of the matches in an order; ties are broken by the id, the newer product first."""
    keys = _keys(goods, matches, order, bias or Bias())
    if len(keys) > MAX_RANKED:
        near = _near_the_first(keys, MAX_RANKED)
        matches, keys = Matches(matches.docs[near], matches.scores[near]), keys[near]
    if order is SortOrder.RELEVANCE:
        keys = np.round(keys, DIGITS)
    product_ids, scores = goods.index.columns.product_ids[matches.docs], matches.scores
    if len(keys) > MAX_RANKED:
        first = _first(product_ids, keys, MAX_RANKED)
        product_ids, keys, scores = product_ids[first], keys[first], scores[first]
    best = np.lexsort((-product_ids, -keys))
    shown = keys if order is SortOrder.RELEVANCE else scores.astype(np.float64)
    return RankedProducts(product_ids[best], shown[best])


def _near_the_first(keys: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Which may be among the first `count`, with ties of the last one, and what rounding makes equal to it."""
    least = np.partition(keys, len(keys) - count)[len(keys) - count]
    return np.flatnonzero(keys >= least - 10.0**-DIGITS)


def _first(product_ids: NDArray[np.int64], keys: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Which `count` are the first by their keys, in no order; of ties for the last, the newer products."""
    least = np.partition(keys, len(keys) - count)[len(keys) - count]
    above, tied = np.flatnonzero(keys > least), np.flatnonzero(keys == least)
    left = count - len(above)
    if left < len(tied):
        tied = tied[np.argpartition(product_ids[tied], len(tied) - left)[-left:]]
    return np.concatenate([above, tied])


def _keys(goods: Searchable, matches: Matches, order: SortOrder, bias: Bias) -> NDArray[np.float64]:
    """By what the matches are sorted, the highest first."""
    shelf, slots = goods.shelf, goods.slots[matches.docs]
    if order is SortOrder.RELEVANCE:
        return _relevance(goods, matches, bias)
    if order is SortOrder.PRICE_ASC:
        return -shelf.prices[slots].astype(np.float64)
    columns: dict[SortOrder, NDArray[np.generic]] = {
        SortOrder.PRICE_DESC: shelf.prices,
        SortOrder.NEWEST: shelf.created,
        SortOrder.POPULARITY: shelf.sold,
        SortOrder.RATING: shelf.ratings,
    }
    return columns[order][slots].astype(np.float64)


def _relevance(goods: Searchable, matches: Matches, bias: Bias) -> NDArray[np.float64]:
    shelf, slots = goods.shelf, goods.slots[matches.docs]
    popularity = shelf.popularity[slots]
    share = bias.popularity / max(float(popularity.max(initial=0.0)), 1.0)
    keys = matches.scores.astype(np.float64)
    keys *= 1.0 + share * popularity + bias.rating / 5 * shelf.ratings[slots]
    keys[~shelf.in_stock[slots]] *= bias.sold_out
    return keys
