"""Whose turn it is to hold one of a pool's threads: callers in turn, and none of them holds all."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass

from server.errors import Overloaded

_WEIGHT = 0.05
"""Of the newest piece of work in the running mean of how long one holds a thread."""


@dataclass(slots=True, eq=False)
class Turn:
    """A thread that is held, or waited for.

    Work that comes `again` has waited in vain for a row that another transaction holds.
    """

    owner: object
    again: bool
    future: asyncio.Future[None] | None = None
    since: float = 0.0
    waits: bool = False


class Turns:
    """Hands out threads on the event loop.

    Each owner's work waits in a line of its own, and the lines are served in turn, so that a caller with a
    thousand calls waits for themselves. An owner holds half of the threads at most, and work that comes again a
    quarter: a row that is locked for seconds leaves threads to everybody who does not want it. The shop's own
    work (None) may hold all.
    """

    def __init__(self, threads: int, max_wait_seconds: float) -> None:
        self._threads = self._free = threads
        self._share = (threads + 1) // 2
        self._again_share = max(1, threads // 4)
        self._max_wait = max_wait_seconds
        self._running: Counter[object] = Counter()
        self._running_again = 0
        self._lines: OrderedDict[object, deque[Turn]] = OrderedDict()
        self._again: deque[Turn] = deque()
        self._seconds = 0.0
        self._waited_since: float | None = None
        self.waiting = 0

    @property
    def patience(self) -> float:
        """How long work may wait for its turn: MAX_WAIT_SECONDS in a rush, a tenth of it in a line without end.

        A line that stands for so long is no rush: whoever is let in would wait the whole time, and the shop serves
        no more than with a short one.
        """
        standing = self._waited_since is not None and time.monotonic() - self._waited_since > self._max_wait
        return self._max_wait / 10 if standing else self._max_wait

    def refuse_the_hopeless(self, owner: object) -> None:
        """Raise Overloaded when work of this owner would wait longer than it may."""
        line = self._lines.get(owner)
        if self._free > 0 and line is None:
            return
        before = len(line) if line is not None else 0
        lines = len(self._lines) + (line is None)
        if self._seconds * (before + 1) * lines / self._threads > self.patience:
            raise Overloaded()

    def waiting_of(self, owner: object) -> int:
        """How much work of an owner waits."""
        line = self._lines.get(owner)
        return len(line) if line is not None else 0

    async def take(self, owner: object, *, again: bool, within: float) -> Turn:
        """Wait for a thread. Raises TimeoutError when none is free for this owner `within` so many seconds."""
        turn = Turn(owner, again)
        if self._may(turn):
            return self._begin(turn)
        turn.future = asyncio.get_running_loop().create_future()
        self._join(turn)
        try:
            async with asyncio.timeout(within):
                await turn.future
        except BaseException:
            if turn.since:  # it was given a thread in the moment it gave up
                self.give_back(turn)
            elif turn.waits:
                self._leave(turn)
            raise
        return turn

    def give_back(self, turn: Turn) -> None:
        """End a turn, and begin the next."""
        self._free += 1
        self._running[turn.owner] -= 1
        if not self._running[turn.owner]:
            del self._running[turn.owner]
        self._running_again -= turn.again
        self._seconds += _WEIGHT * (time.monotonic() - turn.since - self._seconds)
        while (following := self._next()) is not None:
            self._leave(following)
            assert following.future is not None
            if not following.future.done():  # it has given up, and does not know yet
                self._begin(following)
                following.future.set_result(None)

    def close(self) -> None:
        """Send everybody away who waits."""
        for turn in (*self._again, *(turn for line in self._lines.values() for turn in line)):
            assert turn.future is not None
            turn.future.cancel()

    def _may(self, turn: Turn) -> bool:
        return (
            self._free > 0
            and (turn.owner is None or self._running[turn.owner] < self._share)
            and not (turn.again and self._running_again >= self._again_share)
        )

    def _begin(self, turn: Turn) -> Turn:
        self._free -= 1
        self._running[turn.owner] += 1
        self._running_again += turn.again
        turn.since = time.monotonic()
        return turn

    def _next(self) -> Turn | None:
        if not (self._free and self.waiting):
            return None
        for turn in self._again:
            if self._may(turn):
                return turn
        for owner, line in self._lines.items():
            if self._may(line[0]):
                self._lines.move_to_end(owner)
                return line[0]
        return None

    def _join(self, turn: Turn) -> None:
        turn.waits = True
        self.waiting += 1
        if turn.again:
            self._again.append(turn)
            return
        if not self._lines:
            self._waited_since = time.monotonic()
        self._lines.setdefault(turn.owner, deque()).append(turn)

    def _leave(self, turn: Turn) -> None:
        turn.waits = False
        self.waiting -= 1
        if turn.again:
            self._again.remove(turn)
            return
        line = self._lines[turn.owner]
        line.remove(turn)
        if not line:
            del self._lines[turn.owner]
            if not self._lines:
                self._waited_since = None
