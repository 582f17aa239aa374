"""The shelf: what of each product changes by the moment, and is therefore not in the index.

The price a shopper pays now, whether it is in stock, how much it sold, its rating: columns in memory, as the lists
of the catalogue have them (server/catalog/listings.py), so that a search and a list never differ.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.data.arrays import Ids
from server.catalog.discounts import Phase
from server.recommend.serving.price_phases import PricePhases
from server.recommend.serving.product_slots import SPARE, ProductSlots, Slots


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfItem:
    """A product as it can be bought."""

    product_id: int
    price_minor: int
    """At the moment at which it was read."""
    phases: Sequence[Phase] = ()
    """From when to when it costs what, when that changes by the clock; () when it does not."""
    in_stock: bool = True
    sold: int = 0
    rating: float = 0.0
    created: int = 0
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShelfColumns:
    """Many products as they can be bought: quicker to read and to take than an item for each."""

    product_ids: Ids
    prices: NDArray[np.int64]
    in_stock: NDArray[np.bool_]
    sold: NDArray[np.int64]
    ratings: NDArray[np.float32]
    created: NDArray[np.int64]
    changing: Sequence[ShelfItem] = ()
    """Of those whose prices change by the clock; they do not stand in the columns."""

    @classmethod
    def of(cls, rows: Sequence[Sequence[object]], changing: Sequence[ShelfItem] = ()) -> ShelfColumns:
        """Those of rows (id, price, in stock, sold, rating, created)."""
        columns: Sequence[Sequence[object]] = list(zip(*rows, strict=True)) or [()] * len(_KINDS)
        arrays = [np.array(column, dtype=kind) for column, kind in zip(columns, _KINDS.values(), strict=True)]
        return cls(**dict(zip(_KINDS, arrays, strict=True)), changing=changing)


_KINDS: Final[Mapping[str, type[np.generic]]] = {
    "product_ids": np.int64,
    "prices": np.int64,
    "in_stock": np.bool_,
    "sold": np.int64,
    "ratings": np.float32,
    "created": np.int64,
}


class Shelf:
    """The items of all products, each in a slot of its own; that of a deleted one stays, empty.

    The columns are longer than there are products. Nothing takes the last slot, where an unknown product points.
    """

    def __init__(self, items: Sequence[ShelfItem] = (), columns: ShelfColumns | None = None) -> None:
        columns = columns or ShelfColumns.of(())
        singly = [*columns.changing, *items]
        product_ids = [*columns.product_ids.tolist(), *(item.product_id for item in singly)]
        self._slots = ProductSlots(product_ids)
        size = len(product_ids) + SPARE
        self.exists = np.zeros(size, dtype=np.bool_)
        self.in_stock = np.zeros(size, dtype=np.bool_)
        self.prices = np.zeros(size, dtype=np.int64)
        self.sold = np.zeros(size, dtype=np.int64)
        self.popularity = np.zeros(size, dtype=np.float32)
        """The logarithm of what was sold."""
        self.ratings = np.zeros(size, dtype=np.float32)
        self.created = np.zeros(size, dtype=np.int64)
        self._phases = PricePhases()
        self.generation = 0
        """Another number whenever something is another."""
        self.existence = 0
        """Another number whenever a product came or went."""
        self.price_generation = 0
        """Another number whenever a price is another."""
        self.put_columns(columns)
        self.put(items)

    def put_columns(self, columns: ShelfColumns) -> None:
        """Take many items as they are now."""
        for product_id in columns.product_ids[self._slots.of_all(columns.product_ids) < 0].tolist():
            self._new_slot(product_id)
        slots = self._slots.of_all(columns.product_ids)
        self.exists[slots], self.in_stock[slots] = True, columns.in_stock
        self.prices[slots], self.sold[slots] = columns.prices, columns.sold
        self.ratings[slots], self.created[slots] = columns.ratings, columns.created
        self.popularity[slots] = np.log1p(columns.sold)
        for product_id in self._phases.product_ids.difference(item.product_id for item in columns.changing):
            self._phases.remove(product_id)
        self.existence += 1
        self.price_generation += 1
        self.put(columns.changing)

    def slots_of(self, product_ids: Ids) -> Slots:
        """Where the items of these products are; the last slot for those that have none."""
        return self._slots.of_all(product_ids)

    def put(self, items: Iterable[ShelfItem]) -> None:
        """Take items as they are now."""
        for item in items:
            slot = self._slots.of(item.product_id)
            if slot < 0:
                slot = self._new_slot(item.product_id)
            self.existence += not self.exists[slot]
            self.price_generation += bool(self.prices[slot] != item.price_minor)
            self.exists[slot], self.in_stock[slot] = True, item.in_stock
            self.prices[slot], self.sold[slot] = item.price_minor, item.sold
            self.popularity[slot] = math.log1p(item.sold)
            self.ratings[slot], self.created[slot] = item.rating, item.created
            self._phases.put(item.product_id, item.phases)
        self.generation += 1

    def remove(self, product_ids: Iterable[int]) -> None:
        """Forget products."""
        for product_id in product_ids:
            slot = self._slots.of(product_id)
            if slot >= 0:
                self.exists[slot] = self.in_stock[slot] = False
            self._phases.remove(product_id)
        self.existence += 1
        self.generation += 1

    def turn(self, now: datetime) -> None:
        """Take the prices that have begun by the clock."""
        if self._phases.next_turn is None or self._phases.next_turn > now:
            return
        for product_id, price in self._phases.turn(now):
            self.prices[self._slots.of(product_id)] = price
        self.price_generation += 1
        self.generation += 1

    def _new_slot(self, product_id: int) -> int:
        slot = self._slots.add(product_id)
        if slot == len(self.exists) - 1:
            for name in ("exists", "in_stock", "prices", "sold", "popularity", "ratings", "created"):
                setattr(self, name, _longer(getattr(self, name)))
        return slot


def _longer(column: NDArray[np.generic]) -> NDArray[np.generic]:
    return np.append(column, np.zeros(len(column), dtype=column.dtype))
