"""A client that buys again and again from workers that die, and remembers every answer."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar

import grpc
from sanset.v1 import cart_pb2, cart_pb2_grpc, order_service_pb2_grpc, payment_pb2
from sanset.v1 import order_service_pb2 as pb
from support.running_shop import Account, refusal

T = TypeVar("T")

DECLINED = "PAYMENT_DECLINED"
PASSING = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    }
)
"""What a client may answer with a repeat of the same request. Everything else is a finding, CANCELLED too: nobody
but the caller cancels."""
PATIENCE = 90.0


class Door(Protocol):
    """Where a shop is called."""

    def channel(self) -> grpc.Channel:
        """A channel that finds it again after it was started anew."""


class Shopper(threading.Thread):
    """Fills a cart, checks out and repeats with the same request id until it has its answer."""

    def __init__(
        self,
        account: Account,
        doors: Sequence[Door],
        products: Sequence[int],
        enough: threading.Event,
        seed: int,
        pause: float = 0.0,
    ) -> None:
        super().__init__(daemon=True)
        self.account = account
        self.answers: dict[str, bytes | str] = {}
        """By request id: the reply, or the reason of the refusal."""
        self.repeats = 0
        self.fault: BaseException | None = None
        self._products = products
        self._random = random.Random(seed)
        self._channels = [door.channel() for door in doors]
        self._enough = enough
        self._pause = pause

    def run(self) -> None:
        """Shop until it is enough; the purchase under way is finished first."""
        try:
            while not self._enough.is_set():
                self._buy()
                self._enough.wait(self._pause)
        except BaseException as error:
            self.fault = error
        finally:
            for channel in self._channels:
                channel.close()

    def finish(self) -> None:
        """Wait for the end of the purchase under way, and raise what went wrong."""
        self.join(2 * PATIENCE)
        assert not self.is_alive()
        if self.fault is not None:
            raise self.fault

    def _buy(self) -> None:
        for product_id in self._random.sample(self._products, 2):
            self._persist(partial(self._add, product_id))
        request = pb.CheckoutRequest(
            request_id=str(uuid.uuid4()),
            payment_method=payment_pb2.Payment.CARD,
            payment_token="tok_decline" if self._random.random() < 0.2 else "",
        )
        self.answers[request.request_id] = answer = self._check_out(request)
        if self._random.random() < 0.3:
            assert self._check_out(request) == answer

    def _add(self, product_id: int, channel: grpc.Channel) -> cart_pb2.Cart:
        request = cart_pb2.AddItemRequest(product_id=product_id, quantity=1)
        stub = cart_pb2_grpc.CartServiceStub(channel)
        return stub.AddItem(request, metadata=self.account.metadata, timeout=5)

    def _check_out(self, request: pb.CheckoutRequest) -> bytes | str:
        def call(channel: grpc.Channel) -> bytes | str:
            stub = order_service_pb2_grpc.OrderServiceStub(channel)
            try:
                reply = stub.Checkout(request, metadata=self.account.metadata, timeout=10)
            except grpc.RpcError as error:
                if error.code() == grpc.StatusCode.FAILED_PRECONDITION:
                    reason = refusal(error).reason
                    assert (reason, request.payment_token) == (DECLINED, "tok_decline")
                    return reason
                raise
            return bytes(reply.SerializeToString(deterministic=True))

        return self._persist(call)

    def _persist(self, call: Callable[[grpc.Channel], T]) -> T:
        """Make a call on some worker, and again on some worker for as long as its failure may pass."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return call(self._random.choice(self._channels))
            except grpc.RpcError as error:
                if error.code() not in PASSING or time.monotonic() > until:
                    raise
            self.repeats += 1
            time.sleep(self._random.uniform(0.02, 0.2))
