"""Tells how likely a user's next order holds each product they bought before, by boosted decision trees.

LightGBM: Ke et al., "LightGBM: A Highly Efficient Gradient Boosting Decision Tree", NIPS 2017. The trees learn
from past orders: each is predicted from what was known the day before it, as serving predicts an order of today.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from ml.data.arrays import Doubles, Floats, Ids, Rows
from ml.data.dataset import DAY, GUEST, Interactions
from ml.models.boosting import MissingLibrary, lightgbm
from ml.models.examples import Examples
from ml.models.reasons import Reason, ReasonCode
from ml.models.reorder_features import FEATURES, Past, Purchases, past_of, run_starts
from ml.models.sales import Sales

TARGETS_EACH = 3
"""Latest orders of a user that are learned from; earlier ones add little and cost as much."""

TARGETS_LIMIT = 20_000
MIN_EXAMPLES = 200
MIN_OF_EACH = 20
"""Below these, trees would learn chance: products bought before, and those bought again and those not."""

ROUNDS = 60
PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.1,
    "num_leaves": 31,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
LEAF_SHARE, MIN_LEAF, MAX_LEAF = 0.01, 10, 100
"""A leaf holds this share of the examples, within bounds: a small shop needs small leaves to learn at all."""

_log = logging.getLogger(__name__)


def train(
    interactions: Interactions, product_ids: Ids, sales: Sales, *, seed: int = 0, threads: int = 1
) -> list[str]:
    """Give the trees as the lines of LightGBM's text; none when there is too little to learn from.

    `product_ids` are those on sale, ascending; `sales` counts the same interactions. The same seed and data give
    the same trees. `threads` 0 means every core. Raises MissingLibrary.
    """
    return boosted(examples_of(interactions, product_ids, sales, seed=seed), seed=seed, threads=threads)


def examples_of(interactions: Interactions, product_ids: Ids, sales: Sales, *, seed: int = 0) -> Examples:
    """Products that users had bought before their latest orders, and whether these held them; guests have none."""
    targets = list(_targets(interactions))
    if len(targets) > TARGETS_LIMIT:
        sample = np.random.default_rng(seed).choice(len(targets), TARGETS_LIMIT, replace=False)
        targets = [targets[index] for index in np.sort(sample).tolist()]
    features, labels = [np.empty((0, len(FEATURES)))], [np.empty(0, np.int64)]
    for target in targets:
        past = past_of(target.earlier, target.time, catalogue=product_ids, sales=sales)
        on_sale = past.rows >= 0
        features.append(past.matrix[on_sale])
        labels.append(np.isin(past.product_ids[on_sale], target.basket).astype(np.int64))
    return Examples(np.concatenate(features), np.concatenate(labels))


def boosted(examples: Examples, *, seed: int = 0, threads: int = 1) -> list[str]:
    """Give the trees as lines of text; none when the examples are too few. Raises MissingLibrary."""
    positives = int(examples.labels.sum())
    if len(examples.labels) < MIN_EXAMPLES or min(positives, len(examples.labels) - positives) < MIN_OF_EACH:
        return []
    library = lightgbm()
    leaf = int(min(max(LEAF_SHARE * len(examples.labels), MIN_LEAF), MAX_LEAF))
    booster = library.train(
        PARAMETERS | {"min_data_in_leaf": leaf, "seed": seed, "num_threads": threads},
        library.Dataset(examples.features, examples.labels, feature_name=list(FEATURES)),
        ROUNDS,
    )
    return str(booster.model_to_string()).split("\n")


class _Target(NamedTuple):
    """An order to predict: what its user bought before, when it was placed, and the products it held."""

    earlier: Purchases
    time: float
    basket: Ids


def _targets(interactions: Interactions) -> Iterator[_Target]:
    users, purchases = by_user(interactions)
    if not len(users):
        return
    new_user = run_starts(users)
    order_starts = np.flatnonzero(new_user | run_starts(purchases.order_ids))
    order_ends = np.append(order_starts[1:], len(users))
    user_starts = np.flatnonzero(new_user)
    user_of_order = np.searchsorted(user_starts, order_starts, side="right") - 1
    number = np.arange(len(order_starts)) - np.searchsorted(user_of_order, user_of_order)
    to_come = np.bincount(user_of_order)[user_of_order] - 1 - number
    for index in np.flatnonzero((number > 0) & (to_come < TARGETS_EACH)).tolist():
        start, end = int(order_starts[index]), int(order_ends[index])
        first = int(user_starts[user_of_order[index]])
        yield _Target(
            purchases.at(slice(first, start)), float(purchases.times[start]), purchases.product_ids[start:end]
        )


def by_user(interactions: Interactions) -> tuple[Ids, Purchases]:
    """Everybody's purchases but the guests', by user and time, one entry per order and product; the users first.

    The lines of an order must bear the same time.
    """
    lines = interactions.where(interactions.user_ids != GUEST)
    order = np.lexsort((lines.product_ids, lines.order_ids, lines.times, lines.user_ids))
    products, orders = lines.product_ids[order], lines.order_ids[order]
    starts = np.flatnonzero(run_starts(orders) | run_starts(products))
    quantities = lines.quantities[order]
    summed = np.add.reduceat(quantities, starts) if len(starts) else quantities
    lead = order[starts]
    return lines.user_ids[lead], Purchases(products[starts], orders[starts], lines.times[lead], summed)


@dataclass(frozen=True, slots=True)
class Reordered:
    """One product a user may buy again.

    `probability`, in [0, 1], is that of the user's next order holding the product, if it were placed now.
    `last_time` is in seconds since the epoch.
    """

    product_id: int
    probability: float
    reason: Reason
    last_time: float


class Chances(NamedTuple):
    """The products a user bought, the likeliest first: parallel arrays."""

    rows: Rows
    probabilities: Floats
    past: Past
    positions: Rows
    """Of the same products in `past`."""
    now: float

    def reordered(self, index: int) -> Reordered:
        """All about the product at a position of this list."""
        past, source = self.past, self.positions[index]
        last = float(past.last_times[source])
        return Reordered(
            int(past.product_ids[source]),
            round(float(self.probabilities[index]), 6),
            Reason(
                ReasonCode.BOUGHT_BEFORE,
                order_count=int(past.counts[source]),
                interval_days=round(float(np.nan_to_num(past.mean_gaps[source]))),  # none of a single order
                days_since_order=max(round((self.now - last) / DAY), 0),
            ),
            last,
        )


class Booster(Protocol):
    """Trained trees."""

    def predict(self, data: Doubles, num_threads: int) -> Doubles:
        """The probability of each row of features."""


class Reorder:
    """Serves the trees; any number of threads may ask at once."""

    def __init__(self, trees: Sequence[str], sales: Sales, product_ids: Ids) -> None:
        """`trees` must come from a verified artifact: LightGBM ends the process over a damaged text.

        Without trees, or their library, a smoothed share of the user's orders stands in for the probability.
        """
        self._booster = _booster(trees) if trees else None
        self._sales = sales
        self._product_ids = product_ids

    def chances(self, purchases: Purchases, now: float) -> Chances | None:
        """Tell of each product bought before `now` (seconds since 1970) that is on sale; None if there is none."""
        if not len(purchases.product_ids):
            return None
        past = past_of(purchases, now, catalogue=self._product_ids, sales=self._sales)
        positions = np.flatnonzero(past.rows >= 0)
        if not len(positions):
            return None
        probabilities = self._probabilities(past, positions)
        order = np.argsort(-probabilities, kind="stable")
        positions = positions[order]
        return Chances(past.rows[positions], probabilities[order], past, positions, now)

    def _probabilities(self, past: Past, positions: Rows) -> Floats:
        matrix = past.matrix[positions]
        if self._booster is None:
            orders = matrix[:, FEATURES.index("orders")]
            return np.asarray(past.counts[positions] / (orders + 1), dtype=np.float32)
        return np.asarray(self._booster.predict(matrix, num_threads=1), dtype=np.float32)


def _booster(trees: Sequence[str]) -> Booster | None:
    """The trees, ready to be asked; None where the library is missing, as on another server than trained them."""
    try:
        library = lightgbm()
    except MissingLibrary as missing:
        _log.warning("%s; how often each product was bought stands in for it", missing)
        return None
    booster: Booster = library.Booster(model_str="\n".join(trees))
    return booster
