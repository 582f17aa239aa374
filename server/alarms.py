"""Alarms: many times to be called at, for one timer of the event loop, of which each costs a kilobyte."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heapify, heappop, heappush

MIN_CANCELLED = 64
"""Alarms that were cancelled are cleared away when they are so many, and more than the others."""


class Alarm:
    """A call to come, unless it is cancelled."""

    __slots__ = ("_alarms", "ring", "when")

    def __init__(self, alarms: Alarms, when: float, ring: Callable[[], None]) -> None:
        self._alarms = alarms
        self.when = when
        self.ring: Callable[[], None] | None = ring

    def cancel(self) -> None:
        """Do not ring any more; nothing when it has rung."""
        if self.ring is not None:
            self.ring = None
            self._alarms.note_cancelled()

    def __lt__(self, other: Alarm) -> bool:
        return self.when < other.when


class Alarms:
    """Rings alarms at their times. For use on one event loop."""

    def __init__(self) -> None:
        self._waiting: list[Alarm] = []
        self._cancelled = 0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float, ring: Callable[[], None]) -> Alarm:
        """Call `ring` in so many seconds, or at once when they are over."""
        loop = asyncio.get_running_loop()
        alarm = Alarm(self, loop.time() + max(seconds, 0), ring)
        heappush(self._waiting, alarm)
        if self._waiting[0] is alarm:
            self._wait(loop)
        return alarm

    def note_cancelled(self) -> None:
        """Clear cancelled alarms away once they are too many."""
        self._cancelled += 1
        if self._cancelled > max(MIN_CANCELLED, len(self._waiting) // 2):
            self._waiting = [alarm for alarm in self._waiting if alarm.ring is not None]
            heapify(self._waiting)
            self._cancelled = 0

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(self._waiting[0].when, self._ring)

    def _ring(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        try:
            while self._waiting and self._waiting[0].when <= now:
                ring, alarm = self._waiting[0].ring, heappop(self._waiting)
                if ring is None:
                    self._cancelled -= 1
                else:
                    alarm.ring = None
                    ring()
        finally:  # one that fails keeps no other from ringing
            if self._waiting:
                self._wait(loop)
