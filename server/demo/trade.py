"""Three months of trade: who bought what, when, and with what else."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Final

from server.demo.goods import Goods
from server.demo.people import Person
from server.demo.tastes import PERSONAS, TOGETHER

DAYS: Final = 91
GROWTH: Final = 0.3
"""By how much the shop sells more at the end than at the beginning."""
BY_WEEKDAY: Final = (1.0, 0.92, 0.95, 1.0, 1.05, 1.2, 1.3)
BY_HOUR: Final = (
    *(0.3, 0.2, 0.1, 0.1, 0.1, 0.2, 0.5, 1.0, 1.4, 1.6, 1.7, 1.8),
    *(2.1, 1.9, 1.7, 1.6, 1.7, 2.0, 2.4, 3.0, 3.4, 3.0, 1.9, 0.8),
)
TRENDING: Final = 30
TREND_DAYS: Final = 14
TREND_PULL: Final = 0.2
"""How often, in the trend's days, a shelf's trending product is taken instead of a usual one."""
STROLL: Final = 0.12
"""The pull of a shelf that no persona of the shopper names."""
REPEAT: Final = 0.55
"""How often a thing that is used up is in the next order."""
LOYALTY: Final = 0.85


@dataclass(slots=True)
class Basket:
    """One purchase: units by product, in the order they were picked."""

    person: int
    time: datetime
    units: dict[int, int] = field(default_factory=dict)


class Market:
    """The products, arranged for picking. Products and people are known by their place in their lists."""

    def __init__(self, rng: Random, goods: Sequence[Goods], people: Sequence[Person], now: datetime) -> None:
        self._rng = rng
        self._goods = goods
        self._now = now
        self._by_shelf: dict[str, list[int]] = defaultdict(list)
        self._by_kind: dict[str, list[int]] = defaultdict(list)
        for place, one in enumerate(goods):
            self._by_shelf[one.shelf.name].append(place)
            self._by_kind[one.kind.key].append(place)
        self._shelf_weights = {
            name: list(accumulate(goods[place].weight for place in places))
            for name, places in self._by_shelf.items()
        }
        self._shelves = list(self._by_shelf)
        self._tastes = [self._taste(person) for person in people]
        self._peak = max(max(one.department.seasons.values(), default=1.0) for one in goods)
        self._partners = self._make_partners()
        self._trends = self._make_trends()
        self._used: list[dict[str, tuple[int, datetime]]] = [{} for _ in people]

    def fill(self, basket: Basket) -> None:
        """Put goods into a basket: what ran out, what pleases, and what goes with both."""
        picked = self._run_out(basket)
        wanted = (
            min(7, 1 + int(self._rng.expovariate(1.0))) if picked else 1 + int(self._rng.expovariate(0.7))
        )
        picked += [self.pick(basket.person, basket.time) for _ in range(min(7, wanted))]
        for place in picked:
            self._put(basket, place)
            for partners, chance in self._partners.get(place, ()):
                if self._rng.random() < chance:
                    self._put(basket, partners[0] if self._rng.random() < 0.7 else partners[-1])

    def pick(self, person: int, time: datetime) -> int:
        """A product after the taste of `person`, the season and the trends."""
        while True:
            shelf = self._shelves[self._draw(self._tastes[person])]
            place = self._by_shelf[shelf][self._draw(self._shelf_weights[shelf])]
            if self._now - time < timedelta(days=TREND_DAYS) and self._rng.random() < TREND_PULL:
                place = self._trends.get(shelf, place)
            one = self._goods[place]
            season = one.department.seasons.get(time.month, 1.0)
            if one.created_at <= time and self._rng.random() * self._peak < season:
                return place

    def neighbour(self, place: int) -> int:
        """Another product of the same shelf, such as one looks at before choosing."""
        shelf = self._goods[place].shelf.name
        return self._by_shelf[shelf][self._draw(self._shelf_weights[shelf])]

    def _put(self, basket: Basket, place: int) -> None:
        one = self._goods[place]
        if one.created_at > basket.time:
            return
        if place not in basket.units:
            basket.units[place] = self._rng.choices((1, 2, 3), (7, 2, 1))[0] if one.kind.again else 1
        if one.kind.again:
            self._used[basket.person][one.kind.key] = (place, basket.time)

    def _run_out(self, basket: Basket) -> list[int]:
        """What the shopper bought so long ago that it is used up, mostly the very same product again."""
        again = []
        for key, (place, bought) in self._used[basket.person].items():
            days = self._goods[place].kind.again * self._rng.uniform(0.75, 1.1)
            if basket.time - bought >= timedelta(days=days) and self._rng.random() < REPEAT:
                again.append(place if self._rng.random() < LOYALTY else self._rng.choice(self._by_kind[key]))
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
            for place in self._by_kind[first]:
                partners[place].append((self._rng.sample(self._by_kind[second], 2), chance))
        return partners

    def _make_trends(self) -> dict[str, int]:
        shelves = self._rng.sample(self._shelves, min(TRENDING, len(self._shelves)))
        return {shelf: self._rng.choice(self._by_shelf[shelf]) for shelf in shelves}

    def _draw(self, accumulated: list[float]) -> int:
        return bisect(accumulated, self._rng.random() * accumulated[-1], 0, len(accumulated) - 1)


def make_baskets(
    rng: Random, market: Market, people: Sequence[Person], now: datetime, count: int
) -> list[Basket]:
    """`count` baskets over the last three months, oldest first."""
    start = now - timedelta(days=DAYS)
    days = [
        start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=n) for n in range(DAYS + 1)
    ]
    busy = [BY_WEEKDAY[day.weekday()] * (1 + GROWTH * n / DAYS) for n, day in enumerate(days)]
    day_weights = list(accumulate(busy))
    hour_weights = list(accumulate(BY_HOUR))
    buyers = list(accumulate(person.zeal for person in people))
    baskets: list[Basket] = []
    while len(baskets) < count:
        day = rng.choices(days, cum_weights=day_weights)[0]
        hour = rng.choices(range(24), cum_weights=hour_weights)[0]
        time = day + timedelta(hours=hour, seconds=rng.randrange(3600))
        if start <= time < now - timedelta(minutes=5):
            baskets.append(Basket(rng.choices(range(len(people)), cum_weights=buyers)[0], time))
    baskets.sort(key=lambda one: one.time)
    for basket in baskets:
        market.fill(basket)
    return [basket for basket in baskets if basket.units]
