"""Serves the trained factors: scores products for one user, folding in what happened after training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ml.data.arrays import Array, Doubles, Floats, Ids, Rows

HISTORY_SHARE = 0.5
"""Confidence in an event after training, as a share of a purchase's: it may have been only a view."""

NEW_EVENTS_LIMIT = 100


class UserFactors:
    """User and product factors; products are rows of the artifact's catalogue."""

    def __init__(
        self, arrays: Mapping[str, Array], *, alpha: float, regularization: float, newcomers: int = 0
    ) -> None:
        """Products after those of the arrays are `newcomers`, of whom no factors are known."""
        self._user_ids: Ids = arrays["als_user_ids"]
        self._users: Floats = arrays["als_user_factors"]
        items: Floats = arrays["als_item_factors"]
        self._items = (
            np.vstack([items, np.zeros((newcomers, items.shape[1]), np.float32)]) if newcomers else items
        )
        self._indptr = arrays["als_indptr"]
        self._indices = arrays["als_indices"]
        self._confidences: Floats = arrays["als_confidences"]
        self._new_confidence = max(1.0, alpha * HISTORY_SHARE)
        wide = items.astype(np.float64)
        # Everything about the catalogue that a fold-in or a standard score needs, in factors by factors
        # numbers.
        self._gram: Doubles = wide.T @ wide + max(regularization, 1e-6) * np.eye(wide.shape[1])
        self._mean: Doubles = wide.mean(axis=0)
        self._covariance: Doubles = wide.T @ wide / max(1, len(wide)) - np.outer(self._mean, self._mean)

    def vector(self, user_id: int, history: Rows) -> Floats | None:
        """The user's factors, from training and the products of `history` that training did not know.

        None when nothing is known that these factors speak about.
        """
        row = int(np.searchsorted(self._user_ids, user_id))
        is_trained = row < len(self._user_ids) and int(self._user_ids[row]) == user_id
        span = slice(self._indptr[row], self._indptr[row + 1]) if is_trained else slice(0, 0)
        trained = self._indices[span]
        familiar = set(trained.tolist())
        # A set, because numpy's isin costs more than the rest of a call for so few.
        recent = history[:NEW_EVENTS_LIMIT].tolist()
        fresh = np.array([row for row in recent if row not in familiar], dtype=np.int64)
        if len(fresh):
            confidences = np.concatenate([self._confidences[span], np.full(len(fresh), self._new_confidence)])
            vector = self._fold_in(np.concatenate([trained, fresh]), confidences)
        elif is_trained:
            vector = self._users[row]
        else:
            return None
        return vector if vector.any() else None

    def scores(self, vector: Floats, rows: Rows) -> Floats:
        """The standard scores of products: how far the liking is above the average of the catalogue."""
        wide = vector.astype(np.float64)
        spread = float(np.sqrt(np.maximum(wide @ self._covariance @ wide, 0)))
        if spread <= 1e-12:
            return np.zeros(len(rows), dtype=np.float32)
        likings = self._items[rows] @ np.asarray(vector / np.float32(spread), dtype=np.float32)
        return np.asarray(likings - np.float32(self._mean @ wide / spread), dtype=np.float32)

    def _fold_in(self, rows: Rows, confidences: Array) -> Floats:
        """Solve one user's least squares exactly as training does, with the products held still."""
        items = self._items[rows].astype(np.float64)
        left = self._gram + (items.T * (confidences - 1)) @ items
        return np.asarray(np.linalg.solve(left, items.T @ confidences), dtype=np.float32)
