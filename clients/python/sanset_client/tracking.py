"""Follows an order through cuts, reconnects and restarts: every step once, in order, to the end."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import ExitStack

import grpc
from sanset.v1.order_pb2 import OrderEvent
from sanset.v1.tracking_pb2 import TrackOrderRequest, TrackOrderResponse

from sanset_client.errors import ClientClosed, SansetError, Unauthenticated, make_error
from sanset_client.retry import backoff, says_come_back
from sanset_client.rpc import Caller, Prepared

PATIENCE = 300.0
"""Seconds without a word from the server after which following an order is given up."""

MAX_GAPS = 5
"""Times the server may leave out the same step before the client stops asking for it."""

CUTS = frozenset(
    {
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
    }
)
"""Codes of a reset connection, depending on who reset it, when the server gave no reason."""


class Trail:
    """The progress in following one order: the last step seen, and when to ask again."""

    def __init__(self, order_id: int, after_sequence: int, patience: float) -> None:
        self.ended = False
        self.over = False  # this stream has no more to say; another one may
        self._order_id = order_id
        self._last = after_sequence
        self._patience = patience
        self._heard_at = time.monotonic()
        self._heard = False
        self._failures = 0
        self._gaps = 0
        self._error: SansetError | None = None

    def request(self) -> TrackOrderRequest:
        """Return the request of the next stream: only steps after the last one seen."""
        self.over = self._heard = False
        return TrackOrderRequest(order_id=self._order_id, after_sequence=self._last)

    def take(self, message: TrackOrderResponse) -> OrderEvent | None:
        """Read one message; return the step in it when it is the next one.

        Raises SansetError (DATA_LOSS) when the server leaves a step out again and again.
        """
        content = message.WhichOneof("content")
        if content == "event":
            return self._step(message.event)
        if content == "end":
            self._end(message.end.sequence)
        elif content == "reconnect":
            self.over = True
        else:  # a heartbeat, or something newer than this client
            self._alive()
        return None

    def failed(self, error: SansetError) -> None:
        """Take note that a stream failed. Raises `error` when another one would fail as well."""
        # After something was heard, a refused token is one that expired on the way: the next stream
        # begins with a new one. Refused at the start, a new one was tried already.
        expired = isinstance(error, Unauthenticated) and self._heard
        cut = error.code == grpc.StatusCode.UNAVAILABLE or (error.code in CUTS and not error.reason)
        if isinstance(error, ClientClosed) or not (expired or cut or says_come_back(error)):
            raise error
        self._error = error

    def pause(self) -> float:
        """Return the seconds to wait before the next stream. Raises the last error when patience is over."""
        if time.monotonic() - self._heard_at > self._patience:
            raise self._error or make_error(
                grpc.StatusCode.UNAVAILABLE, f"No word from the server for {self._patience:g} s."
            )
        self._failures += 1
        retry_after = self._error.retry_after if self._error else None
        return max(backoff(self._failures), retry_after or 0.0)

    def _step(self, event: OrderEvent) -> OrderEvent | None:
        if event.sequence <= self._last:
            return None
        if event.sequence > self._last + 1:
            self._gap(event.sequence)
            return None
        self._last = event.sequence
        self._gaps = 0
        self._alive()
        return event

    def _end(self, sequence: int) -> None:
        if sequence > self._last:
            self._gap(sequence + 1)
        else:
            self.ended = self.over = True

    def _gap(self, sequence: int) -> None:
        self._gaps += 1
        self.over = True
        if self._gaps > MAX_GAPS:
            raise make_error(
                grpc.StatusCode.DATA_LOSS,
                f"Order {self._order_id}: nothing between the steps {self._last} and {sequence}.",
            )

    def _alive(self) -> None:
        self._heard = True
        self._heard_at = time.monotonic()
        self._failures = 0
        self._error = None


async def follow(
    service: Caller, order_id: int, after_sequence: int = 0, *, patience: float = PATIENCE
) -> AsyncGenerator[OrderEvent, None]:
    """Yield each step of an order, those so far and then live, until its last.

    Goes on by itself after cuts, server restarts and token expiry; no step is left out or repeated.
    Gives up after `patience` seconds without a word from the server. Raises NotFound when the order does
    not exist or is another user's, and the SansetError that made it give up.
    """
    trail = Trail(order_id, after_sequence, patience)
    while True:
        try:
            with ExitStack() as leaving:
                stream, messages = service.open("TrackOrder", Prepared(trail.request()))
                leaving.callback(stream.cancel)  # frees the server also when the caller leaves the loop
                async for message in messages:
                    event = trail.take(message)
                    if event is not None:
                        yield event
                    if trail.over:
                        break
        except SansetError as error:
            trail.failed(error)
        if trail.ended:
            return
        await service.sleep(trail.pause())
