"""The bounded pool of threads on which use cases meet the database."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from itertools import count
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError

from server.db.deadline import Deadline, working_for
from server.db.faults import connection_lost, lost_race, row_is_locked
from server.db.turns import Turn, Turns
from server.errors import Overloaded

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 6


class Pool:
    """Runs use cases on threads, one per database connection, and refuses what would wait too long."""

    def __init__(self, *, threads: int, max_queued: int, max_wait_seconds: float = 15.0) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="use-case")
        self._turns = Turns(threads, max_wait_seconds)
        self._capacity = threads + max_queued
        self._max_wait = max_wait_seconds
        self.busy = 0

    async def run(self, deadline: Deadline, use_case: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `use_case` within `deadline`, again when its transaction lost a race or waited for a row.

        Raises Overloaded when it would wait, or has waited, too long for a thread, and OutOfTime when the time is
        over: nothing was committed then, and nothing will be.
        """
        if self.busy >= self._capacity:
            raise Overloaded()
        self._turns.refuse_the_hopeless(deadline.owner)
        patience = self._turns.patience
        return await self._persist(deadline, partial(use_case, *args, **kwargs), patience, self._max_wait)

    async def run_vital(
        self, deadline: Deadline, use_case: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same for work that must end once it has begun: it is not refused however many wait."""
        patience = deadline.patience
        return await self._persist(deadline, partial(use_case, *args, **kwargs), patience, patience)

    async def _persist(
        self, deadline: Deadline, use_case: Callable[[], T], patience: float, row_patience: float
    ) -> T:
        """Run `use_case`; again after a lost race, a connection found broken before anything was done, or a row
        that another transaction held.

        No thread is held between the attempts.
        """
        began, again = time.monotonic(), False
        self.busy += 1
        try:
            for attempt in count(1):
                try:
                    return await self._attempt(deadline, use_case, patience, again)
                except DBAPIError as error:
                    if row_is_locked(error):
                        again = True
                        hopeless = time.monotonic() - began > row_patience
                    else:
                        hopeless = attempt >= ATTEMPTS or not (lost_race(error) or connection_lost(error))
                    if hopeless:
                        raise
                await asyncio.sleep(random.uniform(0, 0.01 * 2 ** min(attempt, 5)))  # noqa: S311 - jitter
        except (asyncio.CancelledError, TimeoutError):
            deadline.cancelled = True
            raise
        finally:
            self.busy -= 1
        raise AssertionError("unreachable")

    async def _attempt(
        self, deadline: Deadline, use_case: Callable[[], T], patience: float, again: bool
    ) -> T:
        turn = await self._take(deadline, patience, again)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        # The language of its sentences belongs to the call: the thread works in the call's context.
        in_context = partial(copy_context().run, use_case)
        ended = partial(self._ended, turn, future)
        self._executor.submit(_work, loop, deadline, in_context, future, ended)
        # A commit that is under way when the time is over may still succeed, and its caller must hear so.
        async with asyncio.timeout(deadline.patience):
            return await future

    async def _take(self, deadline: Deadline, patience: float, again: bool) -> Turn:
        until = deadline.patience
        try:
            return await self._turns.take(deadline.owner, again=again, within=min(patience, until))
        except TimeoutError:
            if until <= patience:
                raise
            raise Overloaded() from None

    def _ended(self, turn: Turn, future: asyncio.Future[T], settle: Callable[[], None]) -> None:
        """Called by the thread, not by the caller who may have left: a busy thread's turn is not given back."""
        self._turns.give_back(turn)
        if not future.done():
            settle()

    def close(self) -> None:
        """Let running use cases end, and take no more."""
        self._turns.close()
        self._executor.shutdown(wait=True, cancel_futures=True)


def _work(
    loop: asyncio.AbstractEventLoop,
    deadline: Deadline,
    use_case: Callable[[], T],
    future: asyncio.Future[T],
    ended: Callable[[Callable[[], None]], None],
) -> None:
    settle: Callable[[], None]
    try:
        with working_for(deadline):
            deadline.check()
            settle = partial(future.set_result, use_case())
    except BaseException as error:
        settle = partial(future.set_exception, error)
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(ended, settle)
