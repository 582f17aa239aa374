"""Which products changed, and the loop that has them read again with nothing lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from server.background import WHEN_WOKEN, BackgroundLoop


@dataclass(frozen=True, slots=True)
class Changes:
    """Products that changed; with `everything`, any number of others did too."""

    product_ids: Collection[int]
    everything: bool


@dataclass(frozen=True, slots=True)
class Burst:
    """When a burst of changes is over: after a `pause` without one, and in any case after `patience`."""

    pause: timedelta
    patience: timedelta


class ChangedProducts:
    """Has changed products read again, in the background. For use on one event loop.

    What changes while a read runs is read by the next one, and so is what a read that failed was to read.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[Changes], Awaitable[None]],
        *,
        pause: timedelta = timedelta(),
        retry: timedelta,
        burst: Burst | None = None,
    ) -> None:
        """Between two reads there is a `pause`, and after one that failed `retry`."""
        self._read = read
        self._burst = burst
        self._product_ids: set[int] = set()
        self._everything = False
        self._settled = asyncio.Event()
        self._settled.set()
        self._loop = BackgroundLoop(
            name, self._step, every=WHEN_WOKEN, pause=pause, first_retry=retry, max_retry=retry
        )

    def start(self) -> None:
        """Begin to read what changes; must be called on the running event loop."""
        self._loop.start(after=WHEN_WOKEN)

    async def stop(self) -> None:
        """Read no more."""
        await self._loop.stop()

    def add(self, product_ids: Iterable[int]) -> None:
        """Have these products read soon."""
        self._product_ids.update(product_ids)
        self._wake()

    def add_all(self) -> None:
        """Have everything read soon."""
        self._everything = True
        self._wake()

    async def settled(self) -> None:
        """Wait until every change that was added has been read."""
        await self._settled.wait()

    @property
    def _is_pending(self) -> bool:
        return bool(self._product_ids) or self._everything

    def _wake(self) -> None:
        if self._is_pending:
            self._settled.clear()
            self._loop.wake()

    async def _step(self) -> None:
        if not self._is_pending:  # the step before read it along
            return
        if self._burst is not None:
            await self._wait_out(self._burst)
        changes = Changes(self._product_ids, self._everything)
        self._product_ids, self._everything = set(), False
        try:
            await self._read(changes)
        except BaseException:
            self._product_ids.update(changes.product_ids)
            self._everything |= changes.everything
            raise
        if not self._is_pending:
            self._settled.set()

    async def _wait_out(self, burst: Burst) -> None:
        give_up = time.monotonic() + burst.patience.total_seconds()
        count = -1
        while count != len(self._product_ids) and time.monotonic() < give_up and not self._everything:
            count = len(self._product_ids)
            await asyncio.sleep(burst.pause.total_seconds())
