"""Makes up what people looked at, before a purchase and on visits without one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from server.demo.goods import DemoProduct
from server.demo.trade import DemoBasket, Market

VIEWED: Final = 0.75
CLICKED: Final = 0.3
SEARCHED: Final = 0.12
COMPARED: Final = 0.5
WANDERING: Final = 0.5
"""Visits without a purchase, for each visit with one."""
ANONYMOUS: Final = 0.3


@dataclass(frozen=True, slots=True)
class Look:
    """An action of a person, or of a visitor who is not signed in. `product` is None for a search."""

    person: int | None
    visitor: str | None
    kind: str
    product: int | None
    query: str
    time: datetime


def make_looks(
    rng: Random, baskets: Sequence[DemoBasket], goods: Sequence[DemoProduct], market: Market
) -> list[Look]:
    """The looks of every visit, oldest first."""
    looks: list[Look] = []
    for basket in baskets:
        looks += _before_buying(rng, basket, goods, market)
        if rng.random() < WANDERING:
            looks += _wandering(rng, basket, market)
    looks.sort(key=lambda one: one.time)
    return looks


def _before_buying(
    rng: Random, basket: DemoBasket, goods: Sequence[DemoProduct], market: Market
) -> Iterator[Look]:
    person, time = basket.person, basket.time - timedelta(minutes=3 + 2 * len(basket.units))
    for index in basket.units:
        time += timedelta(seconds=rng.uniform(20, 100))
        if rng.random() < SEARCHED:
            query = goods[index].tags[0]
            yield Look(person, None, "SEARCH", None, query, time - timedelta(seconds=12))
        if rng.random() < COMPARED:
            other = market.neighbour(index)
            if goods[other].created_at <= time:
                yield Look(person, None, "VIEW", other, "", time - timedelta(seconds=9))
        if rng.random() < VIEWED:
            kind = "CLICK" if rng.random() < CLICKED else "VIEW"
            yield Look(person, None, kind, index, "", time)
        yield Look(person, None, "ADD_TO_CART", index, "", time + timedelta(seconds=8))


def _wandering(rng: Random, basket: DemoBasket, market: Market) -> Iterator[Look]:
    """A visit near the time of a purchase that ends without one; some of them anonymous."""
    unknown = rng.random() < ANONYMOUS
    visitor = f"{rng.getrandbits(64):016x}" if unknown else None
    time = basket.time - timedelta(hours=rng.uniform(2, 30))
    for _ in range(rng.randint(1, 6)):
        time += timedelta(seconds=rng.uniform(10, 120))
        kind = "WISHLIST" if not unknown and rng.random() < 0.06 else "VIEW"
        index = market.pick(basket.person, time)
        yield Look(None if unknown else basket.person, visitor, kind, index, "", time)
