"""Which products a list may hold: asked for many at once, so that a list of nothing costs little."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ml.data.arrays import Ids


class Eligible(Protocol):
    """Decides whether products may be recommended (in stock, not bought, in the price range …)."""

    def among(self, product_ids: Ids) -> NDArray[np.bool_]:
        """Say of each of these whether it may."""


class Everything:
    """Every product may."""

    def among(self, product_ids: Ids) -> NDArray[np.bool_]:
        """True for each."""
        return np.ones(len(product_ids), dtype=np.bool_)


class Without:
    """What may by another rule, and is not among the excluded."""

    def __init__(self, excluded: Collection[int], rule: Eligible | None = None) -> None:
        self._excluded = np.array(list(excluded), dtype=np.int64)
        self._rule = rule or Everything()

    def among(self, product_ids: Ids) -> NDArray[np.bool_]:
        """Say of each of these whether it may."""
        return self._rule.among(product_ids) & ~np.isin(product_ids, self._excluded)
