"""The interceptor that makes the calls of a `Client`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

import grpc
from google.protobuf.message import Message

from sanset_client.blocking import run
from sanset_client.calls import Attempt, Calls, Opening
from sanset_client.errors import SansetError, make_error, read_error

if TYPE_CHECKING:
    from grpc import _CallFuture, _CallIterator

Request = TypeVar("Request")
Reply = TypeVar("Reply")


@dataclass(frozen=True, slots=True)
class CallDetails(grpc.ClientCallDetails):
    """The details of a call in the form that gRPC takes."""

    method: str
    timeout: float | None
    metadata: tuple[tuple[str, str | bytes], ...] | None
    credentials: grpc.CallCredentials | None
    wait_for_ready: bool | None
    compression: grpc.Compression | None


class ThreadCalls(
    Calls,
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
):
    """Makes calls that block their thread."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)  # noqa: ASYNC251 - runs without an event loop

    def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.ClientCallDetails, Request], _CallFuture[Reply]],
        client_call_details: grpc.ClientCallDetails,
        request: Request,
    ) -> _CallFuture[Reply]:
        """Make a call that has one reply. Raises SansetError."""

        async def send(sealed: Message, attempt: Attempt) -> tuple[_CallFuture[Reply], Message]:
            return _ended(continuation(with_attempt(client_call_details, attempt), cast(Request, sealed)))

        return run(self.call(client_call_details, cast(Message, request), send))

    def intercept_stream_unary(
        self,
        continuation: Callable[[grpc.ClientCallDetails, Iterator[Request]], _CallFuture[Reply]],
        client_call_details: grpc.ClientCallDetails,
        request_iterator: Iterator[Request],
    ) -> _CallFuture[Reply]:
        """Make a call that is sent in pieces, all of them again in each attempt. Raises SansetError."""
        first, *rest = request_iterator

        async def send(sealed: Message, attempt: Attempt) -> tuple[_CallFuture[Reply], Message]:
            pieces = iter([cast(Request, sealed), *rest])
            return _ended(continuation(with_attempt(client_call_details, attempt), pieces))

        return run(self.call(client_call_details, cast(Message, first), send))

    def intercept_unary_stream(
        self,
        continuation: Callable[[grpc.ClientCallDetails, Request], _CallIterator[Reply]],
        client_call_details: grpc.ClientCallDetails,
        request: Request,
    ) -> _CallIterator[Reply]:
        """Open a stream, without a deadline unless one is given. Raises SansetError, here and later."""

        def start(token: str) -> _CallIterator[Reply]:
            attempt = Attempt(client_call_details.timeout, token)
            return continuation(with_attempt(client_call_details, attempt), request)

        return cast("_CallIterator[Reply]", RenewedStream(start, self.opening(client_call_details)))


def _ended(call: _CallFuture[Reply]) -> tuple[_CallFuture[Reply], Message]:
    """A call and its reply, once it has ended. Raises SansetError."""
    failure = call.exception()
    if failure is not None:
        raise from_rpc(failure) from failure
    return call, cast(Message, call.result())


class RenewedStream:
    """A stream of replies that begins again with another token when the first is refused at once.

    Everything else asked of it (`code()`, `trailing_metadata()` …) is answered by the call underneath.
    """

    def __init__(self, start: Callable[[str], Any], opening: Opening) -> None:
        self._start = start
        self._opening = opening
        self._call = start(run(opening.token()))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        try:
            message = next(self._call)
        except grpc.RpcError as failure:
            error = from_rpc(failure)
            error.__cause__ = failure
            self._call = self._start(run(self._opening.another(error)))
            return next(self)
        self._opening.done()
        return message

    def cancel(self) -> bool:
        """End the stream. Returns whether it was still open."""
        self._opening.done()
        return bool(self._call.cancel())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)


def with_attempt(details: grpc.ClientCallDetails, attempt: Attempt) -> CallDetails:
    """Return `details` with what an attempt adds to them."""
    return CallDetails(
        details.method,
        attempt.timeout,
        (*(details.metadata or ()), *attempt.headers()),
        details.credentials,
        details.wait_for_ready,
        details.compression,
    )


def from_rpc(failure: BaseException) -> SansetError:
    """Return what a failed call stands for. Raises `failure` itself when it is no answer of gRPC."""
    if isinstance(failure, grpc.RpcError) and isinstance(failure, grpc.Call):
        return read_error(failure.code(), failure.details(), failure.trailing_metadata())
    if isinstance(failure, grpc.FutureCancelledError):
        return make_error(grpc.StatusCode.CANCELLED, "The call was cancelled.")
    raise failure
