"""The tokens of a user whose calls come from many tasks of one event loop."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from sanset_client.errors import SansetError, not_renewed_in_time
from sanset_client.session import Grant, Session


class LoopSession(Session):
    """Renews in a task of its own: a caller who is cancelled or out of time must not take it down.

    That could lose the only copy of the new refresh token.
    """

    _renewal: asyncio.Task[None] | None = None

    async def settle(self) -> None:
        """Wait for a renewal under way, so that its tokens are not lost."""
        if self._renewal is not None:
            with suppress(SansetError):
                await asyncio.shield(self._renewal)

    async def _renew(self, grant: Grant, seconds: float, *, early: bool) -> None:
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._exchange(grant, early=early))
            self._renewal.add_done_callback(self._renewed)
        try:
            async with asyncio.timeout(seconds) as limit:
                await asyncio.shield(self._renewal)
        except TimeoutError:
            if not limit.expired():
                raise
            raise not_renewed_in_time() from None

    def _renewed(self, renewal: asyncio.Task[None]) -> None:
        self._renewal = None
        if not renewal.cancelled():
            renewal.exception()  # seen, even when every caller has gone
