"""Finds the weights of a sum of features that put what was bought at the top of the most lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.data.arrays import Array, Doubles, Floats

K = 20
STEPS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0)
"""Weights that are tried, as multiples of the first feature's."""

ROUNDS = 2
GAIN = 0.002
"""By what part a weight must better the lists to be taken: less is noise."""


class LabelledCandidates(NamedTuple):
    """One user's candidates: features, labels (bought or not), and how many products they bought in all."""

    features: Array
    labels: NDArray[np.bool_]
    positives: int


class CandidateTable:
    """The candidates of many users, in one array."""

    def __init__(self, users: Sequence[LabelledCandidates]) -> None:
        """All users must have the same features, and bought something."""
        longest = max([K, *(len(user.labels) for user in users)])
        width = users[0].features.shape[1]
        self._features: Floats = np.zeros((len(users), longest, width), dtype=np.float32)
        self._labels = np.zeros((len(users), longest), dtype=np.bool_)
        self._real = np.zeros((len(users), longest), dtype=np.bool_)
        for index, user in enumerate(users):
            size = len(user.labels)
            self._features[index, :size], self._labels[index, :size] = user.features, user.labels
            self._real[index, :size] = True
        self._positives = np.array([user.positives for user in users])
        self._discounts = 1 / np.log2(np.arange(2, K + 2))
        self._best = np.cumsum(self._discounts)[np.minimum(self._positives, K) - 1]

    def top(self, weights: Sequence[float]) -> tuple[Floats, NDArray[np.bool_]]:
        """The scores of each user's first places, best first (-inf: no candidate), and which were bought."""
        scores = self._features @ np.array(weights, dtype=np.float32)
        scores[~self._real] = -np.inf
        top = np.argpartition(scores, scores.shape[1] - K, axis=1)[:, -K:]
        values = np.take_along_axis(scores, top, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        hits = np.take_along_axis(self._labels, np.take_along_axis(top, order, axis=1), axis=1)
        return np.take_along_axis(values, order, axis=1), hits

    def worth(self, weights: Sequence[float]) -> float:
        """The mean of recall@20 and NDCG@20 over all users."""
        _, hits = self.top(weights)
        recall: Doubles = hits.sum(axis=1) / self._positives
        gain: Doubles = (hits * self._discounts).sum(axis=1) / self._best
        return float((recall + gain).mean() / 2)


def climb(
    table: CandidateTable, start: Mapping[str, float], free: Sequence[str]
) -> tuple[dict[str, float], float]:
    """Better the `free` weights one by one from `start`; `start` names all features, in their order.

    Gives the weights and what they are worth.
    """
    weights = dict(start)
    best = table.worth(list(weights.values()))
    for _ in range(ROUNDS):
        for name in free:
            for step in STEPS:
                tried = weights | {name: step}
                worth = table.worth(list(tried.values()))
                if worth > best * (1 + GAIN):
                    weights, best = tried, worth
    return weights, best
