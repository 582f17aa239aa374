"""What the streams of the shop have in common: how they wait for news, and why they end before it does."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from typing import Final

from server.alarms import Alarms


@dataclass(frozen=True)
class Reconnect:
    """The stream ends before what it tells of: ask again after `sequence`."""

    sequence: int
    message: str


STOPPING: Final = "The server is about to stop."
LIVED_LONG: Final = "The stream has lived long enough."


def life_ends(lifetime_seconds: float) -> float:
    """When a stream that is opened now ends, by time.monotonic().

    Streams that were opened together must not all come back together.
    """
    return time.monotonic() + lifetime_seconds * random.uniform(0.8, 1.0)  # noqa: S311 - jitter


def why_it_ends(until: float, *, is_draining: bool) -> str:
    """Why a stream ends now that lives until a time, if it does; empty while it goes on."""
    if is_draining:
        return STOPPING
    return LIVED_LONG if time.monotonic() >= until else ""


class Bell:
    """What one task waits by for news, or until it has waited long enough. For use on one event loop."""

    __slots__ = ("_waiter",)

    def __init__(self) -> None:
        self._waiter: asyncio.Future[bool] | None = None

    def wake(self, *, has_news: bool = True) -> None:
        """End the wait, for news or for a heartbeat."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(has_news)

    async def wait(self, alarms: Alarms, seconds: float) -> bool:
        """Wait for news; False when so many seconds are over first."""
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiter = waiter
        alarm = alarms.set(seconds, self._beat)
        try:
            return await waiter
        finally:
            alarm.cancel()
            self._waiter = None

    def _beat(self) -> None:
        self.wake(has_news=False)
