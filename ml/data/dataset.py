"""What training learns from: products, sold order lines and behaviour, as plain numpy arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ml.data.arrays import Doubles, Floats, Ids

DAY = 86_400.0
"""Seconds."""

GUEST = 0
"""The user id of an order placed without an account; real ids are positive."""

EVENT_KINDS = ("VIEW", "CLICK", "WISHLIST", "ADD_TO_CART")
"""Behaviour that counts; `Events.kinds` holds positions in it. Purchases come from the orders."""


@dataclass(frozen=True, eq=False)
class Interactions:
    """Sold order lines, one entry per line: parallel arrays."""

    user_ids: Ids
    product_ids: Ids
    order_ids: Ids
    quantities: Floats
    times: Doubles

    def __len__(self) -> int:
        return len(self.order_ids)

    def where(self, mask: NDArray[np.bool_]) -> Interactions:
        """Keep the lines where the mask is true."""
        return Interactions(
            self.user_ids[mask],
            self.product_ids[mask],
            self.order_ids[mask],
            self.quantities[mask],
            self.times[mask],
        )


@dataclass(frozen=True, eq=False)
class Orders:
    """Orders that were bought, one entry each: parallel arrays.

    `totals` are what was paid less what was paid back, in minor units of the currency most orders are in, and 0
    for orders in another one.
    """

    user_ids: Ids
    times: Doubles
    totals: NDArray[np.int64]

    @classmethod
    def none(cls) -> Orders:
        """No orders."""
        return cls(np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64))


@dataclass(frozen=True, eq=False)
class Events:
    """What signed-in users looked at: one entry per user, product and kind, with its latest time."""

    user_ids: Ids
    product_ids: Ids
    kinds: NDArray[np.uint8]
    times: Doubles

    def where(self, mask: NDArray[np.bool_]) -> Events:
        """Keep the events where the mask is true."""
        return Events(self.user_ids[mask], self.product_ids[mask], self.kinds[mask], self.times[mask])


@dataclass(frozen=True, eq=False)
class Products:
    """The products on sale, ascending by id: parallel sequences. Category id 0 means none."""

    ids: Ids
    names: Sequence[str]
    brands: Sequence[str]
    descriptions: Sequence[str]
    category_ids: Ids
    category_names: Mapping[int, str]
    category_paths: Mapping[int, str]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Everything training reads."""

    products: Products
    interactions: Interactions
    events: Events
    orders: Orders = field(default_factory=Orders.none)

    def fingerprint(self) -> str:
        """The SHA-256 of the data, in hexadecimal, whatever order it was read in."""
        digest = hashlib.sha256()
        lines, events = self.interactions, self.events
        order = np.lexsort((lines.quantities, lines.product_ids, lines.order_ids))
        for column in (lines.user_ids, lines.product_ids, lines.order_ids, lines.quantities, lines.times):
            digest.update(column[order].tobytes())
        order = np.lexsort((events.kinds, events.product_ids, events.user_ids))
        for event_column in (events.user_ids, events.product_ids, events.kinds, events.times):
            digest.update(event_column[order].tobytes())
        orders = self.orders
        order = np.lexsort((orders.totals, orders.times, orders.user_ids))
        for order_column in (orders.user_ids, orders.times, orders.totals):
            digest.update(order_column[order].tobytes())
        digest.update(self.products.ids.tobytes() + self.products.category_ids.tobytes())
        for texts in (self.products.names, self.products.brands, self.products.descriptions):
            digest.update("\x1f".join(texts).encode())
        return digest.hexdigest()
