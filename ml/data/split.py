"""Splits a shop's history into what a model is trained on and a holdout that it is measured by."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.data.arrays import Doubles, Ids, first_of_pairs
from ml.data.dataset import GUEST, Dataset, Interactions

HISTORY_LIMIT = 100
"""The latest products of a user that a model is told of, here and by the server."""

RANDOM_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class Split:
    """A data set without some purchases of some users, and those purchases."""

    training: Dataset
    baskets: Mapping[int, frozenset[int]]
    """User → products held out."""
    order_times: Mapping[int, float] = field(default_factory=dict)
    """User → when they were bought, in seconds since 1970."""


class Case(NamedTuple):
    """A question to a model: what a user had bought until a moment, and what else they bought then."""

    user_id: int
    history: Sequence[int]
    """All products they had bought, latest first."""
    relevant: frozenset[int]
    """Products of the held-out basket that they had not bought before, and that are on sale."""
    now: float | None


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
    holdout = np.flatnonzero(last_of_user & has_earlier & (users != GUEST))
    in_holdout = np.isin(lines.order_ids, orders[holdout])
    training = replace(
        dataset,
        interactions=lines.where(~in_holdout),
        events=dataset.events.where(~_after(dataset, users[holdout], times[holdout - 1])),
    )
    order_times = dict(zip(users[holdout].tolist(), times[holdout].tolist(), strict=True))
    return Split(training, _baskets(lines.where(in_holdout)), order_times)


def hold_out_at_random(
    dataset: Dataset, *, users: int | None = None, share: float = RANDOM_SHARE, seed: int = 0
) -> Split:
    """Split off a random part of the products of each user: for data that does not say when things were bought.

    Everybody loses the same share, as in the test that this stands for. Where only some do, regressions look
    better than they are. `users` bounds how many lose anything.
    """
    lines = dataset.interactions
    chance = np.random.default_rng(seed)
    shuffled = chance.permutation(len(lines))
    pairs = shuffled[first_of_pairs(lines.user_ids[shuffled], lines.product_ids[shuffled])]
    pairs = pairs[lines.user_ids[pairs] != GUEST]
    pairs = chance.permutation(pairs)
    pairs = pairs[np.argsort(lines.user_ids[pairs], kind="stable")]
    _, starts, counts = np.unique(lines.user_ids[pairs], return_index=True, return_counts=True)
    eligible = np.flatnonzero(np.floor(counts * share) > 0)
    members = np.sort(chance.choice(eligible, min(users or len(eligible), len(eligible)), replace=False))
    parts = [np.arange(starts[user], starts[user] + int(counts[user] * share)) for user in members.tolist()]
    holdout = pairs[np.concatenate([np.empty(0, np.int64), *parts])]
    # One number for each pair of user and product.
    keys = lines.user_ids * (int(lines.product_ids.max(initial=0)) + 1) + lines.product_ids
    in_holdout = np.isin(keys, keys[holdout])
    training = replace(dataset, interactions=lines.where(~in_holdout))
    return Split(training, _baskets(lines.where(in_holdout)))


def cases(split: Split, limit: int, *, seed: int = 0) -> list[Case]:
    """The questions of a split, of at most `limit` users chosen by the seed, by time.

    As when serving, bought products are neither recommended nor expected: users whose basket held nothing new are
    left out.
    """
    users = sorted(split.baskets)
    if len(users) > limit:
        users = sorted(np.random.default_rng(seed).choice(users, limit, replace=False).tolist())
    past = histories(split.training.interactions, users)
    on_sale = set(split.training.products.ids.tolist())
    candidates = [
        Case(
            user,
            past[user],
            (split.baskets[user] & on_sale).difference(past[user]),
            split.order_times.get(user),
        )
        for user in users
    ]
    return sorted((case for case in candidates if case.relevant), key=lambda case: case.now or 0.0)


def histories(interactions: Interactions, users: Collection[int]) -> dict[int, list[int]]:
    """Each user's products, latest first, each once."""
    lines = interactions.where(np.isin(interactions.user_ids, np.fromiter(users, np.int64, len(users))))
    order = np.lexsort((lines.product_ids, -lines.order_ids, -lines.times))
    result: dict[int, dict[int, None]] = {user: {} for user in users}
    for user, product in zip(lines.user_ids[order].tolist(), lines.product_ids[order].tolist(), strict=True):
        result[user].setdefault(product)
    return {user: list(products) for user, products in result.items()}


def _after(dataset: Dataset, users: Ids, until: Doubles) -> NDArray[np.bool_]:
    """Which events belong to one of these users (ascending) and happened after their own time."""
    events = dataset.events
    if len(users) == 0:
        return np.zeros(len(events.user_ids), dtype=np.bool_)
    positions = np.minimum(np.searchsorted(users, events.user_ids), len(users) - 1)
    late: NDArray[np.bool_] = (users[positions] == events.user_ids) & (events.times > until[positions])
    return late


def _baskets(lines: Interactions) -> dict[int, frozenset[int]]:
    baskets: dict[int, set[int]] = {}
    for user, product in zip(lines.user_ids.tolist(), lines.product_ids.tolist(), strict=True):
        baskets.setdefault(user, set()).add(product)
    return {user: frozenset(products) for user, products in baskets.items()}
