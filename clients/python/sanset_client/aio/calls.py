"""The interceptors that make the calls of an `AsyncClient`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar, cast

from google.protobuf.message import Message
from grpc import aio

from sanset_client.calls import Attempt, Calls
from sanset_client.errors import SansetError, read_error

Request = TypeVar("Request")
Reply = TypeVar("Reply")


class LoopCalls(Calls):
    """Makes calls that are awaited, by two interceptors: gRPC takes one object for one kind of call only."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class UnaryInterceptor(aio.UnaryUnaryClientInterceptor):
    """Makes the calls that have one reply."""

    def __init__(self, calls: LoopCalls) -> None:
        self._calls = calls

    async def intercept_unary_unary(
        self,
        continuation: Callable[
            [aio.ClientCallDetails, Request], Awaitable[aio.UnaryUnaryCall[Request, Reply]]
        ],
        client_call_details: aio.ClientCallDetails,
        request: Request,
    ) -> aio.UnaryUnaryCall[Request, Reply]:
        """Make a call. Raises SansetError."""

        async def send(
            sealed: Message, attempt: Attempt
        ) -> tuple[aio.UnaryUnaryCall[Request, Reply], Message]:
            call = await continuation(with_attempt(client_call_details, attempt), cast(Request, sealed))
            try:
                return call, cast(Message, await call)
            except aio.AioRpcError as failure:
                raise from_rpc(failure) from failure

        return await self._calls.call(client_call_details, cast(Message, request), send)


class UploadInterceptor(aio.StreamUnaryClientInterceptor):
    """Makes the calls that are sent in pieces."""

    def __init__(self, calls: LoopCalls) -> None:
        self._calls = calls

    async def intercept_stream_unary(
        self,
        continuation: Callable[
            [aio.ClientCallDetails, Iterable[Request]], Awaitable[aio.StreamUnaryCall[Request, Reply]]
        ],
        client_call_details: aio.ClientCallDetails,
        request_iterator: AsyncIterable[Request] | Iterable[Request],
    ) -> aio.StreamUnaryCall[Request, Reply]:
        """Make a call, with all of the pieces again in each attempt. Raises SansetError."""
        if isinstance(request_iterator, AsyncIterable):
            first, *rest = [piece async for piece in request_iterator]
        else:
            first, *rest = request_iterator

        async def send(
            sealed: Message, attempt: Attempt
        ) -> tuple[aio.StreamUnaryCall[Request, Reply], Message]:
            pieces = [cast(Request, sealed), *rest]
            call = await continuation(with_attempt(client_call_details, attempt), pieces)
            try:
                return call, cast(Message, await call)
            except aio.AioRpcError as failure:
                raise from_rpc(failure) from failure

        return await self._calls.call(client_call_details, cast(Message, first), send)


class StreamInterceptor(aio.UnaryStreamClientInterceptor):
    """Opens the calls that have many replies."""

    def __init__(self, calls: LoopCalls) -> None:
        self._calls = calls

    async def intercept_unary_stream(
        self,
        continuation: Callable[
            [aio.ClientCallDetails, Request], Awaitable[aio.UnaryStreamCall[Request, Reply]]
        ],
        client_call_details: aio.ClientCallDetails,
        request: Request,
    ) -> AsyncIterator[Reply]:
        """Open a stream, without a deadline unless one is given. Raises SansetError, here and later.

        Begins again with another token when the first is refused at once; therefore it returns with the
        first message.
        """
        opening = self._calls.opening(client_call_details)
        token = await opening.token()
        while True:
            attempt = Attempt(client_call_details.timeout, token)
            call = await continuation(with_attempt(client_call_details, attempt), request)
            messages = aiter(call)
            try:
                first = await anext(messages, None)
            except aio.AioRpcError as failure:
                error = from_rpc(failure)
                error.__cause__ = failure
                token = await opening.another(error)
            except asyncio.CancelledError:
                call.cancel()
                raise
            else:
                return _readable(call, first, messages)


async def _readable(
    call: aio.UnaryStreamCall[Request, Reply], first: Reply | None, rest: AsyncIterator[Reply]
) -> AsyncIterator[Reply]:
    """Yield all messages; turn gRPC's errors into Sanset's; end the call when nobody listens any more."""
    try:
        if first is not None:
            yield first
        async for message in rest:
            yield message
    except aio.AioRpcError as failure:
        raise from_rpc(failure) from failure
    finally:
        call.cancel()


def with_attempt(details: aio.ClientCallDetails, attempt: Attempt) -> aio.ClientCallDetails:
    """Return `details` with what an attempt adds to them."""
    metadata = aio.Metadata(*(details.metadata or ()), *attempt.headers())
    return aio.ClientCallDetails(
        details.method, attempt.timeout, metadata, details.credentials, details.wait_for_ready
    )


def from_rpc(failure: aio.AioRpcError) -> SansetError:
    """Return what a failed call stands for."""
    return read_error(failure.code(), failure.details(), failure.trailing_metadata())
