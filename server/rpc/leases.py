"""Leases: a stream lives no longer than the sign-in, and the role, that it was opened with."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from types import TracebackType

from server.alarms import Alarm, Alarms
from server.errors import TokenInvalid
from server.identity import Identity
from server.rpc.call import Call


class Lease:
    """Interrupts its block with TokenInvalid when the caller's token expires, or is worth something else.

    Who may still open such a stream does so again with the token that they have, or a new one.
    """

    __slots__ = ("_alarm", "_cancellations", "_has_ended", "_leases", "_seconds", "_task", "caller")

    def __init__(self, leases: Leases, caller: Identity, seconds: float) -> None:
        self._leases = leases
        self.caller = caller
        self._seconds = seconds
        self._has_ended = False

    async def __aenter__(self) -> Lease:
        task = asyncio.current_task()
        assert task is not None
        self._task: asyncio.Task[object] = task
        self._cancellations = task.cancelling()
        self._alarm: Alarm = self._leases.alarms.set(self._seconds, self.end)
        self._leases.open[self.caller.session_id].add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._alarm.cancel()
        self._leases.forget(self, self.caller.session_id)
        # As asyncio's own timeouts tell their cancellation from the caller's
        if (
            self._has_ended
            and self._task.uncancel() <= self._cancellations
            and isinstance(error, asyncio.CancelledError)
        ):
            raise TokenInvalid() from None

    def end(self) -> None:
        """Interrupt the block."""
        if not self._has_ended:
            self._has_ended = True
            self._task.cancel()

    def expired(self) -> bool:
        """Whether the block was interrupted."""
        return self._has_ended


class Leases:
    """The open streams of signed-in callers by session, on the event loop; they share one timer."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self.alarms = Alarms()
        self.open: defaultdict[str, set[Lease]] = defaultdict(set)

    def hold(self, call: Call) -> AbstractAsyncContextManager[Lease | None]:
        """The lease of a caller, which tells whether it has ended; None for one who is not signed in."""
        caller = call.caller
        if caller is None:
            return nullcontext()
        return Lease(self, caller, caller.expires_at - self._now())

    def end(self, session_id: str) -> None:
        """Interrupt the streams of a session: it was revoked."""
        for lease in self.open.get(session_id, ()):
            lease.end()

    def end_of(self, is_meant: Callable[[Identity], bool]) -> None:
        """Interrupt the streams of some callers: they may do something else now."""
        for lease in [lease for leases in self.open.values() for lease in leases]:
            if is_meant(lease.caller):
                lease.end()

    def forget(self, lease: Lease, session_id: str) -> None:
        """Forget a lease whose block is over."""
        self.open[session_id].discard(lease)
        if not self.open[session_id]:
            del self.open[session_id]
