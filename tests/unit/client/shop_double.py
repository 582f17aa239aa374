"""A small shop on a loopback port that answers, refuses and cuts streams as a test tells it to."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import any_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status  # type: ignore[import-untyped]
from sanset.v1 import (
    auth_pb2,
    auth_pb2_grpc,
    cart_pb2,
    cart_pb2_grpc,
    catalog_pb2_grpc,
    order_pb2,
    order_service_pb2,
    order_service_pb2_grpc,
    product_pb2,
    tracking_pb2,
    user_pb2,
    user_pb2_grpc,
)

PRODUCTS = 45


@dataclass(frozen=True)
class Refusal:
    """An answer that is an error."""

    code: str
    reason: str = ""
    retry_after: float | None = None
    violations: Sequence[tuple[str, str]] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    facts: Sequence[Message] = ()

    def status(self) -> Any:
        """Return it as gRPC sends it, with google.rpc details."""
        details: list[Any] = []
        if self.reason:
            details.append(
                error_details_pb2.ErrorInfo(reason=self.reason, domain="sanset", metadata=self.metadata)
            )
        if self.violations:
            pairs = [
                error_details_pb2.BadRequest.FieldViolation(field=name, description=text)
                for name, text in self.violations
            ]
            details.append(error_details_pb2.BadRequest(field_violations=pairs))
        if self.retry_after is not None:
            delay = Duration(nanos=int(self.retry_after * 1e9))
            details.append(error_details_pb2.RetryInfo(retry_delay=delay))
        packed = []
        for detail in (*details, *self.facts):
            packed.append(any_pb2.Any())
            packed[-1].Pack(detail)
        code = code_pb2.Code.Value(self.code)
        return rpc_status.to_status(
            status_pb2.Status(code=code, message=f"Refused: {self.code}.", details=packed)
        )


@dataclass(frozen=True)
class Seen:
    """A call as it arrived."""

    rpc: str
    request: Any
    token: str
    seconds_left: float | None
    user_agent: str
    metadata: dict[str, str | bytes]


class ShopDouble(
    auth_pb2_grpc.AuthServiceServicer,
    user_pb2_grpc.UserServiceServicer,
    catalog_pb2_grpc.CatalogServiceServicer,
    cart_pb2_grpc.CartServiceServicer,
    order_service_pb2_grpc.OrderServiceServicer,
):
    """The servicer. Access tokens are "access-1", "access-2" …; only the last one issued is valid."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget everything; no token is valid."""
        self.seen: list[Seen] = []
        self.refusals: defaultdict[str, deque[Refusal]] = defaultdict(deque)
        self.streams: deque[list[Any]] = deque()
        self.issued = 0
        self.expires_in = 3600
        self.refresh_seconds = 0.0
        self.stream_ended = threading.Event()

    def refuse(self, rpc: str, *refusals: Refusal) -> None:
        """Answer the next calls of `rpc` with these."""
        self.refusals[rpc].extend(refusals)

    def revoke(self) -> None:
        """Make the access token that is out invalid, as when its time is over."""
        self.issued += 1

    def requests(self, rpc: str) -> list[Any]:
        """Return the requests of `rpc` so far."""
        return [seen.request for seen in self.seen if seen.rpc == rpc]

    def devices(self, rpc: str) -> list[str | bytes]:
        """Return the ids of devices that came with `rpc` so far."""
        return [seen.metadata.get("x-device-id", "") for seen in self.seen if seen.rpc == rpc]

    def tokens(self, rpc: str) -> list[str]:
        """Return the access tokens that came with `rpc` so far."""
        return [seen.token for seen in self.seen if seen.rpc == rpc]

    def _enter(self, rpc: str, request: Any, context: Any, *, signed_in: bool = False) -> None:
        metadata = dict(context.invocation_metadata())
        token = metadata.get("authorization", "").removeprefix("Bearer ")
        with self._lock:
            seen = Seen(rpc, request, token, context.time_remaining(), metadata["user-agent"], metadata)
            self.seen.append(seen)
            refusal = self.refusals[rpc].popleft() if self.refusals[rpc] else None
        if refusal is not None:
            context.abort_with_status(refusal.status())
        if token != f"access-{self.issued}" and (token or signed_in):
            reason = "TOKEN_INVALID" if token else "TOKEN_MISSING"
            context.abort_with_status(Refusal("UNAUTHENTICATED", reason).status())

    def _issue(self) -> auth_pb2.Tokens:
        with self._lock:
            self.issued += 1
            return auth_pb2.Tokens(
                access_token=f"access-{self.issued}",
                refresh_token=f"refresh-{self.issued}",
                token_type="bearer",
                expires_in=self.expires_in,
                device_id=f"device-{self.issued}",
            )

    def Login(self, request: Any, context: Any) -> Any:
        self._enter("Login", request, context)
        return self._issue()

    def Refresh(self, request: Any, context: Any) -> Any:
        self._enter("Refresh", request, context)
        time.sleep(self.refresh_seconds)
        return self._issue()

    def Logout(self, request: Any, context: Any) -> Any:
        self._enter("Logout", request, context, signed_in=True)
        self.revoke()
        return Empty()

    def GetMe(self, request: Any, context: Any) -> Any:
        self._enter("GetMe", request, context, signed_in=True)
        return user_pb2.User(id=1, email="john@example.com")

    def GetProduct(self, request: Any, context: Any) -> Any:
        self._enter("GetProduct", request, context)
        return product_pb2.Product(id=request.product_id)

    def ListProducts(self, request: Any, context: Any) -> Any:
        self._enter("ListProducts", request, context)
        first = int(request.page_token or 1)
        last = min(first + (request.page_size or 20) - 1, PRODUCTS)
        items = [product_pb2.Product(id=number) for number in range(first, last + 1)]
        return product_pb2.ListProductsResponse(
            items=items, next_page_token=str(last + 1) if last < PRODUCTS else ""
        )

    def AddItem(self, request: Any, context: Any) -> Any:
        self._enter("AddItem", request, context, signed_in=True)
        return cart_pb2.Cart(item_count=request.quantity)

    def Checkout(self, request: Any, context: Any) -> Any:
        self._enter("Checkout", request, context, signed_in=True)
        return order_service_pb2.CheckoutResponse(
            order_id=9, order=order_pb2.Order(id=9), payment_url="https://pay.example.com/9"
        )

    def TrackOrder(self, request: Any, context: Any) -> Iterator[Any]:
        self._enter("TrackOrder", request, context, signed_in=True)
        context.add_callback(self.stream_ended.set)
        for item in self.streams.popleft():
            if isinstance(item, Refusal):
                context.abort_with_status(item.status())
            elif callable(item):
                item()
            else:
                yield item


def serve(shop: ShopDouble, address: str = "127.0.0.1:0") -> tuple[grpc.Server, str]:
    """Start a server; return it and the address it listens on."""
    server = grpc.server(ThreadPoolExecutor(32), options=[("grpc.so_reuseport", 0)])
    auth_pb2_grpc.add_AuthServiceServicer_to_server(shop, server)
    user_pb2_grpc.add_UserServiceServicer_to_server(shop, server)
    catalog_pb2_grpc.add_CatalogServiceServicer_to_server(shop, server)
    cart_pb2_grpc.add_CartServiceServicer_to_server(shop, server)
    order_service_pb2_grpc.add_OrderServiceServicer_to_server(shop, server)
    port = server.add_insecure_port(address)
    server.start()
    return server, f"127.0.0.1:{port}"


def event(sequence: int) -> tracking_pb2.TrackOrderResponse:
    """A step of an order."""
    return tracking_pb2.TrackOrderResponse(event=order_pb2.OrderEvent(sequence=sequence))


def heartbeat() -> tracking_pb2.TrackOrderResponse:
    """A sign of life."""
    return tracking_pb2.TrackOrderResponse(heartbeat=tracking_pb2.TrackOrderResponse.Heartbeat())


def reconnect(after_sequence: int) -> tracking_pb2.TrackOrderResponse:
    """A request to call again."""
    return tracking_pb2.TrackOrderResponse(
        reconnect=tracking_pb2.TrackOrderResponse.Reconnect(after_sequence=after_sequence)
    )


def end(sequence: int) -> tracking_pb2.TrackOrderResponse:
    """The last message."""
    return tracking_pb2.TrackOrderResponse(end=tracking_pb2.TrackOrderResponse.End(sequence=sequence))
