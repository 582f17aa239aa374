"""Which products can be ordered from a location."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.data.arrays import Ids, rows_of


@dataclass(frozen=True, slots=True, eq=False)
class StockedProducts:
    """Products that can be ordered from one location. Never changes: another takes its place."""

    product_ids: Ids
    """Ascending."""

    def have(self, product_ids: Ids) -> NDArray[np.bool_]:
        """Which of these products are among them."""
        return np.asarray(rows_of(self.product_ids, product_ids) >= 0)
