"""Serves what the shop sold in the last weeks, as a standard score per product, as it was known at any moment."""

from __future__ import annotations

import numpy as np

from ml.data.arrays import Floats, Rows
from ml.data.dataset import DAY
from ml.models.sales import WINDOWS, Sales

WINDOW_DAYS = 30
SMOOTHING = 1e-3
"""Added before the logarithm: a share of nothing is as good as one order in a thousand."""


class RecentSales:
    """The logarithm of each product's share of recent orders, centred and scaled over the catalogue."""

    def __init__(self, sales: Sales, trained: int, size: int) -> None:
        """The first `trained` of `size` products were there at training; the others sold nothing."""
        self._sales = sales
        self._trained = trained
        self._size = size
        self._of_day: tuple[int, Floats] = (-1, np.zeros(size, dtype=np.float32))

    def scores(self, rows: Rows, now: float) -> Floats:
        """The standard scores of products at `now`, in seconds since 1970."""
        return self._at(int(now // DAY))[rows]

    def _at(self, day: int) -> Floats:
        # Remembered for one day. Threads that meet here at midnight compute the same: the pair is read and
        # written whole.
        day_of_scores, scores = self._of_day
        if day_of_scores == day:
            return scores
        scores = self._counted(day)
        self._of_day = (day, scores)
        return scores

    def _counted(self, day: int) -> Floats:
        rows = np.arange(self._trained)
        shares = self._sales.before(rows, day * DAY).shares[:, WINDOWS.index(WINDOW_DAYS)]
        logs = np.log(shares + SMOOTHING)
        size = float(logs.std()) if len(logs) else 0.0
        if size <= 1e-9:
            return np.zeros(self._size, dtype=np.float32)
        scores = np.full(self._size, (np.log(SMOOTHING) - logs.mean()) / size, dtype=np.float32)
        scores[: self._trained] = (logs - logs.mean()) / size
        return scores
