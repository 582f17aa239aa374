"""Tells how likely a user's next order holds a product that is new to them, to be set beside what they buy again.

A score of the blend orders new products well but is blind to the moment: what sells now, and how adventurous this
user is. A logistic regression over the score and these facts gives a probability that can be compared with that of
`ml.models.reorder`, and orders new products better than the score alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ml.data.arrays import Array, Doubles, Floats, Rows
from ml.models.examples import Examples
from ml.models.reorder_features import FEATURES as REORDER_FEATURES
from ml.models.reorder_features import Past
from ml.models.sales import WINDOWS, Sales

CANDIDATES = 60
"""New products of the blend, its best, whose probability is computed."""

RECENT_WINDOWS = (7, 30, 90)
USER_FEATURES = ("orders", "mean_basket", "last_basket", "days_since_order", "repeat_share")
FEATURES = ("score", *(f"popularity_{window}_days" for window in RECENT_WINDOWS), *USER_FEATURES)
"""The columns of a matrix, all but the last as logarithms."""

SMOOTHING = 1e-3
"""Added before a logarithm: a share of nothing is as good as one order in a thousand."""

MIN_EXAMPLES = 1_000
MIN_POSITIVES = 50


def train(examples: Examples) -> dict[str, Array]:
    """Fit the regression; no weights when the examples are too few, or deny that the score is worth anything.

    `discovery_means` stand in for what is not known of a user; `discovery_weights` end with the constant.
    """
    positives = int(examples.labels.sum())
    if len(examples.labels) >= MIN_EXAMPLES and MIN_POSITIVES <= positives < len(examples.labels):
        from sklearn.linear_model import LogisticRegression  # heavy, and only for training

        means = np.nan_to_num(_means(examples.features))
        centred = np.where(np.isnan(examples.features), 0, examples.features - means)
        spread = np.maximum(centred.std(axis=0), 1e-9)
        fitted = LogisticRegression(max_iter=500).fit(centred / spread, examples.labels)
        weights = np.append(fitted.coef_[0] / spread, fitted.intercept_)
        if weights[0] > 0:
            return {"discovery_means": means, "discovery_weights": weights}
    return none()


def none() -> dict[str, Array]:
    """The weights of a shop with nothing to learn from."""
    return {"discovery_means": np.empty(0), "discovery_weights": np.zeros(1)}


def _means(matrix: Doubles) -> Doubles:
    present = ~np.isnan(matrix)
    sums = np.where(present, matrix, 0).sum(axis=0)
    means: Doubles = sums / np.maximum(present.sum(axis=0), 1)
    return means


class Discovery:
    """Serves the regression; products are rows of the artifact's catalogue."""

    def __init__(self, arrays: Mapping[str, Array], sales: Sales) -> None:
        self._means: Doubles = arrays["discovery_means"]
        self._weights: Doubles = arrays["discovery_weights"]
        self._sales = sales

    def __bool__(self) -> bool:
        """Whether there was enough to learn from."""
        return len(self._means) > 0

    def probabilities(self, rows: Rows, scores: Floats, past: Past | None, now: float) -> Floats:
        """Of each product to be in the order, if the user orders at `now` (seconds since 1970).

        `scores` are the blend's, in [0, 1]; `past` describes what the user bought, None if nothing.
        """
        matrix = self.matrix(rows, scores, past, now)
        centred = np.where(np.isnan(matrix), 0, matrix - self._means)
        logits = centred @ self._weights[:-1] + self._weights[-1]
        return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)

    def matrix(self, rows: Rows, scores: Floats, past: Past | None, now: float) -> Doubles:
        """Products by `FEATURES`; nan where nothing is known."""
        shares = self._sales.before(rows, now).shares
        recent = shares[:, [WINDOWS.index(window) for window in RECENT_WINDOWS]]
        matrix = np.empty((len(rows), len(FEATURES)))
        matrix[:, 0] = np.log(scores + SMOOTHING)
        matrix[:, 1 : 1 + len(RECENT_WINDOWS)] = np.log(recent + SMOOTHING)
        matrix[:, 1 + len(RECENT_WINDOWS) :] = _user(past)
        return matrix


def _user(past: Past | None) -> Doubles:
    if past is None:
        return np.full(len(USER_FEATURES), np.nan)
    facts = past.matrix[0, [REORDER_FEATURES.index(name) for name in USER_FEATURES]]
    facts[:-1] = np.log1p(np.maximum(facts[:-1], 0))
    return facts
