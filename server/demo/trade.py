"""Makes up three months of trade: baskets with their buyers and times."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Final

from server.demo.goods import DemoProduct
from server.demo.people import Person
from server.demo.tastes import PERSONAS, TOGETHER

DAYS: Final = 91
GROWTH: Final = 0.3
"""The growth of sales from the first day to the last."""
BY_WEEKDAY: Final = (1.0, 0.92, 0.95, 1.0, 1.05, 1.2, 1.3)
BY_HOUR: Final = (
    *(0.3, 0.2, 0.1, 0.1, 0.1, 0.2, 0.5, 1.0, 1.4, 1.6, 1.7, 1.8),
    *(2.1, 1.9, 1.7, 1.6, 1.7, 2.0, 2.4, 3.0, 3.4, 3.0, 1.9, 0.8),
)
TRENDING: Final = 30
TREND_DAYS: Final = 14
TREND_PULL: Final = 0.2
"""The probability, in the trend's days, that a shelf's trending product is taken instead of a usual one."""
STROLL: Final = 0.12
"""The pull of a shelf that no persona of the shopper names."""
REPEAT: Final = 0.55
"""The probability that a product that is used up is in the next order."""
LOYALTY: Final = 0.85


@dataclass(slots=True)
class DemoBasket:
    """One purchase: units by product, in the order they were picked."""

    person: int
    time: datetime
    units: dict[int, int] = field(default_factory=dict)


class Market:
    """The products, arranged for picking. Products and people are identified by their index in their lists."""

    def __init__(
        self, rng: Random, goods: Sequence[DemoProduct], people: Sequence[Person], now: datetime
    ) -> None:
        self._rng = rng
        self._goods = goods
        self._now = now
        self._by_shelf: dict[str, list[int]] = defaultdict(list)
        self._by_kind: dict[str, list[int]] = defaultdict(list)
        for index, one in enumerate(goods):
            self._by_shelf[one.shelf.name].append(index)
            self._by_kind[one.kind.key].append(index)
        self._shelf_weights = {
            name: list(accumulate(goods[index].weight for index in indexes))
            for name, indexes in self._by_shelf.items()
        }
        self._shelves = list(self._by_shelf)
        self._tastes = [self._taste(person) for person in people]
        self._peak = max(max(one.department.seasons.values(), default=1.0) for one in goods)
        self._partners = self._make_partners()
        self._trends = self._make_trends()
        self._used: list[dict[str, tuple[int, datetime]]] = [{} for _ in people]

    def fill(self, basket: DemoBasket) -> None:
        """Fill a basket: what has run out, what suits the person's taste, and what goes with both."""
        picked = self._run_out(basket)
        count = min(7, 1 + int(self._rng.expovariate(1.0))) if picked else 1 + int(self._rng.expovariate(0.7))
        picked += [self.pick(basket.person, basket.time) for _ in range(min(7, count))]
        for index in picked:
            self._put(basket, index)
            for partners, chance in self._partners.get(index, ()):
                if self._rng.random() < chance:
                    self._put(basket, partners[0] if self._rng.random() < 0.7 else partners[-1])

    def pick(self, person: int, time: datetime) -> int:
        """Pick a product by the taste of `person`, the season and the trends."""
        while True:
            shelf = self._shelves[self._draw(self._tastes[person])]
            index = self._by_shelf[shelf][self._draw(self._shelf_weights[shelf])]
            if self._now - time < timedelta(days=TREND_DAYS) and self._rng.random() < TREND_PULL:
                index = self._trends.get(shelf, index)
            one = self._goods[index]
            season = one.department.seasons.get(time.month, 1.0)
            if one.created_at <= time and self._rng.random() * self._peak < season:
                return index

    def neighbour(self, index: int) -> int:
        """Pick another product of the same shelf, to compare with."""
        shelf = self._goods[index].shelf.name
        return self._by_shelf[shelf][self._draw(self._shelf_weights[shelf])]

    def _put(self, basket: DemoBasket, index: int) -> None:
        one = self._goods[index]
        if one.created_at > basket.time:
            return
        if index not in basket.units:
            basket.units[index] = self._rng.choices((1, 2, 3), (7, 2, 1))[0] if one.kind.again else 1
        if one.kind.again:
            self._used[basket.person][one.kind.key] = (index, basket.time)

    def _run_out(self, basket: DemoBasket) -> list[int]:
        """Products the shopper bought so long ago that they are used up, mostly the very same again."""
        again = []
        for key, (index, bought) in self._used[basket.person].items():
            days = self._goods[index].kind.again * self._rng.uniform(0.75, 1.1)
            if basket.time - bought >= timedelta(days=days) and self._rng.random() < REPEAT:
                again.append(index if self._rng.random() < LOYALTY else self._rng.choice(self._by_kind[key]))
        return again[:5]

    def _taste(self, person: Person) -> list[float]:
        pull = dict.fromkeys(self._shelves, STROLL)
        for share, persona in enumerate(person.personas, 1):
            for rank, shelf in enumerate(PERSONAS[persona], 1):
                pull[shelf] += 8 / (share * rank)
        return list(accumulate(pull.values()))

    def _make_partners(self) -> dict[int, list[tuple[list[int], float]]]:
        partners: dict[int, list[tuple[list[int], float]]] = defaultdict(list)
        for first, second, chance in TOGETHER:
            for index in self._by_kind[first]:
                partners[index].append((self._rng.sample(self._by_kind[second], 2), chance))
        return partners

    def _make_trends(self) -> dict[str, int]:
        shelves = self._rng.sample(self._shelves, min(TRENDING, len(self._shelves)))
        return {shelf: self._rng.choice(self._by_shelf[shelf]) for shelf in shelves}

    def _draw(self, accumulated: list[float]) -> int:
        return bisect(accumulated, self._rng.random() * accumulated[-1], 0, len(accumulated) - 1)


def make_baskets(
    rng: Random, market: Market, people: Sequence[Person], now: datetime, count: int
) -> list[DemoBasket]:
    """`count` baskets over the last three months, oldest first."""
    start = now - timedelta(days=DAYS)
    days = [
        start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=n) for n in range(DAYS + 1)
    ]
    busy = [BY_WEEKDAY[day.weekday()] * (1 + GROWTH * n / DAYS) for n, day in enumerate(days)]
    day_weights = list(accumulate(busy))
    hour_weights = list(accumulate(BY_HOUR))
    buyers = list(accumulate(person.zeal for person in people))
    baskets: list[DemoBasket] = []
    while len(baskets) < count:
        day = rng.choices(days, cum_weights=day_weights)[0]
        hour = rng.choices(range(24), cum_weights=hour_weights)[0]
        time = day + timedelta(hours=hour, seconds=rng.randrange(3600))
        if start <= time < now - timedelta(minutes=5):
            baskets.append(DemoBasket(rng.choices(range(len(people)), cum_weights=buyers)[0], time))
    baskets.sort(key=lambda one: one.time)
    for basket in baskets:
        market.fill(basket)
    return [basket for basket in baskets if basket.units]
