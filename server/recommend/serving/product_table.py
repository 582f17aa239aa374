"""The catalogue as columns in memory: whatever a list must leave out is found in one pass over them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ml.data.arrays import Ids
from server.recommend.serving.queries import Offer

Mask = NDArray[np.bool_]
Slots = NDArray[np.int64]
ScalarT = TypeVar("ScalarT", bound=np.generic)

NOTHING = -1
"""Stands for no category, for a price in a foreign currency, and for the slot of an unknown product."""

SPARE = 1024
"""Slots kept free for products to come, at least."""

KEPT_WISHES = 16

MAX_TABLE = 20_000_000
"""A shop that has counted further looks all of them up one by one."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a caller wants to see at all. Prices are in minor units of the shop's currency; None wants anything."""

    category_ids: frozenset[int] | None = None
    min_price: int | None = None
    max_price: int | None = None


UNFILTERED = Filters()


class ProductTable:
    """Every product that was not deleted, in a slot of its own; that of a deleted one stays, empty.

    The columns are longer than there are products. Nothing takes the last slot, where -1 points: an unknown
    product is one that cannot be sold.
    """

    def __init__(self, currency: str, entries: Sequence[Offer] = ()) -> None:
        """`currency` is the shop's; prices in others fit no wish about prices."""
        self._currency = currency
        self._slots = {entry.product_id: slot for slot, entry in enumerate(entries)}
        self._ids = _column([entry.product_id for entry in entries], 0)
        self._sold = _column([entry.sold for entry in entries], 0)
        self._categories = _column([self._category(entry) for entry in entries], NOTHING)
        self._prices = _column([self._price(entry) for entry in entries], NOTHING)
        self._sellable: Mask = _column([entry.available for entry in entries], 0) > 0
        self._phases = {entry.product_id: entry.phases for entry in entries if entry.phases}
        self.next_turn = self._first_turn()
        """When the price of a product next changes by the clock; None: never."""
        self._wishes: OrderedDict[Filters, Mask] = OrderedDict()
        self._ranked = self.by_sales()
        self._table = self._tabled()

    def __contains__(self, product_id: int) -> bool:
        slot = self._slots.get(product_id)
        return slot is not None and bool(self._ids[slot] == product_id)

    def put(self, entry: Offer) -> bool:
        """Take an entry; True when lists may hold the product now that could not hold it before."""
        slot = self._slots.get(entry.product_id)
        if slot is None:
            slot = self._new_slot(entry.product_id)
        category, price, sellable = self._category(entry), self._price(entry), entry.available > 0
        moved = bool(self._categories[slot] != category or self._prices[slot] != price)
        arrived = sellable and (moved or not self._sellable[slot])
        if moved:
            self._wishes.clear()
        self._ids[slot], self._sold[slot], self._sellable[slot] = entry.product_id, entry.sold, sellable
        self._categories[slot], self._prices[slot] = category, price
        if entry.phases:
            self._phases[entry.product_id] = entry.phases
            turn = entry.phases[0][1]
            self.next_turn = min(filter(None, (self.next_turn, turn)), default=None)
        else:
            self._phases.pop(entry.product_id, None)
        return arrived

    def turn(self, now: datetime) -> None:
        """Take the prices of `now`, of products whose price changes by the clock."""
        for product_id, spans in list(self._phases.items()):
            left = [span for span in spans if span[1] is None or span[1] > now]
            begins, _, price = left[0]
            if self._prices[self.slot(product_id)] != NOTHING and (begins is None or begins <= now):
                self._prices[self.slot(product_id)] = price
            if len(left) > 1:
                self._phases[product_id] = left
            else:
                del self._phases[product_id]
        self._wishes.clear()
        self.next_turn = self._first_turn()

    def _first_turn(self) -> datetime | None:
        ends = (spans[0][1] for spans in self._phases.values())
        return min((end for end in ends if end is not None), default=None)

    def remove(self, product_id: int) -> None:
        """Forget a product."""
        self._phases.pop(product_id, None)
        slot = self._slots.get(product_id)
        if slot is not None:
            self._ids[slot], self._sold[slot], self._sellable[slot] = 0, 0, False

    def ids(self) -> list[int]:
        """The ids of all products."""
        held: list[int] = self._ids[self._ids > 0].tolist()
        return held

    def category_of(self, product_id: int) -> int | None:
        """The product's category, if it exists and has one."""
        category = int(self._categories[self.slot(product_id)])
        return None if category == NOTHING or product_id not in self else category

    def slot(self, product_id: int) -> int:
        """The slot of a product; -1 when it never had one."""
        return self._slots.get(product_id, NOTHING)

    def slots_of(self, product_ids: Ids) -> Slots:
        """The slots of products; -1 for those that never had one."""
        if len(self._table) > MAX_TABLE:
            found = map(self._slots.get, product_ids.tolist(), repeat(NOTHING))
            return np.fromiter(found, dtype=np.int64, count=len(product_ids))
        # Of ids that are too large the table's last entry speaks, which is nobody's.
        return self._table[np.minimum(product_ids, len(self._table) - 1)]

    def fits(self, product_id: int, wish: Filters) -> bool:
        """Whether the product can be sold, and is what is wished for."""
        slot = self.slot(product_id)
        return bool(self._sellable[slot]) and (wish == UNFILTERED or bool(self._wished(wish)[slot]))

    def choose(self, wish: Filters, left_out: Iterable[int]) -> Mask:
        """Mark the slots of what can be sold, is wished for, and is not left out. The mask is the caller's own."""
        mask = self._sellable.copy() if wish == UNFILTERED else self._sellable & self._wished(wish)
        slots = [slot for slot in map(self._slots.get, left_out) if slot is not None]
        if slots:
            mask[slots] = False
        return mask

    def best_sellers(self, mask: Mask, limit: int) -> list[int]:
        """The ids of the first `limit` of the marked products: those that sold most, then those not ranked yet."""
        best = self._ranked[mask[self._ranked]][:limit]
        newer = np.arange(len(self._ranked), len(self._slots))
        slots = np.concatenate([best, newer[mask[newer]][: limit - len(best)]])
        found: list[int] = self._ids[slots].tolist()
        return found

    def by_sales(self) -> Slots:
        """All slots, what sold most first; of equals the newer product."""
        count = len(self._slots)
        order: Slots = np.lexsort((-self._ids[:count], -self._sold[:count]))
        return order

    def rank(self, ranked: Slots) -> None:
        """Take an order that `by_sales` gave."""
        self._ranked = ranked

    def _category(self, entry: Offer) -> int:
        return NOTHING if entry.category_id is None else entry.category_id

    def _price(self, entry: Offer) -> int:
        return entry.price_minor if entry.currency == self._currency else NOTHING

    def _new_slot(self, product_id: int) -> int:
        slot = self._slots[product_id] = len(self._slots)
        if slot == len(self._ids) - 1:
            self._wishes.clear()
            self._ids, self._sold = _longer(self._ids, 0), _longer(self._sold, 0)
            self._categories, self._prices = (
                _longer(self._categories, NOTHING),
                _longer(self._prices, NOTHING),
            )
            self._sellable = _longer(self._sellable, 0)
        if product_id < len(self._table) - 1:
            self._table[product_id] = slot
        else:
            self._table = self._tabled()
        return slot

    def _tabled(self) -> Slots:
        """The slot of each id. Ids are counted up, so the table is hardly longer than the columns."""
        table = np.full(min(max(self._slots, default=0) + SPARE, MAX_TABLE + 1), NOTHING, dtype=np.int64)
        if len(table) <= MAX_TABLE:
            table[list(self._slots)] = list(self._slots.values())
        return table

    def _wished(self, wish: Filters) -> Mask:
        mask = self._wishes.get(wish)
        if mask is None:
            mask = self._wishes[wish] = self._compared(wish)
            if len(self._wishes) > KEPT_WISHES:
                self._wishes.popitem(last=False)
        self._wishes.move_to_end(wish)
        return mask

    def _compared(self, wish: Filters) -> Mask:
        mask = np.ones(len(self._ids), dtype=np.bool_)
        if wish.category_ids is not None:
            mask &= np.isin(self._categories, list(wish.category_ids))
        if wish.min_price is not None or wish.max_price is not None:
            mask &= self._prices >= (wish.min_price or 0)
        if wish.max_price is not None:
            mask &= self._prices <= wish.max_price
        return mask


def _column(values: Sequence[int], filler: int) -> NDArray[np.int64]:
    return np.append(np.array(values, dtype=np.int64), np.full(SPARE, filler, dtype=np.int64))


def _longer(column: NDArray[ScalarT], filler: int) -> NDArray[ScalarT]:
    return np.append(column, np.full(len(column), filler, dtype=column.dtype))
