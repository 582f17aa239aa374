"""The database's clock: by it expires what the database holds, whatever the clocks of the workers say."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from server.background import BackgroundLoop
from server.clock import Clock

AGREEMENT_SECONDS = 0.25
"""So much a worker's clock may be off without being corrected: no two clocks agree exactly, no two answers do."""
SURE_SECONDS = 1.0
"""An answer that took longer says too little of what time it is."""
AGAIN_SECONDS = 10.0
"""After so long a database that did not answer is asked again."""

MEASURE_EVERY = timedelta(seconds=30)
"""How often a worker compares."""

log = structlog.get_logger()


class DatabaseClock:
    """Tells the time as the database does, between its answers by the monotonic clock.

    So a worker's clock may be wrong, or be set, without a reservation, a lease or a token ending early or late.
    """

    def __init__(self, ask: Callable[[], float], own: Clock) -> None:
        """`ask` asks the database for the seconds since the epoch; `own` is the worker's clock."""
        self._ask = ask
        self._own = own
        self._lock = threading.Lock()
        self._ahead: float | None = None
        """So many seconds it is ahead of the monotonic clock."""
        self._measured_at = -AGAIN_SECONDS

    def __call__(self) -> datetime:
        """The time now, in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def seconds(self) -> float:
        """The time now, in seconds since the epoch."""
        if self._ahead is None and time.monotonic() - self._measured_at >= AGAIN_SECONDS:
            self.measure()
        ahead = self._ahead
        return self._own().timestamp() if ahead is None else ahead + time.monotonic()

    def measure(self) -> None:
        """Ask the database for the time."""
        with self._lock:
            self._measured_at = began = time.monotonic()
            own = self._own().timestamp()
            try:
                answer = self._ask()
            except Exception as error:  # it is away: the last answer, or our own clock, must do
                log.warning("clock_not_compared", error=type(error).__name__)
                return
            took = time.monotonic() - began
            if took > SURE_SECONDS:
                return
            offset = answer - (own + took / 2)
            if abs(offset) <= AGREEMENT_SECONDS:
                offset = 0.0
            elif self._ahead is None:
                log.warning("clock_differs_from_the_databases", seconds=round(offset, 1))
            self._ahead = own + offset - began


class Timekeeper:
    """Has the clock compared again and again; for use on a worker's event loop."""

    def __init__(self, clock: DatabaseClock) -> None:
        self._clock = clock
        self._loop = BackgroundLoop("database_clock", self._measure, every=MEASURE_EVERY)

    async def start(self) -> None:
        """Compare now, and from now on."""
        await self._measure()
        self._loop.start(after=MEASURE_EVERY)

    async def stop(self) -> None:
        """Compare no more."""
        await self._loop.stop()

    async def _measure(self) -> None:
        await asyncio.to_thread(self._clock.measure)
