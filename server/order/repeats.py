"""Waiting for the first call with a request id, for use cases that need more than one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from server.db.deadline import Deadline
from server.order.errors import StillRunning

FIRST_WAIT, MAX_WAIT = 0.02, 0.25

T = TypeVar("T")


async def first_or_wait(deadline: Deadline, request_id: str, begin: Callable[[], Awaitable[T | None]]) -> T:
    """What `begin` finds, asked again while it finds None: the first call is still at work.

    Raises StillRunning when the deadline is near.
    """
    wait = FIRST_WAIT
    while True:
        result = await begin()
        if result is not None:
            return result
        if deadline.remaining < 2 * wait:
            raise StillRunning(request_id=request_id)
        await asyncio.sleep(wait)
        wait = min(2 * wait, MAX_WAIT)
