"""What the streams of the shop have in common: how they wait for news, and why they end before it does."""

from __future__ import annotations

import asyncio
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
