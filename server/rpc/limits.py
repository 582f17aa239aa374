"""Limits: how often one address may call past the gateway, and how many streams may be open."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from google.protobuf.message import Message
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from server.contract import REPORTS_A_MINUTE
from server.errors import ResourceExhausted
from server.rpc.call import Call
from server.rpc.networks import network_of


class RateLimited(ResourceExhausted):
    """Too many calls from one address."""

    message = (
        "Too many calls from your address: {limit} a minute are allowed. Try again in {seconds} seconds."
    )


class TooManyStreams(ResourceExhausted):
    """Too many open streams."""

    message = "Too many streams are open ({limit} are allowed); close one first."


class Limits:
    """Counts calls by address and streams by caller, in this worker.

    Calls through Envoy are not counted again: Envoy has counted them, once for all workers.
    """

    def __init__(
        self,
        *,
        anonymous: int,
        signed_in: int,
        streams_per_user: int,
        streams: int,
        report_methods: Collection[str] = (),
    ) -> None:
        """`anonymous` and `signed_in` are calls per minute and address; 0 anonymous turns both off.

        `report_methods` are those by which machines report; they have a limit of their own.
        """
        self._enabled = anonymous > 0
        self._anonymous = RateLimitItemPerMinute(max(anonymous, 1))
        self._signed_in = RateLimitItemPerMinute(signed_in)
        self._reports = RateLimitItemPerMinute(REPORTS_A_MINUTE)
        self._report_methods = frozenset(report_methods)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._streams_per_user = streams_per_user
        self._streams = streams
        self._open: Counter[int | str] = Counter()

    @property
    def open_streams(self) -> int:
        """How many streams are open."""
        return self._open.total()

    def count_of(self, method: str) -> Callable[[Call], None]:
        """What counts a method's calls, and raises RateLimited for an address that has used up this minute."""
        signed_in, anonymous = (self._signed_in, "signed-in"), (self._anonymous, "anonymous")
        if method in self._report_methods:
            signed_in = anonymous = (self._reports, "reports")

        def count(call: Call) -> None:
            if not call.through_envoy:
                self._hit(call, *(signed_in if call.caller is not None else anonymous))

        return count if self._enabled else _no_limit

    def _hit(self, call: Call, item: RateLimitItemPerMinute, kind: str) -> None:
        network = network_of(call.address)
        if not self._limiter.hit(item, network, kind):
            reset = self._limiter.get_window_stats(item, network, kind).reset_time
            seconds = max(1, round(reset - time.time()))
            refusal = RateLimited(limit=item.amount, seconds=seconds)
            refusal.retry_after_seconds = float(seconds)
            raise refusal

    @contextmanager
    def stream(self, call: Call) -> Iterator[None]:
        """Hold a place for a stream; raise TooManyStreams when the caller or the worker has none left."""
        owner = call.caller.user_id if call.caller else network_of(call.address)
        if self._open[owner] >= self._streams_per_user:
            raise TooManyStreams(limit=self._streams_per_user)
        if self.open_streams >= self._streams:
            raise TooManyStreams(limit=self._streams)
        self._open[owner] += 1
        try:
            yield
        finally:
            self._open[owner] -= 1
            if not self._open[owner]:
                del self._open[owner]

    def counted(self, behaviour: Callable[..., Any]) -> Callable[[Message, Call], Awaitable[Message]]:
        """A method that is sent a stream, as one that counts it: who sends slowly holds it for long."""

        async def count(request: Message, call: Call) -> Message:
            with self.stream(call):
                reply: Message = await behaviour(request, call)
                return reply

        return count


def _no_limit(_: Call) -> None:
    """Count nothing."""
