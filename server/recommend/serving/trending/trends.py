"""What sells and is visited now: counted from the shop's own tables, and kept up to date by its events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from operator import itemgetter
from typing import NamedTuple

import structlog

from server.events.follower import Follower
from server.recommend.serving.trending.journal import Journal
from server.recommend.serving.trending.ranked import NOTHING, Ranked, Trend
from server.recommend.serving.trending.tally import Tally

WINDOWS = (1, 6, 24, 72, 168, 720, 8_760)
"""In hours; the contract names them. There are at most twice as many counts: by country, and everywhere."""
DEFAULT_HOURS = 168
MIN_LIFE_SECONDS = 3.0
MAX_LIFE_SECONDS = 60.0
MERGE_SECONDS = 0.2
"""How long a list may lack what happened a moment ago: sorting a large shop anew for every event would be dear."""

Count = Callable[[int, bool], Awaitable[Mapping[str, Ranked]]]
"""Counts the products of the last so many hours: those ordered to each country, or with False, all under ""."""

log = structlog.get_logger()


class _Key(NamedTuple):
    """What is counted: a window, of all countries at once or everywhere."""

    hours: int
    by_country: bool


class _Country:
    """The products of one window and country, as they were counted, and what happened to them since."""

    def __init__(self, counted: Ranked, position: int) -> None:
        self._counted = counted
        self._tally = Tally()
        self._merged = counted.trends
        self._merged_at = 0.0
        self._position = position

    def trends(self, journal: Journal, country: str) -> tuple[Sequence[Trend], bool]:
        """The products, best first; and whether too much happened since to go on adding it."""
        now = time.monotonic()
        if journal.position == self._position or now - self._merged_at < MERGE_SECONDS:
            return self._merged, False
        interactions = journal.since(self._position)
        if interactions is None or self._tally.is_full:
            return self._merged, True
        self._position, self._merged_at = journal.position, now
        for interaction in interactions:
            self._tally.add(interaction, country)
        self._merged = self._with(self._tally.added)
        return self._merged, False

    def _with(self, added: Mapping[int, int]) -> Sequence[Trend]:
        if not added:
            return self._counted.trends
        scores = self._counted.scores
        now = {product_id: scores.get(product_id, 0) + more for product_id, more in added.items()}
        top = self._counted.top or max(now.values())
        # Whatever overtook the best one is as strong as it: the next count sets the scale anew.
        moved = [
            Trend(product_id, min(score / top, 1.0))
            for product_id, score in sorted(now.items(), key=lambda entry: (-entry[1], -entry[0]))
        ]
        stayed = [trend for trend in self._counted.trends if trend.product_id not in now]
        return sorted(moved + stayed, key=itemgetter(1), reverse=True)


class _Counted:
    """One count of a window, by the countries that were queried so far."""

    def __init__(self, counted: Mapping[str, Ranked], position: int, life: float) -> None:
        self._counted = counted
        self._position = position
        self._countries: dict[str, _Country] = {}
        self.expires_at = time.monotonic() + life

    def of(self, country: str) -> _Country:
        """One country's, or with "" everybody's. There are as many as countries."""
        counted = self._countries.get(country)
        if counted is None:
            counted = self._countries[country] = _Country(self._counted.get(country, NOTHING), self._position)
        return counted


class Trends:
    """The best sellers of a window, best first. For use on one event loop.

    Counting is one query over the window, for all categories at once, and one for all countries at once; one runs
    at a time. Only the first who ask for a window wait for it: later ones get what was counted before, while it is
    counted anew beside them, after 3 s at the earliest and for longer windows later (a year: 60 s). Meanwhile the
    events of orders, carts and behaviour are added to what was counted.
    """

    def __init__(self, count: Count) -> None:
        self._count = count
        self.journal = Journal()
        """What happened in the last moments."""
        self._counted: dict[_Key, _Counted] = {}
        self._counting: dict[_Key, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()
        self._cleared = 0

    def attach(self, follower: Follower) -> None:
        """Learn from the events."""
        self.journal.attach(follower)

    async def of(self, hours: int, country: str = "") -> Sequence[Trend]:
        """The products of one of the windows; 0 means a week.

        With a country only what was ordered to it.
        """
        key = _Key(hours or DEFAULT_HOURS, bool(country))
        counted = self._counted.get(key)
        while counted is None:
            await asyncio.shield(self._count_soon(key))
            counted = self._counted.get(key)
        trends, is_full = counted.of(country).trends(self.journal, country)
        if is_full or counted.expires_at <= time.monotonic():
            self._count_soon(key)
        return trends

    def clear(self) -> None:
        """Forget everything, what is being counted included."""
        self._counted.clear()
        self._cleared += 1

    async def stop(self) -> None:
        """End the counts that are under way."""
        counting = list(self._counting.values())
        for task in counting:
            task.cancel()
        await asyncio.gather(*counting, return_exceptions=True)

    def _count_soon(self, key: _Key) -> asyncio.Task[None]:
        task = self._counting.get(key)
        if task is None:
            # In a context of its own: it is the worker's work, whichever call has begun it.
            task = asyncio.get_running_loop().create_task(self._count_anew(key), context=Context())
            self._counting[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        return task

    def _ended(self, key: _Key, task: asyncio.Task[None]) -> None:
        del self._counting[key]
        if not task.cancelled() and task.exception() is not None:
            log.warning("counting_failed", hours=key.hours, error=type(task.exception()).__name__)

    async def _count_anew(self, key: _Key) -> None:
        async with self._turn:
            # Taken before: what happens while it is counted may count twice until the next count, but is not lost.
            position, cleared = self.journal.position, self._cleared
            counted = await self._count(*key)
        if cleared != self._cleared:
            return
        life = min(max(MIN_LIFE_SECONDS, key.hours / 100), MAX_LIFE_SECONDS)
        self._counted[key] = _Counted(counted, position, life)
