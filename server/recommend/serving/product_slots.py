"""The slot of each product in the columns of the product table, found for one or for many at once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from ml.data.arrays import Ids

Slots = NDArray[np.int64]

NO_SLOT = -1
"""The slot of a product that never had one."""

SPARE = 1024
"""Slots that are free for products to come, at least."""

MAX_LOOKUP = 20_000_000
"""A shop that has counted further looks all of them up one by one."""


class ProductSlots:
    """Numbers products as they come; a product's slot never changes, and no other product gets it."""

    def __init__(self, product_ids: Iterable[int]) -> None:
        self._slots = {product_id: slot for slot, product_id in enumerate(product_ids)}
        self._lookup = self._looked_up()

    def __len__(self) -> int:
        return len(self._slots)

    def of(self, product_id: int) -> int:
        """The slot of a product; NO_SLOT when it never had one."""
        return self._slots.get(product_id, NO_SLOT)

    def of_all(self, product_ids: Ids) -> Slots:
        """The slots of products; NO_SLOT for those that never had one."""
        if len(self._lookup) > MAX_LOOKUP:
            slots = map(self._slots.get, product_ids.tolist(), repeat(NO_SLOT))
            return np.fromiter(slots, dtype=np.int64, count=len(product_ids))
        # Ids that are too large have the last entry, which is no product's.
        return self._lookup[np.minimum(product_ids, len(self._lookup) - 1)]

    def add(self, product_id: int) -> int:
        """Give a product that has none its slot."""
        slot = self._slots[product_id] = len(self._slots)
        if product_id < len(self._lookup) - 1:
            self._lookup[product_id] = slot
        else:
            self._lookup = self._looked_up()
        return slot

    def _looked_up(self) -> Slots:
        """The slot of each id. Ids are counted up, so this is hardly longer than the columns."""
        size = min(max(self._slots, default=0) + SPARE, MAX_LOOKUP + 1)
        lookup = np.full(size, NO_SLOT, dtype=np.int64)
        if len(lookup) <= MAX_LOOKUP:
            lookup[list(self._slots)] = list(self._slots.values())
        return lookup
