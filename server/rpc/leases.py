"""Leases: a stream lives no longer than the sign-in it was opened with."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from server.errors import TokenInvalid
from server.rpc.call import Call


class Leases:
    """The open streams of signed-in callers by session, on the event loop; a stream costs a timer and no task."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._open: defaultdict[str, set[asyncio.Timeout]] = defaultdict(set)

    @asynccontextmanager
    async def hold(self, call: Call) -> AsyncIterator[asyncio.Timeout | None]:
        """Interrupt the block, and raise TokenInvalid, when the caller's token expires or session is revoked.

        Yields what tells whether that has happened: None for a caller who is not signed in.
        """
        if call.caller is None:
            yield None
            return
        session_id = call.caller.session_id
        try:
            async with asyncio.timeout(call.caller.expires_at - self._now()) as lease:
                self._open[session_id].add(lease)
                try:
                    yield lease
                finally:
                    self._open[session_id].discard(lease)
                    if not self._open[session_id]:
                        del self._open[session_id]
        except TimeoutError:
            if lease.expired():
                raise TokenInvalid() from None
            raise

    def end(self, session_id: str) -> None:
        """Interrupt the streams of a session: it was revoked."""
        for lease in self._open.get(session_id, ()):
            if not lease.expired():
                lease.reschedule(0)
