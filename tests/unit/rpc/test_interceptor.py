"""The interceptor on its own: what it counts, and that no failure leaves it without a clean status."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.rpc import status_pb2
from prometheus_client import CollectorRegistry
from sanset.v1 import cart_pb2, order_service_pb2

from server.budgets.budgets import Budgets
from server.db.pool import Pool
from server.errors import TokenInvalid, Unauthenticated, UnavailableNow
from server.identity import Identity, Role
from server.logs import AccessLog
from server.rpc import answers
from server.rpc.access import Access
from server.rpc.arrivals import Arrivals
from server.rpc.interceptor import Interceptor
from server.rpc.leases import Leases
from server.rpc.limits import Limits
from server.rpc.status import DETAILS_KEY
from server.rpc.telemetry import Telemetry
from server.rpc.validation import Validation

CART = "/sanset.v1.CartService/GetCart"
TRACK = "/sanset.v1.OrderService/TrackOrder"
EDGE = "only the gateway knows"
SERVICES = [
    cart_pb2.DESCRIPTOR.services_by_name["CartService"],
    order_service_pb2.DESCRIPTOR.services_by_name["OrderService"],
]


class Aborted(Exception):
    """How gRPC leaves a method that it was told to abort."""


class Context:
    """As much of gRPC's context as is used."""

    def __init__(self, *, readable: bool = True, message: Any = b"", through_json: bool = False) -> None:
        self.readable = readable
        self.through_json = through_json
        self.message = message
        self.code: grpc.StatusCode | None = None
        self.status = status_pb2.Status()
        self.written: list[Any] = []
        self.trailing: Any = ()

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        """The headers, with a token that is not valid."""
        if not self.readable:
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "as broken as headers can be")
        gateway = (("x-sanset-edge", EDGE), ("x-envoy-original-path", "/")) if self.through_json else ()
        return (("authorization", "Bearer guess"), *gateway)

    def time_remaining(self) -> float | None:
        """No deadline."""

    def peer(self) -> str:
        """Somebody."""
        return "ipv4:10.0.0.7:5123"

    def set_trailing_metadata(self, metadata: object) -> None:
        """Keep what follows the reply."""
        self.trailing = metadata

    async def read(self) -> Any:
        """The only message, or that none comes."""
        return self.message

    async def write(self, message: Any) -> None:
        """Keep a message of a stream."""
        self.written.append(message)

    async def abort(self, code: grpc.StatusCode, text: str, metadata: Any) -> None:
        """Keep the status."""
        self.code = code
        self.status.ParseFromString(dict(metadata)[DETAILS_KEY])
        raise Aborted


def _guess(token: str) -> Identity:
    raise TokenInvalid()


class Server:
    """An interceptor around two methods that wait for ever."""

    def __init__(
        self,
        verify: Callable[[str], Identity] = _guess,
        *,
        rate_limit: int = 0,
        downloads: Sequence[str] = (),
    ) -> None:
        self.registry = CollectorRegistry()
        self.interceptor = Interceptor(
            arrivals=Arrivals(1),
            access=Access(SERVICES, verify),
            limits=Limits(
                Budgets(None, time.time), anonymous=rate_limit, signed_in=100, streams_per_user=5, streams=5
            ),
            validation=Validation(SERVICES),
            telemetry=Telemetry(self.registry, AccessLog("error")),
            leases=Leases(),
            pool=Pool(threads=1, max_queued=1),
            edge_token=EDGE,
            default_seconds=5,
            stream_seconds=0.05,
            downloads=downloads,
        )

    async def call(self, method: str, context: Context, unary: Any = None) -> None:
        """Call a method as gRPC would."""
        behaviour = _stream if method == TRACK else unary or _unary
        kind = (
            grpc.unary_stream_rpc_method_handler if method == TRACK else grpc.unary_unary_rpc_method_handler
        )
        handler = kind(behaviour, Empty.FromString, Empty.SerializeToString)
        wrapped = self.interceptor.wrap(method, handler)
        answer: Any = wrapped.stream_unary or wrapped.stream_stream
        await answer(None, context)

    def count(self, method: str, code: str, reason: str) -> float:
        """How many calls ended so."""
        labels = {"method": method, "code": code, "reason": reason}
        return self.registry.get_sample_value("sanset_refusals_total", labels) or 0


async def _unary(request: Empty, call: object) -> Empty:
    await asyncio.Event().wait()
    return request


async def _stream(request: Empty, call: object) -> AsyncIterator[Empty]:
    yield request
    await asyncio.Event().wait()


def _identity(token: str) -> Identity:
    return Identity(1, Role.CUSTOMER, "s", time.time() + 60)


@pytest.mark.parametrize("method", [CART, TRACK])
def test_headers_that_cannot_be_read_get_a_clean_status(method: str) -> None:
    server, context = Server(), Context(readable=False)
    with pytest.raises(Aborted):
        asyncio.run(server.call(method, context))
    assert context.code is grpc.StatusCode.INTERNAL
    assert "request id" in context.status.message
    assert server.count(method, "INTERNAL", "INTERNAL_ERROR") == 1


@pytest.mark.parametrize("method", [CART, TRACK])
def test_a_cancelled_call_is_counted_as_cancelled(method: str) -> None:
    async def scenario() -> tuple[Server, Context]:
        server, context = Server(_identity), Context()
        calling = asyncio.create_task(server.call(method, context))
        await asyncio.sleep(0.01)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        return server, context

    server, context = asyncio.run(scenario())
    assert server.count(method, "CANCELLED", "") == 1
    assert len(context.written) == (method == TRACK)
    open_streams = server.registry.get_sample_value("sanset_open_streams", {"method": TRACK})
    assert open_streams in (None, 0)


def test_refused_tokens_use_the_limit_of_anonymous_callers_up() -> None:
    async def scenario() -> list[str]:
        server, reasons = Server(rate_limit=3), []
        for _ in range(5):
            context = Context()
            with pytest.raises(Aborted):
                await server.call(CART, context)
            assert context.code is not None
            reasons.append(context.code.name)
        return reasons

    assert asyncio.run(scenario()) == [Unauthenticated.code] * 3 + ["RESOURCE_EXHAUSTED"] * 2


def test_a_call_without_a_message_is_refused() -> None:
    for method in (CART, TRACK):
        server, context = Server(_identity), Context(message=grpc.aio.EOF)
        with pytest.raises(Aborted):
            asyncio.run(server.call(method, context))
        assert context.code is grpc.StatusCode.INVALID_ARGUMENT
        assert server.count(method, "INVALID_ARGUMENT", "MALFORMED_REQUEST") == 1


class Silent(Context):
    """A caller who opens a call and sends nothing."""

    def time_remaining(self) -> float | None:
        """Little."""
        return 0.05

    async def read(self) -> Any:
        """Nothing comes."""
        await asyncio.Event().wait()


@pytest.mark.parametrize("method", [CART, TRACK])
def test_a_message_that_never_comes_is_waited_for_until_the_deadline(method: str) -> None:
    server, context = Server(_identity), Silent()
    with pytest.raises(Aborted):
        asyncio.run(server.call(method, context))
    assert context.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert server.count(method, "DEADLINE_EXCEEDED", "DEADLINE") == 1


@pytest.mark.parametrize("method", [CART, TRACK])
def test_a_worker_that_ends_says_so_to_the_calls_it_gives_up_and_to_those_that_come(method: str) -> None:
    async def scenario() -> list[Context]:
        server, given_up, late = Server(_identity), Context(), Context()
        calling = asyncio.create_task(server.call(method, given_up))
        await asyncio.sleep(0.01)
        await server.interceptor.end_calls(0.01)
        with pytest.raises(Aborted):
            await calling
        with pytest.raises(Aborted):
            await server.call(method, late)
        assert server.count(method, "UNAVAILABLE", "SERVER_STOPPING") == 2
        assert server.count(method, "CANCELLED", "") == 0
        return [given_up, late]

    for context in asyncio.run(scenario()):
        assert context.code is grpc.StatusCode.UNAVAILABLE
        assert "RetryInfo" in str(context.status)


def test_a_call_that_ends_in_time_is_not_given_up() -> None:
    async def scenario() -> Context:
        server, context = Server(_identity), Context(message=grpc.aio.EOF)
        calling = asyncio.create_task(server.call(CART, context))
        await server.interceptor.end_calls(5)
        with pytest.raises(Aborted):
            await calling
        return context

    assert asyncio.run(scenario()).code is not grpc.StatusCode.CANCELLED


def test_what_the_server_itself_gives_up_is_not_called_cancelled() -> None:
    async def give_up(request: Empty, call: object) -> Empty:
        future = asyncio.get_running_loop().create_future()
        future.cancel()  # as a pool does that is closed
        await future
        return request

    context = Context()
    server = Server(_identity)
    with pytest.raises(Aborted):
        asyncio.run(server.call(CART, context, give_up))
    assert context.code is grpc.StatusCode.UNAVAILABLE


def test_calls_of_methods_that_do_not_exist_are_counted_and_limited_like_any_other() -> None:
    async def scenario() -> Server:
        server = Server(rate_limit=3)
        for name in range(5):
            handler: Any = server.interceptor.unknown(f"/sanset.v1.CartService/Guess{name}")
            with pytest.raises(Aborted):
                await handler.stream_unary(None, Context())
        return server

    server = asyncio.run(scenario())
    assert server.count("unknown", "UNIMPLEMENTED", "METHOD_UNKNOWN") == 3
    assert server.count("unknown", "RESOURCE_EXHAUSTED", "RATE_LIMITED") == 2


class Stalled(Context):
    """A client that reads nothing: what is written waits, and a status, unless it gets through."""

    def __init__(self, *, takes_a_status: bool) -> None:
        super().__init__()
        self._takes_a_status = takes_a_status

    async def write(self, message: Any) -> None:
        """Wait for ever."""
        await asyncio.Event().wait()

    async def abort(self, code: grpc.StatusCode, text: str, metadata: Any) -> None:
        """Keep the status, or wait for ever."""
        if not self._takes_a_status:
            await asyncio.Event().wait()
        await super().abort(code, text, metadata)


def test_a_stream_that_ends_well_names_its_request_id(monkeypatch: pytest.MonkeyPatch) -> None:
    async def short(request: Empty, call: object) -> AsyncIterator[Empty]:
        yield request

    monkeypatch.setitem(globals(), "_stream", short)

    async def scenario() -> None:
        server, context = Server(_identity), Context()
        await server.call(TRACK, context)
        assert len(context.written) == 1
        assert dict(context.trailing)["x-request-id"]

    asyncio.run(scenario())


@pytest.mark.parametrize("takes_a_status", [True, False])
def test_a_stream_whose_client_does_not_read_ends_with_its_life(
    takes_a_status: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "SLOW_SECONDS", 0.01)
    monkeypatch.setattr(answers, "STATUS_SECONDS", 0.01)

    async def scenario() -> None:
        server, context = Server(_identity), Stalled(takes_a_status=takes_a_status)
        # What was not taken is left with gRPC: nobody waits for it any more.
        with pytest.raises(Aborted if takes_a_status else asyncio.CancelledError):
            async with asyncio.timeout(10):
                await server.call(TRACK, context)
        assert server.count(TRACK, "DEADLINE_EXCEEDED", "DEADLINE") == 1
        open_streams = server.registry.get_sample_value("sanset_open_streams", {"method": TRACK})
        assert open_streams == 0

    asyncio.run(scenario())


async def _half_a_file(request: Empty, call: object) -> AsyncIterator[Empty]:
    yield request
    raise UnavailableNow


async def _no_file(request: Empty, call: object) -> AsyncIterator[Empty]:
    raise UnavailableNow
    yield request


@pytest.mark.parametrize(
    ("method", "through", "written"),
    [(_half_a_file, "JSON", 2), (_half_a_file, "gRPC", 1), (_no_file, "JSON", 0)],
)
def test_a_file_that_cannot_be_completed_is_broken_off_for_http_alone(
    method: Any, through: str, written: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "_stream", method)
    context = Context(through_json=through == "JSON")
    with pytest.raises(Aborted):
        asyncio.run(Server(_identity, downloads=[TRACK]).call(TRACK, context))
    assert context.code is grpc.StatusCode.UNAVAILABLE
    serialize = answers.breakable(Empty.SerializeToString)
    assert serialize is not None
    assert [serialize(message) for message in context.written] == [b"", b"\xff"][:written]


def test_a_file_that_has_begun_outlives_its_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def signed_in_for_a_moment(token: str) -> Identity:
        return Identity(1, Role.ADMIN, "s", time.time() + 0.05)

    async def slow(request: Empty, call: object) -> AsyncIterator[Empty]:
        yield request
        await asyncio.sleep(0.1)
        yield request

    monkeypatch.setitem(globals(), "_stream", slow)
    for downloads, pieces in (([TRACK], 2), ([], 1)):
        context = Context()
        with suppress(Aborted):
            asyncio.run(Server(signed_in_for_a_moment, downloads=downloads).call(TRACK, context))
        assert len(context.written) == pieces
