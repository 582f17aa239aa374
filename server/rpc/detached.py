"""Work that must reach its end although its caller may hang up meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from server.db.deadline import Deadline

REPLY_SECONDS = 0.3
"""What is left of a caller's time for the reply itself."""

T = TypeVar("T")


class DetachedTasks:
    """Runs work apart from the calls that asked for it; a server that stops waits for all of it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    async def result(self, work: Coroutine[None, None, T]) -> T:
        """Return what the work returns; it goes on when the caller of this is cancelled."""
        return await asyncio.shield(self._start(work))

    async def run(self, work: Coroutine[None, None, object], deadline: Deadline) -> None:
        """Wait for the work until just before the deadline; it goes on after that, and its errors stay its own."""
        await asyncio.wait({self._start(work)}, timeout=max(deadline.remaining - REPLY_SECONDS, 0))

    async def finish(self) -> None:
        """Wait for the work whose callers have gone."""
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    def _start(self, work: Coroutine[None, None, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # read, for a caller who has gone: a job or a repeat takes up what is left
