"""Describes each product a user bought, as of one moment: how often, how regularly, how long ago, how sought."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ml.data.arrays import Array, Doubles, Floats, Ids, Rows, rows_of
from ml.data.dataset import DAY
from ml.models.sales import WINDOWS, Sales

LINES_LIMIT = 500
"""Purchases of a user that are looked at, the latest; a wholesaler's older ones cost time and tell little."""

HALF_LIFE_DAYS = 60.0
FADING = 0.85
"""What a purchase counts against one an order later."""

FEATURES = (
    "orders_with_it",
    "share_of_orders",
    "share_of_orders_since_first",
    "faded_by_day",
    "faded_by_order",
    "days_since_it",
    "orders_since_it",
    "days_since_first",
    "mean_gap",
    "gap_deviation",
    "last_gap",
    "time_over_gap",
    "time_over_order_gap",
    "latest_three_orders",
    "last_quantity",
    "mean_quantity",
    *(f"popularity_{window}_days" for window in WINDOWS),
    "popularity",
    "popularity_trend",
    "repeat_rate",
    "product_age",
    "product_idle",
    "basket_popularity",
    "orders",
    "products",
    "days_since_order",
    "order_gap",
    "mean_basket",
    "last_basket",
    "repeat_share",
)
"""The columns of `Past.matrix`; times in days, popularity as a share of the shop's orders."""


class Purchases(NamedTuple):
    """One user's purchases: columns with one entry per order and product."""

    product_ids: Ids
    order_ids: Ids
    times: Doubles
    """Seconds since the epoch, the same for the whole order."""
    quantities: Floats

    def latest(self, limit: int = LINES_LIMIT) -> Purchases:
        """The latest `limit` entries, oldest first."""
        return self.at(np.lexsort((self.product_ids, self.order_ids, self.times))[-limit:])

    def at(self, positions: Rows | slice) -> Purchases:
        """The entries at these positions."""
        return Purchases(
            self.product_ids[positions],
            self.order_ids[positions],
            self.times[positions],
            self.quantities[positions],
        )


class Past(NamedTuple):
    """What is known of each product a user bought, the products ascending by id: parallel arrays."""

    product_ids: Ids
    rows: Rows
    """Rows of the catalogue; -1 for what is not sold any more."""
    counts: Rows
    """Orders with the product."""
    last_times: Doubles
    mean_gaps: Doubles
    """Days between orders with the product; nan for a single one."""
    matrix: Doubles
    """Products by `FEATURES`; nan where there is nothing to tell."""


def past_of(purchases: Purchases, now: float, *, catalogue: Ids, sales: Sales) -> Past:
    """Describe a user's products at `now`, in seconds since 1970, by what was known then.

    `purchases` are those before now, at least one, in any order; `catalogue` the ids of the products on sale,
    ascending.
    """
    lines = purchases.latest()
    new_order = run_starts(lines.order_ids)
    order_times = lines.times[new_order]
    numbers = np.cumsum(new_order) - 1
    orders = len(order_times)
    order_gap = (order_times[-1] - order_times[0]) / DAY / (orders - 1) if orders > 1 else np.nan
    products, inverse, counts = np.unique(lines.product_ids, return_inverse=True, return_counts=True)
    by_product = np.argsort(inverse, kind="stable")
    bought = _Bought(
        counts, inverse[by_product], lines.at(by_product), numbers[by_product], orders, order_gap, now
    )
    rows = rows_of(catalogue, products)
    after_first = np.count_nonzero(numbers > 0)
    shared = [
        orders,
        len(products),
        (now - order_times[-1]) / DAY,
        order_gap,
        len(numbers) / orders,
        np.count_nonzero(numbers == orders - 1),
        (len(numbers) - len(products)) / after_first if after_first else np.nan,
    ]
    mean_gaps = bought.mean_gaps()
    # Filled column by column: joining and tiling arrays of a few dozen rows takes longer than all the arithmetic.
    matrix = np.empty((len(products), len(FEATURES)))
    columns = [*bought.columns(mean_gaps), *_demand(rows, now, sales)]
    for index, column in enumerate(columns):
        matrix[:, index] = column
    matrix[:, len(columns) :] = shared
    return Past(products, rows, counts, lines.times[by_product][np.cumsum(counts) - 1], mean_gaps, matrix)


class _Bought(NamedTuple):
    """One user's purchases by product and time."""

    counts: Rows
    """Entries of each product."""
    products: Rows
    """The position of each entry's product in `counts`."""
    lines: Purchases
    numbers: Rows
    """Of each entry's order among the user's, from 0."""
    orders: int
    order_gap: float
    now: float

    def mean_gaps(self) -> Doubles:
        ends = np.cumsum(self.counts) - 1
        spans = (self.lines.times[ends] - self.lines.times[ends - self.counts + 1]) / DAY
        return np.where(self.counts > 1, spans / np.maximum(self.counts - 1, 1), np.nan)

    def columns(self, mean_gaps: Doubles) -> list[Array]:
        """The first of `FEATURES`, up to the mean quantity."""
        counts, numbers, orders = self.counts, self.numbers, self.orders
        ends = np.cumsum(counts) - 1
        starts = ends - counts + 1
        gaps = np.zeros(len(self.products))
        gaps[1:] = np.diff(self.lines.times) / DAY
        gaps[starts] = 0
        since = (self.now - self.lines.times) / DAY
        ago = since[ends]
        variance = self._sums(gaps * gaps) / np.maximum(counts - 1, 1) - mean_gaps**2
        return [
            counts,
            counts / orders,
            counts / (orders - numbers[starts]),
            self._sums(0.5 ** (since / HALF_LIFE_DAYS)),
            self._sums(FADING ** (orders - 1 - numbers)),
            ago,
            orders - 1 - numbers[ends],
            since[starts],
            mean_gaps,
            np.where(counts > 2, np.sqrt(np.maximum(variance, 0)), np.nan),
            np.where(counts > 1, gaps[ends], np.nan),
            ago / np.maximum(mean_gaps, 1),
            ago / np.maximum(self.order_gap, 1),
            self._sums(numbers >= orders - 3),
            self.lines.quantities[ends],
            self._sums(self.lines.quantities) / counts,
        ]

    def _sums(self, values: Array) -> Doubles:
        """Per product, of one value per entry."""
        sums: Doubles = np.bincount(self.products, values, len(self.counts)).astype(np.float64)
        return sums


def _demand(rows: Rows, now: float, sales: Sales) -> list[Doubles]:
    """What everybody's orders say about the products, and all of these about the user's interests now."""
    demand = sales.before(rows, now)
    month, quarter = (demand.shares[:, WINDOWS.index(window)] for window in (30, 90))
    return [
        *demand.shares.T,
        month / np.maximum(quarter, 1e-6),
        demand.repeat_rates,
        demand.ages,
        demand.idle,
        np.full(len(rows), month.sum()),
    ]


def run_starts(values: Array) -> Array:
    """Where a run of equal values begins."""
    changes = np.ones(len(values), dtype=np.bool_)
    changes[1:] = values[1:] != values[:-1]
    return changes
