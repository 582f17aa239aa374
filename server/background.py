"""Work beside the calls: a loop that is woken, tried again after a failure and stopped; and the one backoff."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog

FACTOR: Final = 3.0
JITTER: Final = 0.2

FIRST_RETRY, MAX_RETRY = timedelta(seconds=1), timedelta(seconds=30)
STOP_PATIENCE: Final = timedelta(seconds=5)

WHEN_WOKEN: Final = timedelta(days=365)
"""As the rest of a loop that steps only when it is woken."""

log = structlog.get_logger()


def give_way(niceness: int) -> None:
    """Let other threads go before the calling one. On Linux only: elsewhere niceness is the whole process's."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)


def backoff(attempts: int, first: timedelta, longest: timedelta) -> timedelta:
    """The wait after so many failed attempts: `first`, then three times as long each, at most `longest`.

    A fifth more or less, so that what failed together is not tried again together.
    """
    wait = min(first * FACTOR ** min(attempts - 1, 20), longest)
    return wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter, not a secret


class BackgroundLoop:
    """Does a step again and again on the event loop, from `start` to `stop`.

    A step may say how long to rest before the next one; else that is `every`. One that fails is logged and tried
    again, after a wait that grows with each failure. `wake` ends a rest, though never before `pause` is over.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], Awaitable[timedelta | None]],
        *,
        every: timedelta,
        pause: timedelta = timedelta(),
        first_retry: timedelta = FIRST_RETRY,
        max_retry: timedelta = MAX_RETRY,
    ) -> None:
        self._name = name
        self._step = step
        self._every = every
        self._pause = pause
        self._first_retry = first_retry
        self._max_retry = max_retry
        self._failures = 0
        self._woken = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self, *, after: timedelta = timedelta()) -> None:
        """Begin with the first step, after a while or when woken; must be called on the running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run(after), name=self._name)

    def wake(self) -> None:
        """Have the next step done now. What wakes it during a step counts for the next."""
        self._woken.set()

    async def stop(self, patience: timedelta = STOP_PATIENCE) -> None:
        """Cancel the step that runs, wait for its end as long as `patience` lasts, and begin no other."""
        # Said as well, because a cancellation that meets the end of a query is lost.
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=patience.total_seconds())

    async def finish(self) -> None:
        """Let the step that runs end, and begin no other; cancelled, it cancels that step."""
        self._stopping = True
        self._woken.set()
        if self._task is not None:
            await self._task

    async def _run(self, after: timedelta) -> None:
        if after:
            await self._rest(after)
        while not self._stopping:
            self._woken.clear()
            rest = await self._try()
            if not self._stopping:
                await self._rest(rest)

    async def _try(self) -> timedelta:
        """Do one step, and return how long to rest."""
        try:
            rest = await self._step()
        except Exception as error:
            self._failures += 1
            rest = backoff(self._failures, self._first_retry, self._max_retry)
            log.warning(
                "background_step_failed",
                loop=self._name,
                error=type(error).__name__,
                failures=self._failures,
                retry_seconds=round(rest.total_seconds(), 1),
            )
            return rest
        self._failures = 0
        return self._every if rest is None else rest

    async def _rest(self, rest: timedelta) -> None:
        await asyncio.sleep(self._pause.total_seconds())
        try:
            async with asyncio.timeout(max((rest - self._pause).total_seconds(), 0.0) + 0.001):
                await self._woken.wait()
        except TimeoutError:
            pass
