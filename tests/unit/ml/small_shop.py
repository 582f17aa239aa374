"""A small shop with two tastes: half of the customers buy in one half of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from ml.data.arrays import Ids
from ml.data.dataset import Dataset, Events, Interactions, Products
from ml.training.options import Options

KEY = bytes(range(32))
NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
PRODUCTS, USERS, ORDERS_EACH = 60, 40, 5
KITCHEN, GARDEN = 7, 9
OPTIONS = Options(factors=8, iterations=5)


def make_interactions(lines: list[tuple[int, int, int, float]]) -> Interactions:
    """Lines of (user, order, product, time)."""
    users, orders, products, times = (np.array(column) for column in zip(*lines, strict=True))
    return Interactions(
        users.astype(np.int64),
        products.astype(np.int64),
        orders.astype(np.int64),
        np.ones(len(lines), np.float32),
        times.astype(np.float64),
    )


def no_events() -> Events:
    """Nobody looked at anything."""
    return Events(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0))


def make_products(count: int = PRODUCTS) -> Products:
    """Odd ids are kitchen goods, even ids garden goods."""
    ids = np.arange(1, count + 1)
    kinds = {1: ("mug", "cup", "plate"), 0: ("spade", "rake", "hose")}
    return Products(
        ids,
        [f"{kinds[product % 2][product % 3]} model{product // 6}" for product in ids.tolist()],
        ["acme"] * count,
        [""] * count,
        np.where(ids % 2 == 1, KITCHEN, GARDEN),
        {KITCHEN: "Kitchen", GARDEN: "Garden"},
        {KITCHEN: "Home Kitchen", GARDEN: "Garden"},
    )


def make_dataset(seed: int = 0) -> Dataset:
    """Odd users buy odd products."""
    rng = np.random.default_rng(seed)
    lines = []
    for user in range(1, USERS + 1):
        for number in range(ORDERS_EACH):
            order = user * 100 + number
            for product in rng.choice(PRODUCTS // 2, 4, replace=False) * 2 + (1 if user % 2 else 2):
                lines.append((user, order, int(product), 1_700_000_000 + 86_400.0 * (number * 7 + user % 5)))
    return Dataset(make_products(), make_interactions(lines), no_events())


class Only:
    """Products for which a condition holds; keeps what it was asked, call by call."""

    def __init__(self, condition: Callable[[int], bool]) -> None:
        self._condition = condition
        self.calls: list[list[int]] = []

    def among(self, product_ids: Ids) -> NDArray[np.bool_]:
        self.calls.append(product_ids.tolist())
        return np.array([self._condition(product_id) for product_id in product_ids.tolist()], dtype=np.bool_)


def quiet(*_: object) -> None:
    """A listener that does not listen."""
