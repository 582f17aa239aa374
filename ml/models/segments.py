"""Groups a shop's customers by how recently, how often and for how much they bought, and names the groups.

Recency, frequency and monetary value are the three numbers of Hughes, "Strategic Database Marketing" (1994).
They are heavily skewed, so k-means runs on their logarithms, standardised; how many groups there are is chosen
by the mean silhouette (Rousseeuw, 1987).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ml.data.arrays import Array, Doubles, Ids
from ml.data.dataset import DAY, GUEST, Orders
from ml.models.segment_names import named

MIN_CUSTOMERS = 10
"""Below this many customers there is nothing to group."""
CUSTOMERS_PER_SEGMENT = 10
MIN_SEGMENTS, MAX_SEGMENTS = 4, 6
"""How many segments a shop has, unless it is too small for the fewest."""

STARTS = 10
LEARNED_FROM, JUDGED_BY = 20_000, 2_000
"""Customers that the groups are learned from, and those that the number of groups is judged by, at most: a larger
sample moves no centre, and the silhouette costs their square."""


@dataclass(frozen=True, eq=False)
class CustomerValues:
    """What the customers of a shop are worth, ascending by id: parallel arrays.

    `recency` counts whole days back from the shop's latest order, `frequency` orders, `monetary` minor units.
    """

    ids: Ids
    recency: NDArray[np.int32]
    frequency: NDArray[np.int32]
    monetary: NDArray[np.int64]


def train(orders: Orders, *, seed: int = 0) -> tuple[dict[str, Array], dict[str, list[str]]]:
    """Group the customers; return the arrays and the texts of the part `segments` of an artifact.

    Each customer has one segment, a row of the names. With fewer than MIN_CUSTOMERS all of them are empty.
    The same orders and seed give the same segments.
    """
    customers = customers_of(orders)
    if len(customers.ids) < MIN_CUSTOMERS:
        customers = CustomerValues(*(column[:0] for column in _columns(customers)))
        labels, names, descriptions = np.empty(0, np.int64), list[str](), list[str]()
    else:
        points = _points(customers)
        labels = _clustered(points, seed)
        labels, names, descriptions = named(labels, points, *_columns(customers)[1:])
    arrays: dict[str, Array] = {
        "segments_user_ids": customers.ids,
        "segments_labels": labels.astype(np.int32),
        "segments_recency": customers.recency,
        "segments_frequency": customers.frequency,
        "segments_monetary": customers.monetary,
    }
    return arrays, {"segments_names": names, "segments_descriptions": descriptions}


def customers_of(orders: Orders) -> CustomerValues:
    """Sum the orders up by customer; guests are left out."""
    is_member = orders.user_ids != GUEST
    ids, rows = np.unique(orders.user_ids[is_member], return_inverse=True)
    last = np.full(len(ids), -np.inf)
    np.maximum.at(last, rows, orders.times[is_member])
    monetary = np.zeros(len(ids), np.int64)
    # bincount would sum in floats, which lose large amounts
    np.add.at(monetary, rows, orders.totals[is_member])
    newest = orders.times.max(initial=0)
    return CustomerValues(
        ids.astype(np.int64),
        ((newest - last) // DAY).astype(np.int32),
        np.bincount(rows, minlength=len(ids)).astype(np.int32),
        monetary,
    )


def _columns(customers: CustomerValues) -> tuple[Array, Array, Array, Array]:
    return customers.ids, customers.recency, customers.frequency, customers.monetary


def _points(customers: CustomerValues) -> Doubles:
    """A point per customer; more is better on each axis: recent, often, much."""
    columns = [-np.log1p(customers.recency), np.log1p(customers.frequency), np.log1p(customers.monetary)]
    points = np.column_stack(columns).astype(np.float64)
    spread = points.std(axis=0)
    # Where all customers are alike, rounding leaves a spread that must not be blown up.
    return np.asarray((points - points.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0))


def _clustered(points: Doubles, seed: int) -> NDArray[np.int64]:
    """A group for each point."""
    from sklearn.cluster import KMeans  # a second to import, and only for training segments

    chance = np.random.default_rng(seed)
    sample = _some(points, LEARNED_FROM, chance)
    # Several threads add up in any order, and the last bits decide where a customer between two groups goes.
    with threadpool_limits(limits=1):
        count = _best_count(_some(sample, JUDGED_BY, chance), _counts(len(points)), seed)
        model = KMeans(_possible(count, sample), n_init=STARTS, random_state=seed).fit(sample)
        return np.asarray(model.predict(points), np.int64)


def _counts(customers: int) -> Sequence[int]:
    """How many segments a shop of so many customers may have."""
    largest = max(2, min(MAX_SEGMENTS, customers // CUSTOMERS_PER_SEGMENT))
    return range(MIN_SEGMENTS if largest >= MIN_SEGMENTS else 2, largest + 1)


def _best_count(sample: Doubles, counts: Sequence[int], seed: int) -> int:
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    scores: dict[int, float] = {}
    for count in dict.fromkeys(_possible(count, sample) for count in counts):
        if count > 1:
            labels = KMeans(count, n_init=STARTS, random_state=seed).fit_predict(sample)
            scores[count] = float(silhouette_score(sample, labels))
    return max(scores, key=lambda count: (scores[count], -count), default=1)


def _possible(count: int, points: Doubles) -> int:
    """As many groups as asked for, but no more than there are different points."""
    return min(count, len(np.unique(points, axis=0)))


def _some(points: Doubles, most: int, chance: np.random.Generator) -> Doubles:
    return points if len(points) <= most else points[chance.choice(len(points), most, replace=False)]
