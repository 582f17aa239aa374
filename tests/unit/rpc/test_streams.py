"""Streams on a real server, whose client does not read: gRPC takes one message at a time, and no second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
import pytest
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty
from prometheus_client import CollectorRegistry
from sanset.v1 import order_service_pb2
from sanset.v1.order_pb2 import OrderEvent
from sanset.v1.tracking_pb2 import TrackOrderResponse

from server.budgets.budgets import Budgets
from server.db.pool import Pool
from server.identity import Identity, Role
from server.logs import AccessLog
from server.rpc import answers
from server.rpc.access import Access
from server.rpc.arrivals import Arrivals
from server.rpc.interceptor import Interceptor
from server.rpc.leases import Leases
from server.rpc.limits import Limits
from server.rpc.methods import Handler
from server.rpc.telemetry import Telemetry
from server.rpc.validation import Validation

ORDERS = order_service_pb2.DESCRIPTOR.services_by_name["OrderService"]
TRACK, EXPORT = "/sanset.v1.OrderService/TrackOrder", "/sanset.v1.OrderService/ExportOrders"
EDGE = "only the gateway knows"
SIGNED_IN = ("authorization", "Bearer valid")
OVER_HTTP = (("x-sanset-edge", EDGE), ("x-envoy-original-path", "/"))
UNBOUNDED = (("grpc.max_receive_message_length", -1),)
PIECE = "x" * 1024 * 1024
"""More than gRPC takes ahead of a client that does not read."""


async def _track(request: Empty, call: object) -> AsyncIterator[TrackOrderResponse]:
    while True:
        yield TrackOrderResponse(event=OrderEvent(message=PIECE))


async def _export(request: Empty, call: object) -> AsyncIterator[HttpBody]:
    while True:
        yield HttpBody(data=PIECE.encode())


class Server(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Two streams without end behind an interceptor, on a port of its own."""

    def __init__(self, *, stream_seconds: float) -> None:
        self.leases = Leases()
        self.interceptor = Interceptor(
            arrivals=Arrivals(1),
            access=Access([ORDERS], lambda _: Identity(1, Role.ADMIN, "session", time.time() + 600)),
            limits=Limits(
                Budgets(None, time.time), anonymous=0, signed_in=100, streams_per_user=5, streams=5
            ),
            validation=Validation([ORDERS]),
            telemetry=Telemetry(CollectorRegistry(), AccessLog("error")),
            leases=self.leases,
            pool=Pool(threads=1, max_queued=1),
            edge_token=EDGE,
            default_seconds=5,
            stream_seconds=stream_seconds,
            downloads=[EXPORT],
        )
        behaviours: dict[str, tuple[Any, type[Any]]] = {
            TRACK: (_track, TrackOrderResponse),
            EXPORT: (_export, HttpBody),
        }
        self._methods = {
            path: self.interceptor.wrap(
                path,
                grpc.unary_stream_rpc_method_handler(method, Empty.FromString, reply.SerializeToString),
            )
            for path, (method, reply) in behaviours.items()
        }

    def service(self, details: grpc.HandlerCallDetails) -> Handler | None:
        """The handler of a call."""
        return self._methods.get(details.method)

    async def last(self, path: str, metadata: Sequence[tuple[str, str]], revoke: bool) -> tuple[bytes, Any]:
        """The last message and the status of a stream that its client reads only when it is about to end."""
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((self,))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=UNBOUNDED) as channel:
                call = channel.unary_stream(path)(b"", metadata=(SIGNED_IN, *metadata), timeout=20)
                message = first = await call.read()
                assert first
                await asyncio.sleep(0.3)
                if revoke:
                    self.leases.end("session")
                    await asyncio.sleep(0.2)
                try:
                    while (data := await call.read()) is not grpc.aio.EOF:
                        message = data
                except grpc.aio.AioRpcError:
                    pass
                return message, await call.code()
        finally:
            await server.stop(None)


@pytest.mark.parametrize("metadata", [(), OVER_HTTP], ids=["gRPC", "HTTP"])
@pytest.mark.parametrize(
    ("stream_seconds", "revoke", "code"),
    [(0.1, False, grpc.StatusCode.DEADLINE_EXCEEDED), (60, True, grpc.StatusCode.UNAUTHENTICATED)],
)
def test_a_client_that_reads_late_is_told_why_its_stream_ended(
    stream_seconds: float,
    revoke: bool,
    code: grpc.StatusCode,
    metadata: Sequence[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "SLOW_SECONDS", 0.1)
    monkeypatch.setattr(answers, "STATUS_SECONDS", 30.0)
    message, status = asyncio.run(Server(stream_seconds=stream_seconds).last(TRACK, metadata, revoke))
    assert status is code
    reply = TrackOrderResponse.FromString(message)
    assert reply.error.code == (code.value[0] if metadata else 0)


def test_a_file_that_a_client_takes_too_slowly_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "SLOW_SECONDS", 0.1)
    monkeypatch.setattr(answers, "STATUS_SECONDS", 30.0)
    message, status = asyncio.run(Server(stream_seconds=0.1).last(EXPORT, OVER_HTTP, False))
    assert (message, status) == (b"\xff", grpc.StatusCode.DEADLINE_EXCEEDED)


@pytest.mark.parametrize("metadata", [(), OVER_HTTP], ids=["gRPC", "HTTP"])
def test_a_client_that_reads_too_late_for_the_last_message_gets_the_status(
    metadata: Sequence[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "STATUS_SECONDS", 0.05)
    message, status = asyncio.run(Server(stream_seconds=60).last(TRACK, metadata, True))
    assert status is grpc.StatusCode.UNAUTHENTICATED
    assert not TrackOrderResponse.FromString(message).HasField("error")
