"""A client that follows an order on a thread, and lets a test wait for what it should see."""

from __future__ import annotations

from sanset.v1 import order_pb2 as pb
from sanset.v1 import order_service_pb2_grpc, tracking_pb2
from support.running_shop import Account
from support.stream_reader import StreamReader


class Watcher(StreamReader[tracking_pb2.TrackOrderResponse]):
    """An open TrackOrder stream and everything it has brought."""

    def __init__(
        self, stub: order_service_pb2_grpc.OrderServiceStub, account: Account, order_id: int, after: int = 0
    ) -> None:
        request = tracking_pb2.TrackOrderRequest(order_id=order_id, after_sequence=after)
        super().__init__(stub.TrackOrder(request, metadata=account.metadata))

    @property
    def steps(self) -> list[int]:
        """The sequences of the steps so far."""
        return [message.event.sequence for message in self.messages if message.HasField("event")]

    @property
    def statuses(self) -> list[str]:
        """The statuses of the steps so far."""
        events = [message.event for message in self.messages if message.HasField("event")]
        return [pb.Order.Status.Name(event.status) for event in events]

    def until_step(self, sequence: int) -> Watcher:
        """Wait for a step."""
        return self.until(lambda watcher: sequence in watcher.steps)

    def until_end(self) -> Watcher:
        """Wait until the server has ended the stream."""
        self.until(lambda watcher: watcher.ended)
        assert self.error is None
        return self
