"""The comparisons: calls of a shop, each as sides for interleaved rounds."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Sequence
from functools import partial

from bench import load
from bench.calls import PreparedCall, Target
from bench.cpu import Processes
from bench.dataset import CUSTOMERS, PRODUCTS, SHELVES
from bench.rounds import Load, Side
from bench.shops.shop import Buyer, MeasuredShop, Reader

DIFFERENT_READS = 40
"""Ids drawn per round."""
PRODUCT_TIMES = 40
"""Repetitions of each read in a round; fewer where one costs more."""
TIMES = 15
LINES = 3
"""Lines of a cart that is checked out."""
ORDER_TIMES = 5
COLLECTORS = 5
"""Customers with many orders."""
SEED = 11

Pick = Callable[[random.Random], PreparedCall]
"""Draws a call."""
Calls = Callable[[MeasuredShop, Sequence[Buyer], random.Random], list[PreparedCall]]


def get_product(shops: Sequence[Reader]) -> list[Side]:
    """Reading one product, signed in; ids uniform over all."""

    def pick(shop: Reader, draw: random.Random) -> PreparedCall:
        return shop.get_product(any_product(draw))

    return [_reads(shop, partial(pick, shop), PRODUCT_TIMES) for shop in shops]


def list_products(shops: Sequence[MeasuredShop]) -> list[Side]:
    """Reading twenty products of a category, signed in; categories uniform over all."""
    shelves = list(SHELVES)

    def pick(shop: MeasuredShop, draw: random.Random) -> PreparedCall:
        return shop.list_products(draw.choice(shelves))

    return [_reads(shop, partial(pick, shop)) for shop in shops]


def recommendations(shops: Sequence[MeasuredShop]) -> list[Side]:
    """Reading ten recommendations for someone who has bought; customers uniform over all."""

    def pick(shop: MeasuredShop, draw: random.Random) -> PreparedCall:
        return shop.recommendations(any_customer(draw))

    return [_reads(shop, partial(pick, shop)) for shop in shops]


def get_cart(shops: Sequence[MeasuredShop]) -> list[Side]:
    """Reading a cart of three lines or more; customers uniform over all, whose carts are filled first."""
    for shop in shops:
        load.send(shop.target, _fillings(shop, _buyers(shop), random.Random(SEED)), chain=LINES)

    def pick(shop: MeasuredShop, draw: random.Random) -> PreparedCall:
        return shop.get_cart(shop.buyer(any_customer(draw)))

    return [_reads(shop, partial(pick, shop)) for shop in shops]


def list_orders(shops: Sequence[MeasuredShop], page_size: int) -> list[Side]:
    """Reading a page of the orders of one of five customers, who first buy as many as are on it."""
    draw = random.Random(SEED)
    for shop in shops:
        purchases = [
            call
            for number in range(1, COLLECTORS + 1)
            for _ in range(page_size)
            for call in (
                shop.add_item(shop.buyer(number), any_product(draw)),
                _order(shop, shop.buyer(number)),
            )
        ]
        load.send(shop.target, purchases, chain=2 * page_size)

    def pick(shop: MeasuredShop, draw: random.Random) -> PreparedCall:
        return shop.list_orders(shop.buyer(draw.randint(1, COLLECTORS)), page_size)

    return [_reads(shop, partial(pick, shop), ORDER_TIMES) for shop in shops]


def add_item(shops: Sequence[MeasuredShop]) -> list[Side]:
    """Putting a product into an empty cart, one for each customer.

    What is in the carts is ordered first, uncounted.
    """

    def empty(shop: MeasuredShop, buyers: Sequence[Buyer], draw: random.Random) -> list[PreparedCall]:
        return [call for buyer in buyers for call in (shop.add_item(buyer, 1), _order(shop, buyer))]

    def add(shop: MeasuredShop, buyers: Sequence[Buyer], draw: random.Random) -> list[PreparedCall]:
        return [shop.add_item(buyer, any_product(draw)) for buyer in buyers]

    return [_writes(shop, add, first=empty, first_chain=2) for shop in shops]


def checkout(shops: Sequence[MeasuredShop]) -> list[Side]:
    """Ordering a cart of three lines, one for each customer; filling the carts is not counted."""

    def order(shop: MeasuredShop, buyers: Sequence[Buyer], draw: random.Random) -> list[PreparedCall]:
        return [_order(shop, buyer) for buyer in buyers]

    return [_writes(shop, order, first=_fillings, first_chain=LINES) for shop in shops]


def trip(shops: Sequence[MeasuredShop]) -> list[Side]:
    """From signing in to the order: a list, three products read and put into the cart, the cart, the order."""
    calls = 4 + 2 * LINES

    def trips(shop: MeasuredShop, buyers: Sequence[Buyer], draw: random.Random) -> list[PreparedCall]:
        return [call for number, buyer in enumerate(buyers, 1) for call in _trip(shop, number, buyer, draw)]

    return [_writes(shop, trips, chain=calls) for shop in shops]


def reads(name: str, target: Target, processes: Processes, pick: Pick, times: int = TIMES) -> Side:
    """Reading what `pick` draws, each of it `times` times in a round."""

    def prepare(number: int) -> Load:
        draw = random.Random(number)
        calls = [pick(draw) for _ in range(DIFFERENT_READS)]
        sizes = [len(answer.body) for answer in load.send(target, calls)]
        return lambda: load.repeat(target, calls, sizes, times)

    return Side(name, processes, prepare)


def any_customer(draw: random.Random) -> int:
    """One of the customers, each as likely."""
    return draw.randint(1, CUSTOMERS)


def any_product(draw: random.Random) -> int:
    """One of the products, each as likely."""
    return draw.randint(1, PRODUCTS)


def _reads(shop: Reader, pick: Pick, times: int = TIMES) -> Side:
    return reads(shop.name, shop.target, shop.processes, pick, times)


def _writes(
    shop: MeasuredShop,
    counted: Calls,
    *,
    chain: int = 1,
    first: Calls | None = None,
    first_chain: int = 1,
) -> Side:
    """Writing once for each customer, in chains of calls, after what comes first and is not counted."""
    buyers = _buyers(shop)
    draw = random.Random(SEED)

    def prepare(number: int) -> Load:
        if first is not None:
            load.send(shop.target, first(shop, buyers, draw), chain=first_chain)
        calls = counted(shop, buyers, draw)
        return lambda: len(load.send(shop.target, calls, chain=chain)) // chain

    return Side(shop.name, shop.processes, prepare)


def _trip(shop: MeasuredShop, number: int, buyer: Buyer, draw: random.Random) -> list[PreparedCall]:
    products = [any_product(draw) for _ in range(LINES)]
    looks = [call for id_ in products for call in (shop.get_product(id_), shop.add_item(buyer, id_))]
    listed = shop.list_products(draw.choice(list(SHELVES)))
    return [shop.login(number), listed, *looks, shop.get_cart(buyer), _order(shop, buyer)]


def _fillings(shop: MeasuredShop, buyers: Sequence[Buyer], draw: random.Random) -> list[PreparedCall]:
    return [shop.add_item(buyer, any_product(draw)) for buyer in buyers for _ in range(LINES)]


def _order(shop: MeasuredShop, buyer: Buyer) -> PreparedCall:
    return shop.checkout(buyer, str(uuid.uuid4()))


def _buyers(shop: MeasuredShop) -> list[Buyer]:
    return [shop.buyer(number) for number in range(1, CUSTOMERS + 1)]
