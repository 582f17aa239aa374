"""Methods to which callers send several messages: the first is a request, and the rest is read in turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any

import grpc
import pytest
from google.api.httpbody_pb2 import HttpBody
from prometheus_client import CollectorRegistry
from sanset.v1 import media_pb2 as pb
from sanset.v1.media_pb2 import DESCRIPTOR

from server.budgets.budgets import Budgets
from server.db.deadline import Deadline
from server.db.pool import Pool
from server.identity import Identity, Role
from server.logs import AccessLog
from server.rpc.access import Access
from server.rpc.arrivals import Arrivals
from server.rpc.call import Call
from server.rpc.interceptor import Interceptor
from server.rpc.leases import Leases
from server.rpc.limits import Limits, TooManyStreams
from server.rpc.methods import Methods
from server.rpc.sizes import MAX_PIECE_BYTES
from server.rpc.telemetry import Telemetry
from server.rpc.validation import Validation

SERVICES = [DESCRIPTOR.services_by_name["MediaService"]]
UPLOAD = "/sanset.v1.MediaService/UploadImage"
TOKEN = (("authorization", "Bearer token"),)


async def _upload(request: pb.UploadImageRequest, call: Call) -> pb.Image:
    sizes = [len(request.file.data)]
    async for piece in call.pieces:
        sizes.append(len(piece.file.data))  # type: ignore[attr-defined]
        if sizes[-1] == 7:  # enough: what follows is not read
            break
    return pb.Image(alt=" ".join(map(str, sizes)))


def _interceptor() -> Interceptor:
    return Interceptor(
        arrivals=Arrivals(1),
        access=Access(SERVICES, lambda token: Identity(1, Role.ADMIN, "s", 2e9)),
        limits=Limits(Budgets(None, time.time), anonymous=0, signed_in=100, streams_per_user=5, streams=5),
        validation=Validation(SERVICES),
        telemetry=Telemetry(CollectorRegistry(), AccessLog("error")),
        leases=Leases(),
        pool=Pool(threads=1, max_queued=10),
        edge_token="",
        default_seconds=5,
    )


def _sent(messages: Iterable[bytes], metadata: Any = TOKEN, seconds: float = 20) -> Any:
    """The reply to a call of these messages, or how it was refused."""

    async def scenario() -> Any:
        interceptor = _interceptor()
        methods = Methods(interceptor.wrap, interceptor.unknown)
        handler = grpc.stream_unary_rpc_method_handler(
            _upload, pb.UploadImageRequest.FromString, pb.Image.SerializeToString
        )
        methods.server.add_registered_method_handlers("sanset.v1.MediaService", {"UploadImage": handler})
        server = grpc.aio.server(handlers=[methods], options=[("grpc.max_receive_message_length", 2**22)])
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                call = channel.stream_unary(UPLOAD, response_deserializer=pb.Image.FromString)
                return await call(_each(messages), metadata=metadata, timeout=seconds)
        except grpc.aio.AioRpcError as error:
            return error.code()
        finally:
            await server.stop(None)

    return asyncio.run(scenario())


async def _each(messages: Iterable[bytes]) -> Any:
    for message in messages:
        yield message


def _first(size: int = 0) -> bytes:
    request = pb.UploadImageRequest(product_id=1)
    if size:
        request.file.data = bytes(size)
    return request.SerializeToString()


def _piece(size: int) -> bytes:
    return pb.UploadImageRequest(file=HttpBody(data=bytes(size))).SerializeToString()


def test_the_pieces_are_read_in_their_order() -> None:
    assert _sent([_first(), _piece(3), _piece(1024 * 1024), _piece(2)]).alt == "0 3 1048576 2"
    assert _sent([_first(900_000)]).alt == "900000"


def test_a_method_may_answer_before_everything_was_sent() -> None:
    assert _sent([_first(1), _piece(7), *[_piece(1000)] * 50]).alt == "1 7"


def test_a_caller_sends_only_so_many_at_once() -> None:
    limits = Limits(Budgets(None, time.time), anonymous=0, signed_in=100, streams_per_user=5, streams=5)
    call = Call(UPLOAD, "r", "", False, None, Deadline(5))

    async def nested(request: Any, call: Call) -> Any:
        return await limits.counted(nested)(request, call)

    with pytest.raises(TooManyStreams):
        asyncio.run(nested(pb.UploadImageRequest(), call))
    assert limits.open_streams == 0


def test_the_first_message_is_checked_as_every_request_is() -> None:
    assert _sent([pb.UploadImageRequest(alt="x").SerializeToString()]) is grpc.StatusCode.INVALID_ARGUMENT
    assert _sent([]) is grpc.StatusCode.INVALID_ARGUMENT
    assert _sent([_first()], metadata=()) is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("piece", [b"\xff", _piece(MAX_PIECE_BYTES)], ids=["no message", "too large"])
def test_a_piece_that_cannot_be_one_is_refused(piece: bytes) -> None:
    assert _sent([_first(), piece]) is grpc.StatusCode.INVALID_ARGUMENT
    assert _sent([piece]) is grpc.StatusCode.INVALID_ARGUMENT


def test_a_caller_who_stops_in_the_middle_is_given_up_at_the_deadline() -> None:
    async def hanging() -> Any:
        yield _first()
        await asyncio.Event().wait()

    async def scenario() -> grpc.StatusCode:
        interceptor = _interceptor()
        methods = Methods(interceptor.wrap, interceptor.unknown)
        handler = grpc.stream_unary_rpc_method_handler(
            _upload, pb.UploadImageRequest.FromString, pb.Image.SerializeToString
        )
        methods.server.add_registered_method_handlers("sanset.v1.MediaService", {"UploadImage": handler})
        server = grpc.aio.server(handlers=[methods])
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                call = channel.stream_unary(UPLOAD)
                await call(hanging(), metadata=TOKEN, timeout=0.7)
        except grpc.aio.AioRpcError as error:
            return error.code()
        finally:
            await server.stop(None)
        raise AssertionError("it was answered")

    assert asyncio.run(scenario()) is grpc.StatusCode.DEADLINE_EXCEEDED
