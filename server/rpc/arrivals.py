"""Arrivals: how long calls have been on their way when this worker reads them, and which of them come too late."""

from __future__ import annotations

import time
from math import inf

from server.errors import Overloaded
from server.rpc.call import Call

BEGUN = "x-sanset-begun"
"""When Envoy received the call, in milliseconds since the epoch; Envoy and its workers share a clock."""

_WINDOW_SECONDS = 0.1
_FEW = 10
"""Calls in a window that tell of no rush: one of them may be old because its caller sends slowly."""


class Arrivals:
    """Refuses calls that waited too long to be read.

    A worker that gets more calls than it can read lets them wait in gRPC, where nothing is refused or counted;
    what it reads then is old, and what it answers is late for everybody. Whether there is such a line is told by
    the call that waited least of the last moment: in a line all are old.

    Never two in a row: to refuse costs a third of a call or so, and a worker that does nothing else when more
    comes than it can refuse would serve nobody.
    """

    def __init__(self, max_wait_seconds: float) -> None:
        """A call may wait for `max_wait_seconds` in a rush, and a tenth of it in a line that does not end."""
        self._max_wait = max_wait_seconds
        self._began = 0.0
        self._calls = 0
        self._least = inf
        self._last_least = 0.0
        self._standing_since: float | None = None
        self._refused_last = False

    def admit(self, call: Call) -> None:
        """Raise Overloaded for a call that comes too late."""
        begun = call.headers.get(BEGUN) if call.through_envoy else None
        if begun is not None:
            self.judge(time.time() - int(begun) / 1000, time.monotonic())

    def judge(self, waited: float, now: float) -> None:
        """The same for a call that `waited` so many seconds when it is read at `now`."""
        if now - self._began > _WINDOW_SECONDS:
            self._next_window(now)
        self._calls += 1
        self._least = min(self._least, waited)
        in_line = min(self._least, self._last_least) > self._max_wait / 20
        self._refused_last = not self._refused_last and in_line and waited > self._patience(now)
        if self._refused_last:
            raise Overloaded()

    def _patience(self, now: float) -> float:
        standing = self._standing_since is not None and now - self._standing_since > self._max_wait
        return self._max_wait / 10 if standing else self._max_wait

    def _next_window(self, now: float) -> None:
        busy = self._calls >= _FEW and now - self._began < 3 * _WINDOW_SECONDS
        self._last_least = self._least if busy else 0.0
        self._began, self._calls, self._least = now, 0, inf
        if self._last_least <= self._max_wait / 20:
            self._standing_since = None
        elif self._standing_since is None:
            self._standing_since = now
