"""What is compared: five calls of a shop, each as sides for interleaved rounds."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Sequence
from typing import TypeVar

from bench import load
from bench.calls import Call
from bench.dataset import PRODUCTS, SHELVES, SHOPPERS
from bench.rounds import Load, Side
from bench.shops.shop import Buyer, Reader, Shop

ReaderT = TypeVar("ReaderT", bound=Reader)

DIFFERENT_READS = 40
"""Ids drawn per round."""
PRODUCT_REPETITIONS = 100
"""How often each read of a round is repeated; fewer where one costs more."""
LIST_REPETITIONS = 40
RECOMMENDATION_REPETITIONS = 25
WRITES = 150
"""Writes per round, each with a cart of its own."""
LINES = 3
"""Lines of a cart that is checked out."""


def buyers_needed(rounds: int) -> int:
    """How many customers both writes use up, the uncounted round included."""
    return 2 * WRITES * (rounds + 1)


def get_product(shops: Sequence[Reader]) -> list[Side]:
    """Reading one product, signed in; ids uniform over all."""

    def pick(shop: Reader, draw: random.Random) -> Call:
        return shop.get_product(_product(draw))

    return [_reads(shop, pick, PRODUCT_REPETITIONS) for shop in shops]


def list_products(shops: Sequence[Shop]) -> list[Side]:
    """Reading twenty products of a category, signed in; categories uniform over all."""
    shelves = list(SHELVES)

    def pick(shop: Shop, draw: random.Random) -> Call:
        return shop.list_products(draw.choice(shelves))

    return [_reads(shop, pick, LIST_REPETITIONS) for shop in shops]


def recommendations(shops: Sequence[Shop]) -> list[Side]:
    """Reading ten recommendations for someone who has bought; shoppers uniform over all."""

    def pick(shop: Shop, draw: random.Random) -> Call:
        return shop.recommendations(draw.randint(1, SHOPPERS))

    return [_reads(shop, pick, RECOMMENDATION_REPETITIONS) for shop in shops]


def add_item(shops: Sequence[Shop]) -> list[Side]:
    """Putting a product into an empty cart."""

    def prepare(shop: Shop, draw: random.Random, buyers: list[Buyer]) -> list[Call]:
        return [shop.add_item(buyer, _product(draw)) for buyer in buyers]

    return [_writes(shop, prepare, first_buyer=0) for shop in shops]


def checkout(shops: Sequence[Shop], rounds: int) -> list[Side]:
    """Ordering a cart of three lines; filling it is not counted."""

    def prepare(shop: Shop, draw: random.Random, buyers: list[Buyer]) -> list[Call]:
        for _ in range(LINES):  # a buyer's lines one after another: two at once would race for the cart
            load.send(shop.target, [shop.add_item(buyer, _product(draw)) for buyer in buyers])
        return [
            shop.checkout(buyer, str(uuid.UUID(int=draw.getrandbits(128), version=4))) for buyer in buyers
        ]

    return [_writes(shop, prepare, first_buyer=WRITES * (rounds + 1)) for shop in shops]


def _reads(shop: ReaderT, pick: Callable[[ReaderT, random.Random], Call], times: int) -> Side:
    def prepare(number: int) -> Load:
        draw = random.Random(number)
        calls = [pick(shop, draw) for _ in range(DIFFERENT_READS)]
        sizes = [len(answer.body) for answer in load.send(shop.target, calls)]
        return lambda: load.repeat(shop.target, calls, sizes, times)

    return Side(shop.name, shop.roots, prepare)


def _writes(
    shop: Shop, prepare_calls: Callable[[Shop, random.Random, list[Buyer]], list[Call]], first_buyer: int
) -> Side:
    def prepare(number: int) -> Load:
        first = first_buyer + number * WRITES
        buyers = [shop.buyer(each) for each in range(first, first + WRITES)]
        calls = prepare_calls(shop, random.Random(number), buyers)
        return lambda: len(load.send(shop.target, calls))

    return Side(shop.name, shop.roots, prepare)


def _product(draw: random.Random) -> int:
    return draw.randint(1, PRODUCTS)
