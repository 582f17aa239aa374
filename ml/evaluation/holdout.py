"""Asks a model about orders held out from its training: what their users bought before, and what they held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ml.data.split import HISTORY_LIMIT, Split
from ml.models import discovery
from ml.models.examples import Examples
from ml.models.reorder import by_user
from ml.models.reorder_features import Purchases
from ml.ranking.eligibility import Everything
from ml.ranking.model import Model
from ml.ranking.repeats import fresh_limit, unbought

LEARNED_FROM = 3_000
"""Orders from which the probability of new products is learned; it is ten numbers."""


class HoldoutOrder(NamedTuple):
    """An order that training did not see."""

    user_id: int
    time: float
    """Seconds since 1970: the moment the model is asked about."""
    basket: frozenset[int]
    purchases: Purchases
    """What the user bought before, oldest first."""

    def history(self) -> list[int]:
        """The latest products bought before, latest first, each once, as many as a server looks at."""
        return list(dict.fromkeys(self.purchases.product_ids[::-1].tolist()))[:HISTORY_LIMIT]


def holdout_orders(split: Split) -> Iterator[HoldoutOrder]:
    """The orders held out by `split`, by user; none of a split that does not tell when they were placed."""
    users, purchases = by_user(split.training.interactions)
    for user in sorted(split.order_times):
        start, end = np.searchsorted(users, [user, user + 1]).tolist()
        yield HoldoutOrder(
            user, split.order_times[user], split.baskets[user], purchases.at(slice(start, end))
        )


def sample(orders: Sequence[HoldoutOrder], limit: int, seed: int) -> list[HoldoutOrder]:
    """As many of the orders, chosen by the seed, in their order."""
    if len(orders) <= limit:
        return list(orders)
    indices = np.random.default_rng(seed).choice(len(orders), limit, replace=False)
    return [orders[index] for index in np.sort(indices).tolist()]


def discoveries(model: Model, orders: Iterable[HoldoutOrder]) -> Examples:
    """What the model proposed that was new to the users, and whether their orders held it."""
    features, labels = [np.empty((0, len(discovery.FEATURES)))], [np.empty(0, np.int64)]
    for order in orders:
        fresh = model.recommend(
            order.user_id,
            history=order.history(),
            eligible=unbought(order.purchases, Everything()),
            limit=fresh_limit(0),
            now=order.time,
        )
        features.append(model.repeats.discovery_features(fresh, order.purchases, order.time))
        labels.append(np.array([item.product_id in order.basket for item in fresh], dtype=np.int64))
    return Examples(np.concatenate(features), np.concatenate(labels))


def measure_reorder(model: Model, orders: Iterable[HoldoutOrder]) -> dict[str, float] | None:
    """How well the model tells what is bought again: `auc`, `average_precision` and the number of `pairs`.

    A pair is an order and a product its user had bought before; what is off sale, or beyond the purchases that are
    looked at, counts as given no chance. None when all or none were bought again.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score  # heavy, and only for training

    scores: list[float] = []
    labels: list[bool] = []
    for order in orders:
        candidates = set(order.purchases.product_ids.tolist())
        chances = {
            again.product_id: again.probability
            for again in model.repeats.reorder(
                order.purchases, order.time, eligible=Everything(), limit=len(candidates)
            )
        }
        scores += [chances.get(product, 0.0) for product in candidates]
        labels += [product in order.basket for product in candidates]
    if len(set(labels)) < 2:
        return None
    return {
        "auc": round(float(roc_auc_score(labels, scores)), 4),
        "average_precision": round(float(average_precision_score(labels, scores)), 4),
        "pairs": len(scores),
    }
