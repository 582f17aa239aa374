"""Measures recommendations on baskets held out from training, beside plain popularity."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ml.arrays import Doubles, Ids
from ml.blend import Recommendation
from ml.dataset import GUEST, Dataset, Interactions
from ml.model import Model

K = 20
USERS_LIMIT = 5_000
HISTORY_LIMIT = 100


def recall_at_k(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """The share of `relevant` found among the first k; 0 when nothing is relevant."""
    return float(_hits(ranked, relevant, k).sum()) / len(relevant) if relevant else 0.0


def ndcg_at_k(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """Binary gain, discounted by log2 of the place plus one, against the best possible first k."""
    if not relevant:
        return 0.0
    discounts = 1 / np.log2(np.arange(2, k + 2))
    hits = _hits(ranked, relevant, k)
    return float((hits * discounts[: len(hits)]).sum() / discounts[: min(k, len(relevant))].sum())


def average_precision_at_k(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """The mean of the precision at each hit among the first k, over the most hits possible there."""
    if not relevant:
        return 0.0
    hits = _hits(ranked, relevant, k)
    precisions = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((precisions * hits).sum()) / min(k, len(relevant))


def coverage_at_k(lists: Sequence[Sequence[int]], catalogue_size: int, k: int) -> float:
    """The share of the catalogue that appears in anybody's first k."""
    shown = {item for ranked in lists for item in ranked[:k]}
    return len(shown) / catalogue_size if catalogue_size else 0.0


def summary(
    lists: Sequence[Sequence[int]], relevant: Sequence[Collection[int]], catalogue_size: int, k: int
) -> dict[str, float]:
    """All four measures over many users, the first three as means, rounded to four digits."""
    measures: Mapping[str, Callable[[Sequence[int], Collection[int], int], float]] = {
        "recall": recall_at_k,
        "ndcg": ndcg_at_k,
        "map": average_precision_at_k,
    }
    result = {}
    for name, measure in measures.items():
        values = [measure(ranked, wanted, k) for ranked, wanted in zip(lists, relevant, strict=True)]
        result[f"{name}@{k}"] = round(float(np.mean(values)), 4) if values else 0.0
    result[f"coverage@{k}"] = round(coverage_at_k(lists, catalogue_size, k), 4)
    return result


def _hits(ranked: Sequence[int], relevant: Collection[int], k: int) -> Doubles:
    wanted = relevant if isinstance(relevant, set | frozenset) else set(relevant)
    return np.array([item in wanted for item in ranked[:k]], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Split:
    """A data set without the last basket of each user who ordered twice or more, and those baskets."""

    training: Dataset
    baskets: Mapping[int, frozenset[int]]
    """User → products of the basket held out."""


def hold_out(dataset: Dataset) -> Split:
    """Split off each user's last order, by time and then by id.

    What such a user looked at after the order before it is left out of training too: it leads to the held-out
    basket.
    """
    lines = dataset.interactions
    order = np.lexsort((lines.order_ids, lines.times, lines.user_ids))
    users, orders, times = lines.user_ids[order], lines.order_ids[order], lines.times[order]
    last_of_order = np.append((users[1:] != users[:-1]) | (orders[1:] != orders[:-1]), True)[: len(order)]
    users, orders, times = users[last_of_order], orders[last_of_order], times[last_of_order]
    last_of_user = np.append(users[1:] != users[:-1], True)[: len(users)]
    has_earlier = np.append(False, users[1:] == users[:-1])[: len(users)]
    chosen = np.flatnonzero(last_of_user & has_earlier & (users != GUEST))
    held = np.isin(lines.order_ids, orders[chosen])
    return Split(
        Dataset(
            dataset.products,
            lines.where(~held),
            dataset.events.where(~_after(dataset, users[chosen], times[chosen - 1])),
        ),
        _baskets(lines.where(held)),
    )


def _after(dataset: Dataset, users: Ids, until: Doubles) -> NDArray[np.bool_]:
    """Which events belong to one of these users (ascending) and happened after their own time."""
    events = dataset.events
    if len(users) == 0:
        return np.zeros(len(events.user_ids), dtype=np.bool_)
    places = np.minimum(np.searchsorted(users, events.user_ids), len(users) - 1)
    late: NDArray[np.bool_] = (users[places] == events.user_ids) & (events.times > until[places])
    return late


def _baskets(lines: Interactions) -> dict[int, frozenset[int]]:
    baskets: dict[int, set[int]] = {}
    for user, product in zip(lines.user_ids.tolist(), lines.product_ids.tolist(), strict=True):
        baskets.setdefault(user, set()).add(product)
    return {user: frozenset(products) for user, products in baskets.items()}


def histories(interactions: Interactions, users: Collection[int]) -> dict[int, list[int]]:
    """Each user's products, latest first, each once."""
    lines = interactions.where(np.isin(interactions.user_ids, np.fromiter(users, np.int64, len(users))))
    order = np.lexsort((lines.product_ids, -lines.order_ids, -lines.times))
    result: dict[int, dict[int, None]] = {user: {} for user in users}
    for user, product in zip(lines.user_ids[order].tolist(), lines.product_ids[order].tolist(), strict=True):
        result[user].setdefault(product)
    return {user: list(products) for user, products in result.items()}


@dataclass
class _Lists:
    relevant: list[frozenset[int]] = field(default_factory=list)
    blend: list[list[int]] = field(default_factory=list)
    popularity: list[list[int]] = field(default_factory=list)


def evaluate(
    model: Model, split: Split, *, k: int = K, users_limit: int = USERS_LIMIT, seed: int = 0
) -> dict[str, object]:
    """Rank products for the users of a split as the server would, and compare with their held-out baskets.

    `model` was trained on `split.training`. As when serving, bought products are neither recommended nor
    expected, so users whose last basket held nothing new are left out. Returns `k`, `users`, and the measures
    of the `blend` and of `popularity`.
    """
    users = sorted(split.baskets)
    if len(users) > users_limit:
        users = sorted(np.random.default_rng(seed).choice(users, users_limit, replace=False).tolist())
    past = histories(split.training.interactions, users)
    on_sale = set(split.training.products.ids.tolist())
    lists = _Lists()
    for user in users:
        bought = set(past[user])
        relevant = (split.baskets[user] & on_sale) - bought
        if not relevant:
            continue
        lists.relevant.append(relevant)
        lists.blend.append(
            _ids(model.recommend(user, history=past[user][:HISTORY_LIMIT], eligible=_not_in(bought), limit=k))
        )
        lists.popularity.append(_ids(model.popular(eligible=_not_in(bought), limit=k)))
    return {
        "k": k,
        "users": len(lists.relevant),
        "blend": summary(lists.blend, lists.relevant, len(model), k),
        "popularity": summary(lists.popularity, lists.relevant, len(model), k),
    }


def _not_in(bought: Collection[int]) -> Callable[[int], bool]:
    return lambda product_id: product_id not in bought


def _ids(recommendations: Sequence[Recommendation]) -> list[int]:
    return [recommendation.product_id for recommendation in recommendations]
