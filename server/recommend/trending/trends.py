"""What sells and is visited now: counted from the shop's own tables, and kept up to date by its events."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from server.events.follower import Follower
from server.recommend.trending.journal import Journal
from server.recommend.trending.tally import Tally

DEFAULT_HOURS = 168
MOST_HOURS = 8_760
COUNTED_BY_DAYS_FROM = 48
SHORTEST_LIFE_SECONDS = 3.0
LONGEST_LIFE_SECONDS = 60.0
MERGE_SECONDS = 0.2
"""How long a list may lack what happened a moment ago: sorting a large shop anew for every event would be dear."""

KEPT_WINDOWS = 400
KEPT_PRODUCTS = 400_000
"""In all windows together: about 80 MB, whatever windows and regions are invented."""

Count = Callable[[int, str], Awaitable[Mapping[int, int]]]
"""Counts the products of the last so many hours, ordered to a country ("": everywhere, and visited)."""


class Trend(NamedTuple):
    """A product and how it sells against the best one: in (0, 1]."""

    product_id: int
    strength: float


class _Counted:
    """The products of one window, as they were counted, and what happened to them since."""

    def __init__(self, scores: Mapping[int, int], position: int, life: float) -> None:
        self._scores = scores
        self._top = max(scores.values(), default=0)
        self.as_counted = [
            Trend(product_id, score / self._top)
            for product_id, score in sorted(scores.items(), key=lambda entry: (-entry[1], -entry[0]))
            if score > 0
        ]
        self._tally = Tally()
        self._merged: Sequence[Trend] = self.as_counted
        self._merged_at = 0.0
        self.position = position
        """The place in the journal up to which it was told."""
        self.expires_at = time.monotonic() + life

    def trends(self, journal: Journal, region: str) -> Sequence[Trend] | None:
        """The products, best first; None when the journal does not reach back far enough any more."""
        now = time.monotonic()
        if journal.position == self.position or now - self._merged_at < MERGE_SECONDS:
            return self._merged
        deeds = journal.since(self.position)
        if deeds is None or self._tally.is_full:
            return None
        self.position, self._merged_at = journal.position, now
        for deed in deeds:
            self._tally.add(deed, region)
        self._merged = self._with(self._tally.added)
        return self._merged

    def _with(self, added: Mapping[int, int]) -> Sequence[Trend]:
        if not added:
            return self.as_counted
        now = {product_id: self._scores.get(product_id, 0) + more for product_id, more in added.items()}
        top = self._top or max(now.values())
        # Whatever overtook the best one is as strong as it: the next count sets the scale anew.
        moved = [
            Trend(product_id, min(score / top, 1.0))
            for product_id, score in sorted(now.items(), key=lambda entry: (-entry[1], -entry[0]))
        ]
        stayed = [trend for trend in self.as_counted if trend.product_id not in now]
        return sorted(moved + stayed, key=itemgetter(1), reverse=True)


class Trends:
    """The best sellers of a window, best first. For use on one event loop.

    Counting is one query over the window, for all categories at once. It is repeated after 3 s at the earliest,
    for longer windows later (a year: 60 s), and one runs at a time: whoever invents windows waits in line.
    Meanwhile the events of orders, carts and behaviour are added to what was counted.
    """

    def __init__(self, count: Count) -> None:
        self._count = count
        self.journal = Journal()
        """What happened in the last moments."""
        self._counted: OrderedDict[tuple[int, str], _Counted] = OrderedDict()
        self._turn = asyncio.Lock()

    def attach(self, follower: Follower) -> None:
        """Learn from the events."""
        self.journal.attach(follower)

    async def of(self, hours: int, region: str = "") -> Sequence[Trend]:
        """The products of the last `hours`; windows above two days are counted in whole days.

        With a region, the code of a country, only what was ordered to it.
        """
        asked = window_of(hours), region
        found = self._fresh(asked)
        if found is not None:
            return found
        async with self._turn:
            found = self._fresh(asked)
            return found if found is not None else await self._count_anew(*asked)

    def clear(self) -> None:
        """Forget everything."""
        self._counted.clear()

    def _fresh(self, asked: tuple[int, str]) -> Sequence[Trend] | None:
        counted = self._counted.get(asked)
        if counted is None or counted.expires_at <= time.monotonic():
            return None
        return counted.trends(self.journal, asked[1])

    async def _count_anew(self, window: int, region: str) -> Sequence[Trend]:
        # Taken before: what happens while it is counted may count twice until the next count, but is not lost.
        position = self.journal.position
        scores = await self._count(window, region)
        life = min(max(SHORTEST_LIFE_SECONDS, window / 100), LONGEST_LIFE_SECONDS)
        counted = self._counted[window, region] = _Counted(scores, position, life)
        self._counted.move_to_end((window, region))
        while len(self._counted) > 1 and self._is_too_much():
            self._counted.popitem(last=False)
        return counted.as_counted

    def _is_too_much(self) -> bool:
        products = sum(len(counted.as_counted) for counted in self._counted.values())
        return len(self._counted) > KEPT_WINDOWS or products > KEPT_PRODUCTS


def window_of(hours: int) -> int:
    """The hours that are counted when `hours` are asked for: 0 means a week, too many mean a year."""
    if hours <= 0:
        return DEFAULT_HOURS
    hours = min(hours, MOST_HOURS)
    return hours if hours <= COUNTED_BY_DAYS_FROM else -(-hours // 24) * 24
