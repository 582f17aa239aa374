"""The catalogue as columns in memory: whatever a list must leave out is found in one pass over them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ml.data.arrays import Ids
from server.recommend.serving.price_phases import PricePhases
from server.recommend.serving.product_slots import SPARE, ProductSlots, Slots
from server.recommend.serving.queries import CardFacts, ProductSnapshot
from server.recommend.serving.query import UNFILTERED, Filters

Mask = NDArray[np.bool_]
ScalarT = TypeVar("ScalarT", bound=np.generic)

NOTHING = -1
"""Stands for no category, and for a price in a foreign currency."""

MAX_MASKS = 16
"""How many filters have a mask at hand."""


class ProductTable:
    """Every product that was not deleted, in a slot of its own; that of a deleted one stays, empty.

    The columns are longer than there are products. Nothing takes the last slot, where NO_SLOT points: an unknown
    product is one that cannot be sold.
    """

    def __init__(self, currency: str, snapshots: Sequence[ProductSnapshot] = ()) -> None:
        """`currency` is the shop's; prices in others fit no filter of prices."""
        self._currency = currency
        self.slots = ProductSlots([snapshot.product_id for snapshot in snapshots])
        self._ids = _column([snapshot.product_id for snapshot in snapshots], 0)
        self._sold = _column([snapshot.sold for snapshot in snapshots], 0)
        self._categories = _column([_category(snapshot) for snapshot in snapshots], NOTHING)
        self._prices = _column([self._price(snapshot) for snapshot in snapshots], NOTHING)
        self._sellable: Mask = _column([snapshot.available for snapshot in snapshots], 0) > 0
        self.phases = PricePhases()
        """The prices to come, and when the next one begins."""
        for snapshot in snapshots:
            if snapshot.phases:
                self.phases.put(snapshot.product_id, snapshot.phases)
        self._cards = {snapshot.product_id: snapshot.card for snapshot in snapshots}
        self._masks: OrderedDict[Filters, Mask] = OrderedDict()
        self._ranked = self.by_sales()

    def __contains__(self, product_id: int) -> bool:
        slot = self.slots.of(product_id)
        return slot >= 0 and bool(self._ids[slot] == product_id)

    def put(self, snapshot: ProductSnapshot) -> bool:
        """Take a snapshot; True when lists may hold the product now that could not hold it before."""
        slot = self.slots.of(snapshot.product_id)
        if slot < 0:
            slot = self._new_slot(snapshot.product_id)
        category, price, sellable = _category(snapshot), self._price(snapshot), snapshot.available > 0
        moved = bool(self._categories[slot] != category or self._prices[slot] != price)
        arrived = sellable and (moved or not self._sellable[slot])
        if moved:
            self._masks.clear()
        self._ids[slot], self._sold[slot], self._sellable[slot] = snapshot.product_id, snapshot.sold, sellable
        self._categories[slot], self._prices[slot] = category, price
        self.phases.put(snapshot.product_id, snapshot.phases)
        self._cards[snapshot.product_id] = snapshot.card
        return arrived

    def turn(self, now: datetime) -> None:
        """Take the prices of `now`, of products whose price changes by the clock."""
        for product_id, price in self.phases.turn(now):
            slot = self.slots.of(product_id)
            if self._prices[slot] != NOTHING:
                self._prices[slot] = price
        self._masks.clear()

    def remove(self, product_id: int) -> None:
        """Forget a product."""
        self.phases.remove(product_id)
        self._cards.pop(product_id, None)
        slot = self.slots.of(product_id)
        if slot >= 0:
            self._ids[slot], self._sold[slot], self._sellable[slot] = 0, 0, False

    def category_of(self, product_id: int) -> int | None:
        """The product's category, if it exists and has one."""
        category = int(self._categories[self.slots.of(product_id)])
        return None if category == NOTHING or product_id not in self else category

    def card_of(self, product_id: int) -> CardFacts | None:
        """What to show of the product, if it exists."""
        return self._cards.get(product_id)

    def fits(self, product_id: int, filters: Filters) -> bool:
        """Whether the product can be sold, and passes the filters."""
        slot = self.slots.of(product_id)
        return bool(self._sellable[slot]) and (filters == UNFILTERED or bool(self._passing(filters)[slot]))

    def choose(self, filters: Filters, left_out: Ids | Sequence[int]) -> Mask:
        """Mark the slots of what can be sold, passes, and is not left out. The mask is the caller's own."""
        mask = self._sellable.copy() if filters == UNFILTERED else self._sellable & self._passing(filters)
        # What never had a slot is found in the last one, which nothing takes.
        mask[self.slots.of_all(np.asarray(left_out, dtype=np.int64))] = False
        return mask

    def best_sellers(self, mask: Mask, limit: int) -> list[int]:
        """The ids of the first `limit` of the marked products: those that sold most, then those not ranked yet."""
        best = self._ranked[mask[self._ranked]][:limit]
        newer = np.arange(len(self._ranked), len(self.slots))
        slots = np.concatenate([best, newer[mask[newer]][: limit - len(best)]])
        ids: list[int] = self._ids[slots].tolist()
        return ids

    def by_sales(self) -> Slots:
        """All slots, what sold most first; of equals the newer product."""
        count = len(self.slots)
        order: Slots = np.lexsort((-self._ids[:count], -self._sold[:count]))
        return order

    def rank(self, ranked: Slots) -> None:
        """Take an order that `by_sales` gave."""
        self._ranked = ranked

    def _price(self, snapshot: ProductSnapshot) -> int:
        return snapshot.price_minor if snapshot.currency == self._currency else NOTHING

    def _new_slot(self, product_id: int) -> int:
        slot = self.slots.add(product_id)
        if slot == len(self._ids) - 1:
            self._masks.clear()
            self._ids, self._sold = _longer(self._ids, 0), _longer(self._sold, 0)
            self._categories, self._prices = (
                _longer(self._categories, NOTHING),
                _longer(self._prices, NOTHING),
            )
            self._sellable = _longer(self._sellable, 0)
        return slot

    def _passing(self, filters: Filters) -> Mask:
        mask = self._masks.get(filters)
        if mask is None:
            mask = self._masks[filters] = _mask_of(filters, self._categories, self._prices)
            if len(self._masks) > MAX_MASKS:
                self._masks.popitem(last=False)
        self._masks.move_to_end(filters)
        return mask


def _category(snapshot: ProductSnapshot) -> int:
    return NOTHING if snapshot.category_id is None else snapshot.category_id


def _mask_of(filters: Filters, categories: NDArray[np.int64], prices: NDArray[np.int64]) -> Mask:
    mask = np.ones(len(prices), dtype=np.bool_)
    if filters.category_ids is not None:
        mask &= np.isin(categories, list(filters.category_ids))
    if filters.min_price is not None or filters.max_price is not None:
        mask &= prices >= (filters.min_price or 0)
    if filters.max_price is not None:
        mask &= prices <= filters.max_price
    return mask


def _column(values: Sequence[int], filler: int) -> NDArray[np.int64]:
    return np.append(np.array(values, dtype=np.int64), np.full(SPARE, filler, dtype=np.int64))


def _longer(column: NDArray[ScalarT], filler: int) -> NDArray[ScalarT]:
    return np.append(column, np.full(len(column), filler, dtype=column.dtype))
