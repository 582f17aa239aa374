"""Budgets: how many calls somebody has in a minute, whichever worker or replica gets them.

A worker takes portions out of a budget that lies in a store, and spends them from memory. The first call of a
minute is let through at once, while a portion is asked for; so is every call that a portion is left for, and the
next one is asked for before it is spent. Only who calls again sooner than the store answers waits for that,
everybody together. So all workers admit the limit together, and at most one more each: the call that a worker lets
through before it can know that the others have spent the budget. Who has spent it waits for the store with the
first call of the next minute, too: so whoever goes on and on gets the limit and no call more.

Portions are an eighth of what is left: what other workers cannot have is little, and less towards the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final

import structlog

from server.budgets.store import Draw, Store

WINDOW_SECONDS: Final = 60
PORTIONS: Final = 8
GATHER_SECONDS: Final = 0.05
"""So long draws that nobody waits for are gathered, to be made together."""
PATIENCE_SECONDS: Final = 1.0
"""A store that keeps a call waiting for longer is as good as away."""
AWAY_SECONDS: Final = 1.0
"""After a failure the store is left alone for so long."""
MAX_SHARES: Final = 50_000
"""Callers remembered in a minute; the one that came first is forgotten first, as by the gateway."""
MAX_DRAWS: Final = 500
"""In one question."""
MAX_KEY: Final = 120
"""As long as its column."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls a minute, counted under a name of their own."""

    name: str
    calls: int


class Share:
    """What this worker has of a budget in a minute.

    Calls are numbered as they come, and the first `granted` of them admitted.
    """

    __slots__ = (
        "_ahead",
        "answer",
        "is_complete",
        "key",
        "limit",
        "minute",
        "taken",
        "taken_by_all",
        "used",
    )

    def __init__(self, key: str, minute: int, limit: int, *, ahead: int) -> None:
        """So many calls `ahead` are admitted before anything is taken."""
        self.key = key
        self.minute = minute
        self.limit = limit
        self._ahead = ahead
        self.used = 0
        self.taken = 0
        self.taken_by_all = 0
        self.is_complete = False
        """Whether there is nothing more to be had."""
        self.answer: asyncio.Future[None] | None = None
        """The answer of the store, while it is asked."""

    @property
    def granted(self) -> int:
        """How many calls are admitted so far."""
        return max(self.taken, self._ahead)

    @property
    def wants_more(self) -> bool:
        """Whether another portion is due: half of the next one would be left."""
        return not self.is_complete and self.taken - self.used <= self._portion // 2

    @property
    def _portion(self) -> int:
        return max(1, (self.limit - self.taken_by_all) // PORTIONS)

    def draw(self) -> Draw:
        """What to ask the store for: what was used beyond the last answer, and a portion."""
        calls = min(self.limit, max(0, self.used - self.taken) + self._portion)
        return Draw(self.key, self.minute, calls)

    def take(self, drawn: int, taken_by_all: int) -> None:
        """Take what the store has left of what was drawn; `taken_by_all` includes it."""
        if self.is_complete:  # it came too late
            return
        portion = min(drawn, max(0, self.limit - (taken_by_all - drawn)))
        self.taken += portion
        self.taken_by_all = min(taken_by_all, self.limit)
        self.is_complete = portion < drawn

    def settle(self) -> None:
        """Have those who wait look again."""
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(None)
        self.answer = None

    def take_all(self) -> None:
        """Take the whole budget, where there is no store to ask."""
        self.taken = self.limit
        self.is_complete = True


class Budgets:
    """The shares of this worker; for use on its event loop."""

    def __init__(self, store: Store | None, now: Callable[[], float]) -> None:
        """Without a `store` this worker counts alone. `now` tells all workers the same seconds since the epoch."""
        self._store = store
        self._now = now
        self._minute = 0
        self._shares: dict[str, Share] = {}
        self._spent: set[str] = set()
        """The keys whose budget of this minute is taken."""
        self._spent_before: set[str] = set()
        """Those of the minute before."""
        self._asking: dict[str, Share] = {}
        self._urgent: asyncio.Event | None = None
        self._task: asyncio.Task[None] | None = None
        self._away_until = 0.0
        self._is_away = False

    @property
    def seconds_left(self) -> int:
        """Seconds until everybody has a new budget."""
        return max(1, WINDOW_SECONDS - int(self._now() % WINDOW_SECONDS))

    def spend(self, limit: Limit, owner: str) -> bool | Awaitable[bool]:
        """Spend one call; whether there was one left, or what tells that once the store has answered.

        It is spent whether or not anybody waits for that.
        """
        share = self._share(limit, owner)
        share.used = number = share.used + 1
        if number > share.granted and not share.is_complete:
            self._ask(share, urgent=True)
            return self._wait(share, number)
        if share.wants_more:
            self._ask(share, urgent=False)
        return number <= share.granted

    def count(self, limit: Limit, owner: str) -> None:
        """Spend one call, without asking whether there was one left."""
        share = self._share(limit, owner)
        share.used += 1
        if share.wants_more:
            self._ask(share, urgent=False)

    def is_spent(self, limit: Limit, owner: str) -> bool:
        """Whether no call is left, as far as is known."""
        share = self._share(limit, owner)
        return share.is_complete and share.used >= share.granted

    async def close(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()
        if self._store is not None:
            await self._store.close()

    def _share(self, limit: Limit, owner: str) -> Share:
        minute = int(self._now()) // WINDOW_SECONDS
        if minute != self._minute:
            self._spent_before = self._spent if minute == self._minute + 1 else set()
            self._minute, self._shares, self._spent = minute, {}, set()
        key = f"{limit.name} {owner}"[:MAX_KEY]
        share = self._shares.get(key)
        if share is None:
            if len(self._shares) >= MAX_SHARES:
                del self._shares[next(iter(self._shares))]
            ahead = 0 if key in self._spent_before else 1
            share = self._shares[key] = Share(key, minute, limit.calls, ahead=ahead)
            if self._store is None:
                share.take_all()
        return share

    async def _wait(self, share: Share, number: int) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while number > share.granted and not share.is_complete:
                    self._ask(share, urgent=True)
                    if share.answer is not None:
                        await asyncio.shield(share.answer)
        except TimeoutError:
            share.take_all()
        return number <= share.granted

    def _ask(self, share: Share, *, urgent: bool) -> None:
        if monotonic() < self._away_until:
            share.take_all()
            return
        if share.answer is None:
            share.answer = asyncio.get_running_loop().create_future()
            before = self._asking.get(share.key)
            if before is not None:  # of the last minute, which is over
                before.settle()
            self._asking[share.key] = share
        if self._task is None or self._task.done():
            self._urgent = asyncio.Event()
            self._task = asyncio.create_task(self._report())
        if urgent and self._urgent is not None:
            self._urgent.set()

    async def _report(self) -> None:
        """Ask for what is wanted, until nothing is."""
        assert self._urgent is not None
        while self._asking:
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHER_SECONDS):
                    await self._urgent.wait()
            self._urgent.clear()
            names = list(self._asking)[:MAX_DRAWS]
            await self._ask_store([self._asking.pop(name) for name in names])

    async def _ask_store(self, shares: list[Share]) -> None:
        assert self._store is not None
        draws = [share.draw() for share in shares]
        try:
            taken = await self._store.take(draws)
        except Exception as error:
            self._note_away(error)
            for share in shares:
                share.take_all()
        else:
            self._note_back()
            for share, draw in zip(shares, draws, strict=True):
                share.take(draw.calls, taken[share.key])
                if share.is_complete and share.minute == self._minute:
                    self._spent.add(share.key)
        finally:
            for share in shares:
                share.settle()

    def _note_away(self, error: Exception) -> None:
        self._away_until = monotonic() + AWAY_SECONDS
        if not self._is_away:
            self._is_away = True
            log.warning(
                "rate_limit_store_away", error=type(error).__name__, effect="each worker counts alone"
            )

    def _note_back(self) -> None:
        if self._is_away:
            self._is_away = False
            log.warning("rate_limit_store_back")
