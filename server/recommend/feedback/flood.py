"""Keeps one person, or one address, from reporting more than people do."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from server.recommend.feedback.errors import TooManyEvents

MAX_BATCH = 100
FROM_ONE_ORIGIN = 5
"""Times as many events may come from one address as from one visitor: a household or an office may share it."""

IN_A_DAY = 100
"""Times as many events as one visitor in a minute an address may send in a day: each is a row that is kept."""

MINUTES_OF_A_DAY = 24 * 60

MAX_BUCKETS = 50_000


class Buckets:
    """Token buckets by name: each holds `size` tokens, and gets as many back every minute.

    Of too many the least recently used ones are forgotten, which fills them: memory is bounded, and whoever
    invents names to empty nobody's bucket is stopped by the bucket of their address. Not safe for threads.
    """

    def __init__(self, per_minute: float, size: int, *, most: int = MAX_BUCKETS) -> None:
        self._rate = per_minute / 60
        self._size = size
        self._most = most
        self._levels: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def wait_for(self, name: Hashable, count: int, now: float) -> float:
        """Seconds until `count` tokens are there; 0 when they are. `now` is a monotonic time in seconds."""
        return max(0.0, (count - self._level(name, now)) / self._rate)

    def take(self, name: Hashable, count: int, now: float) -> None:
        """Take tokens that are there."""
        self._levels[name] = (self._level(name, now) - count, now)
        self._levels.move_to_end(name)
        if len(self._levels) > self._most:
            self._levels.popitem(last=False)

    def _level(self, name: Hashable, now: float) -> float:
        level, at = self._levels.get(name, (float(self._size), now))
        return min(self._size, level + (now - at) * self._rate)


class Flood:
    """Admits events in this worker. Safe for threads."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`per_minute` is what one user or visitor may report; 0 admits everything."""
        self._per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        size = max(per_minute, MAX_BATCH)  # whatever the limit, a full batch passes now and then
        self._actors = Buckets(max(per_minute, 1), size)
        self._origins = Buckets(max(per_minute, 1) * FROM_ONE_ORIGIN, size * FROM_ONE_ORIGIN)
        in_a_day = size * IN_A_DAY
        self._days = Buckets(in_a_day / MINUTES_OF_A_DAY, in_a_day)

    def admit(self, actor: str, origin: str, events: int) -> None:
        """Count events of an actor who calls from an origin ("": it does not matter), all or none.

        Raises TooManyEvents when they are too many.
        """
        if wait := self.wait_or_count(actor, origin, events):
            seconds = max(1, math.ceil(wait))
            refusal = TooManyEvents(limit=self._per_minute, seconds=seconds)
            refusal.retry_after_seconds = float(seconds)
            raise refusal

    def wait_or_count(self, actor: str, origin: str, events: int) -> float:
        """The same without a refusal: 0 when they are counted, else the seconds until they would be."""
        if not self._per_minute:
            return 0.0
        now = self._clock()
        with self._lock:
            wait = self._actors.wait_for(actor, events, now)
            if origin:
                wait = max(
                    wait, *(each.wait_for(origin, events, now) for each in (self._origins, self._days))
                )
            if not wait:
                self._actors.take(actor, events, now)
                if origin:
                    self._origins.take(origin, events, now)
                    self._days.take(origin, events, now)
            return wait
