"""What sells and is visited now, counted from the shop's own tables and kept for some seconds."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

DEFAULT_HOURS = 168
MOST_HOURS = 8_760
COUNTED_BY_DAYS_FROM = 48
SHORTEST_LIFE_SECONDS = 3.0
LONGEST_LIFE_SECONDS = 60.0
KEPT_WINDOWS = 400

Count = Callable[[int], Awaitable[Mapping[int, int]]]
"""Counts the products of the last so many hours."""


class Trend(NamedTuple):
    """A product and how it sells against the best one: in (0, 1]."""

    product_id: int
    strength: float


class _Counted(NamedTuple):
    trends: Sequence[Trend]
    expires_at: float


class Trends:
    """The best sellers of a window, best first. For use on one event loop.

    Counting is one query over the window, for all categories at once. It is repeated after 3 s at the earliest,
    for longer windows later (a year: 60 s), and one runs at a time: whoever invents windows waits in line.
    """

    def __init__(self, count: Count) -> None:
        self._count = count
        self._counted: OrderedDict[int, _Counted] = OrderedDict()
        self._turn = asyncio.Lock()

    async def of(self, hours: int) -> Sequence[Trend]:
        """The products of the last `hours`; windows above two days are counted in whole days."""
        window = window_of(hours)
        found = self._fresh(window)
        if found is not None:
            return found
        async with self._turn:
            found = self._fresh(window)
            return found if found is not None else await self._count_anew(window)

    def clear(self) -> None:
        """Forget everything."""
        self._counted.clear()

    def _fresh(self, window: int) -> Sequence[Trend] | None:
        counted = self._counted.get(window)
        return counted.trends if counted is not None and counted.expires_at > time.monotonic() else None

    async def _count_anew(self, window: int) -> Sequence[Trend]:
        scores = await self._count(window)
        top = max(scores.values(), default=0)
        trends = [
            Trend(product_id, score / top)
            for product_id, score in sorted(scores.items(), key=lambda entry: (-entry[1], -entry[0]))
            if score > 0
        ]
        life = min(max(SHORTEST_LIFE_SECONDS, window / 100), LONGEST_LIFE_SECONDS)
        self._counted[window] = _Counted(trends, time.monotonic() + life)
        self._counted.move_to_end(window)
        while len(self._counted) > KEPT_WINDOWS:
            self._counted.popitem(last=False)
        return trends


def window_of(hours: int) -> int:
    """The hours that are counted when `hours` are asked for: 0 means a week, too many mean a year."""
    if hours <= 0:
        return DEFAULT_HOURS
    hours = min(hours, MOST_HOURS)
    return hours if hours <= COUNTED_BY_DAYS_FROM else -(-hours // 24) * 24
