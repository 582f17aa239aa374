"""The bounded pool of threads on which use cases meet the database."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError

from server.db.deadline import Deadline, working_for
from server.errors import Overloaded
from server.rpc.faults import connection_lost, lost_race

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 6


class Pool:
    """Runs use cases on threads, one per database connection, and refuses when too many wait."""

    def __init__(self, *, threads: int, max_queued: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="use-case")
        self._capacity = threads + max_queued
        self.busy = 0

    async def run(self, deadline: Deadline, use_case: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `use_case` within `deadline`, again when its transaction lost a race.

        Raises Overloaded at once when the queue is full, and Deadline when the time is over: nothing was committed
        then, and nothing will be.
        """
        if self.busy >= self._capacity:
            raise Overloaded()
        return await self.run_vital(deadline, use_case, *args, **kwargs)

    async def run_vital(
        self, deadline: Deadline, use_case: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same for work that must end once it has begun: it is not refused however many wait."""
        self.busy += 1
        loop = asyncio.get_running_loop()
        job = self._executor.submit(lambda: _persist(deadline, lambda: use_case(*args, **kwargs)))
        # Told by the thread, not by the caller who may have left: a busy thread stays counted.
        job.add_done_callback(lambda _: loop.call_soon_threadsafe(self._done))
        future = asyncio.wrap_future(job)
        future.add_done_callback(_read_failure)
        try:
            # A commit that is under way when the time is over may still succeed, and its caller must hear so.
            return await asyncio.wait_for(future, deadline.patience)
        except (asyncio.CancelledError, TimeoutError):
            deadline.cancelled = True
            raise

    def _done(self) -> None:
        self.busy -= 1

    def close(self) -> None:
        """Let running use cases end, and take no more."""
        self._executor.shutdown(wait=True, cancel_futures=True)


def _persist(deadline: Deadline, use_case: Callable[[], T]) -> T:
    """Run `use_case`; repeat it after a lost race, or a connection found broken before anything was done."""
    with working_for(deadline):
        for attempt in range(1, ATTEMPTS + 1):
            deadline.check()
            try:
                return use_case()
            except DBAPIError as error:
                if attempt == ATTEMPTS or not (lost_race(error) or connection_lost(error)):
                    raise
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - jitter, not a secret
    raise AssertionError("unreachable")


def _read_failure(future: asyncio.Future[T]) -> None:
    if not future.cancelled():
        future.exception()  # so that a late failure of an abandoned call is not reported as unseen
