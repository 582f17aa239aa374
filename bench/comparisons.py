"""The comparisons: five calls of a shop, each as sides for interleaved rounds."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Sequence
from typing import TypeVar

from bench import load
from bench.calls import PreparedCall
from bench.dataset import CUSTOMERS, PRODUCTS, SHELVES
from bench.rounds import Load, Side
from bench.shops.shop import Buyer, MeasuredShop, Reader

ReaderT = TypeVar("ReaderT", bound=Reader)

DIFFERENT_READS = 40
"""Ids drawn per round."""
PRODUCT_REPETITIONS = 40
"""Repetitions of each read in a round; fewer where one costs more."""
LIST_REPETITIONS = 15
RECOMMENDATION_REPETITIONS = 15
LINES = 3
"""Lines of a cart that is checked out."""
SEED = 11


def get_product(shops: Sequence[Reader]) -> list[Side]:
    """Reading one product, signed in; ids uniform over all."""
    return [_product_reads(shop) for shop in shops]


def list_products(shops: Sequence[MeasuredShop], echo: Reader) -> list[Side]:
    """Reading twenty products of a category, signed in; categories uniform over all."""
    shelves = list(SHELVES)

    def pick(shop: MeasuredShop, draw: random.Random) -> PreparedCall:
        return shop.list_products(draw.choice(shelves))

    return [_product_reads(echo), *(_reads(shop, pick, LIST_REPETITIONS) for shop in shops)]


def recommendations(shops: Sequence[MeasuredShop], echo: Reader) -> list[Side]:
    """Reading ten recommendations for someone who has bought; customers uniform over all."""

    def pick(shop: MeasuredShop, draw: random.Random) -> PreparedCall:
        return shop.recommendations(draw.randint(1, CUSTOMERS))

    return [_product_reads(echo), *(_reads(shop, pick, RECOMMENDATION_REPETITIONS) for shop in shops)]


def add_item(shops: Sequence[MeasuredShop]) -> list[Side]:
    """Putting a product into an empty cart, one for each customer.

    What the round before left in the carts is ordered first, uncounted.
    """

    def calls(
        shop: MeasuredShop, buyers: list[Buyer], draw: random.Random, number: int
    ) -> list[PreparedCall]:
        if number:
            load.send(shop.target, _checkouts(shop, buyers))
        return _additions(shop, buyers, draw)

    return [_writes(shop, calls) for shop in shops]


def checkout(shops: Sequence[MeasuredShop]) -> list[Side]:
    """Ordering a cart of three lines, one for each customer; filling the carts is not counted."""

    def calls(
        shop: MeasuredShop, buyers: list[Buyer], draw: random.Random, number: int
    ) -> list[PreparedCall]:
        for _ in range(LINES):  # one product for everyone, then the next: two at once would race for a cart
            load.send(shop.target, _additions(shop, buyers, draw))
        return _checkouts(shop, buyers)

    return [_writes(shop, calls) for shop in shops]


def _additions(shop: MeasuredShop, buyers: list[Buyer], draw: random.Random) -> list[PreparedCall]:
    return [shop.add_item(buyer, _product(draw)) for buyer in buyers]


def _checkouts(shop: MeasuredShop, buyers: list[Buyer]) -> list[PreparedCall]:
    return [shop.checkout(buyer, str(uuid.uuid4())) for buyer in buyers]


def _product_reads(shop: Reader) -> Side:
    def pick(shop: Reader, draw: random.Random) -> PreparedCall:
        return shop.get_product(_product(draw))

    return _reads(shop, pick, PRODUCT_REPETITIONS)


def _reads(shop: ReaderT, pick: Callable[[ReaderT, random.Random], PreparedCall], times: int) -> Side:
    def prepare(number: int) -> Load:
        draw = random.Random(number)
        calls = [pick(shop, draw) for _ in range(DIFFERENT_READS)]
        sizes = [len(answer.body) for answer in load.send(shop.target, calls)]
        return lambda: load.repeat(shop.target, calls, sizes, times)

    return Side(shop.name, shop.processes, prepare)


def _writes(
    shop: MeasuredShop,
    calls_of: Callable[[MeasuredShop, list[Buyer], random.Random, int], list[PreparedCall]],
) -> Side:
    buyers = [shop.buyer(number) for number in range(1, CUSTOMERS + 1)]
    draw = random.Random(SEED)

    def prepare(number: int) -> Load:
        calls = calls_of(shop, buyers, draw, number)
        return lambda: len(load.send(shop.target, calls))

    return Side(shop.name, shop.processes, prepare)


def _product(draw: random.Random) -> int:
    return draw.randint(1, PRODUCTS)
