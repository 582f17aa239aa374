"""A client that follows an order on a thread, and lets a test wait for what it should see."""

from __future__ import annotations

import threading
from collections.abc import Callable

import grpc
from sanset.v1 import order_pb2 as pb
from sanset.v1 import order_service_pb2_grpc, tracking_pb2
from support.running_shop import Account

PATIENCE = 60.0
"""Seconds that a test waits for what should come at once."""


class Watcher:
    """An open TrackOrder stream and everything it has brought."""

    def __init__(
        self, stub: order_service_pb2_grpc.OrderServiceStub, account: Account, order_id: int, after: int = 0
    ) -> None:
        self.messages: list[tracking_pb2.TrackOrderResponse] = []
        self.error: grpc.RpcError | None = None
        self.ended = False
        self._news = threading.Condition()
        request = tracking_pb2.TrackOrderRequest(order_id=order_id, after_sequence=after)
        self._stream = stub.TrackOrder(request, metadata=account.metadata)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for message in self._stream:
                with self._news:
                    self.messages.append(message)
                    self._news.notify_all()
        except grpc.RpcError as error:
            self.error = error
        with self._news:
            self.ended = True
            self._news.notify_all()

    @property
    def steps(self) -> list[int]:
        """The sequences of the steps so far."""
        return [message.event.sequence for message in self.messages if message.HasField("event")]

    @property
    def statuses(self) -> list[str]:
        """The statuses of the steps so far."""
        events = [message.event for message in self.messages if message.HasField("event")]
        return [pb.Order.Status.Name(event.status) for event in events]

    def kinds(self) -> list[str]:
        """What each message was: event, heartbeat, reconnect or end."""
        return [message.WhichOneof("content") or "" for message in self.messages]

    def until(self, seen: Callable[[Watcher], object]) -> Watcher:
        """Wait until `seen` holds; fail when it does not in time."""
        with self._news:
            assert self._news.wait_for(lambda: seen(self), PATIENCE), (self.messages, self.error)
        return self

    def until_step(self, sequence: int) -> Watcher:
        """Wait for a step."""
        return self.until(lambda watcher: sequence in watcher.steps)

    def until_end(self) -> Watcher:
        """Wait until the server has ended the stream."""
        self.until(lambda watcher: watcher.ended)
        assert self.error is None
        return self

    def cancel(self) -> None:
        """Hang up."""
        self._stream.cancel()
        self._thread.join(PATIENCE)
