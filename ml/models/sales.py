"""Counts how often each product sold in the days before any moment, as far as it was known at that moment.

What sold in the last weeks predicts the next basket better than what sold ever. Training asks about moments of
the past, where later sales must not be seen: so the days are kept, not one number per product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ml.data.arrays import Array, Doubles, Ids, Rows, first_of_pairs, rows_of
from ml.data.dataset import DAY, GUEST, Interactions

WINDOWS = (7, 14, 30, 90)
"""Lengths in days of the windows that end with the day before."""

REPEATS_PRIOR, ORDERS_PRIOR = 0.5, 5.0
"""What a repeat rate starts from: the rate of a product sold once says little."""


def train(interactions: Interactions, product_ids: Ids) -> dict[str, Array]:
    """Give the days on which each product sold: orders and, of these, orders by users who had bought it before.

    Days are whole UTC days since 1970; `sales_indptr` divides days, orders and repeats by product. The shop's own
    days and orders come with them. An order counts once per product; guests are nobody in particular, and their
    orders are left out.
    """
    lines = interactions.where(interactions.user_ids != GUEST)
    once = np.zeros(len(lines), dtype=np.bool_)
    once[first_of_pairs(lines.order_ids, lines.product_ids)] = True
    lines = lines.where(once)
    order_days = np.unique(np.column_stack([_days(lines.times), lines.order_ids]), axis=0)[:, 0]
    shop_days, shop_orders = np.unique(order_days, return_counts=True)
    rows = rows_of(product_ids, lines.product_ids)
    repeated = ~_first_purchases(lines)
    on_sale = rows >= 0
    pairs = np.column_stack([rows[on_sale], _days(lines.times[on_sale])])
    product_days, groups = np.unique(pairs, axis=0, return_inverse=True)
    groups = groups.ravel()
    return {
        "sales_indptr": np.searchsorted(product_days[:, 0], np.arange(len(product_ids) + 1)).astype(np.int64),
        "sales_days": product_days[:, 1].astype(np.int32),
        "sales_orders": np.bincount(groups, minlength=len(product_days)).astype(np.int32),
        "sales_repeats": np.bincount(groups, repeated[on_sale], len(product_days)).astype(np.int32),
        "sales_shop_days": shop_days.astype(np.int32),
        "sales_shop_orders": shop_orders.astype(np.int32),
    }


def _days(times: Doubles) -> Rows:
    return np.floor(times / DAY).astype(np.int64)


def _first_purchases(lines: Interactions) -> Array:
    """Whether a line is its user's first of its product."""
    order = np.lexsort((lines.order_ids, lines.times, lines.product_ids, lines.user_ids))
    users, products = lines.user_ids[order], lines.product_ids[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[order[1:]] = (users[1:] != users[:-1]) | (products[1:] != products[:-1])
    return first


@dataclass(frozen=True, eq=False)
class Demand:
    """What was known of some products on one day: parallel arrays."""

    shares: Doubles
    """Products by `WINDOWS`, and a last column for all time: of the shop's orders then, those with the product."""
    repeat_rates: Doubles
    """Of the product's orders, those by users who had bought it before."""
    ages: Doubles
    """Days since it sold first; nan when it had not."""
    idle: Doubles
    """Days since it sold last; nan when it had not."""


class Sales:
    """Serves the days of sales; products are rows of the artifact's catalogue."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        indptr = arrays["sales_indptr"]
        shop_days: Array = arrays["sales_shop_days"].astype(np.int64)
        self._first = int(shop_days[0]) if len(shop_days) else 0
        self._end = int(shop_days[-1]) - self._first + 1 if len(shop_days) else 0
        self._span = self._end + 1
        days = arrays["sales_days"].astype(np.int64) - self._first
        # One ascending key for product and day, so that any window of any product is found by binary search.
        self._keys = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr)) * self._span + days
        self._orders = _running(arrays["sales_orders"])
        self._repeats = _running(arrays["sales_repeats"])
        self._shop = np.zeros(self._span)
        np.add.at(self._shop, shop_days - self._first + 1, arrays["sales_shop_orders"])
        self._shop = np.cumsum(self._shop)

    @property
    def end(self) -> float:
        """The end of the last day with an order, in seconds since 1970."""
        return (self._first + self._end) * DAY

    def before(self, rows: Rows, now: float) -> Demand:
        """What was known on the day of `now` (seconds since 1970) of products; row -1 sold nothing.

        After the last day of the data that day's knowledge stands: a model of last week keeps what it knew.
        """
        day = min(max(int(now // DAY) - self._first, 0), self._end)
        starts = np.array([max(0, day - window) for window in WINDOWS] + [0])
        edges = np.maximum(rows, 0)[:, None] * self._span + np.append(starts, day)
        positions = np.searchsorted(self._keys, edges)
        exists = rows >= 0
        counted = self._orders[positions]
        orders = (counted[:, -1:] - counted[:, :-1]) * exists[:, None]
        repeats = (self._repeats[positions[:, -1]] - self._repeats[positions[:, -2]]) * exists
        sold = orders[:, -1]
        first, last = self._days_at(positions[:, -2], positions[:, -1], sold > 0)
        return Demand(
            orders / np.maximum(self._shop[day] - self._shop[starts], 1),
            (repeats + REPEATS_PRIOR) / (sold + ORDERS_PRIOR),
            day - first,
            day - last,
        )

    def _days_at(self, starts: Rows, ends: Rows, sold: Array) -> tuple[Doubles, Doubles]:
        if not len(self._keys):
            nothing = np.full(len(starts), np.nan)
            return nothing, nothing
        first = self._keys[np.minimum(starts, len(self._keys) - 1)] % self._span
        last = self._keys[np.maximum(ends - 1, 0)] % self._span
        return np.where(sold, first, np.nan), np.where(sold, last, np.nan)


def _running(counts: Array) -> Doubles:
    """The sum of all before each place, and of all."""
    return np.concatenate([np.zeros(1), np.cumsum(counts, dtype=np.float64)])
