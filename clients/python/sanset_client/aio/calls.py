"""The client interceptor for asyncio: a token, a deadline, safe repeats and readable errors on every call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar, cast

import grpc
from google.protobuf.message import Message
from grpc import aio

from sanset_client.aio.session import AsyncSession
from sanset_client.contract import CART_TOKEN, Contract, Rpc
from sanset_client.errors import ClientClosed, SansetError, make_error, read_error
from sanset_client.retry import Attempts

Request = TypeVar("Request")
Reply = TypeVar("Reply")


class _Gate:
    """The state both interceptors share. They are two because gRPC takes one object for one kind of call only."""

    def __init__(self, contract: Contract, session: AsyncSession, timeout: float) -> None:
        self._contract = contract
        self._session = session
        self._timeout = timeout
        self.closed = False


class UnaryCalls(_Gate, aio.UnaryUnaryClientInterceptor):
    """Makes the calls that have one reply."""

    async def intercept_unary_unary(
        self,
        continuation: Callable[
            [aio.ClientCallDetails, Request], Awaitable[aio.UnaryUnaryCall[Request, Reply]]
        ],
        client_call_details: aio.ClientCallDetails,
        request: Request,
    ) -> aio.UnaryUnaryCall[Request, Reply]:
        """Make a call. Raises SansetError."""
        rpc = self._contract.rpc(client_call_details.method, client_call_details.metadata)
        sealed = rpc.sealed(cast(Message, request))
        cart_token = self._session.cart_token if rpc.takes_cart_token else ""

        async def attempt(token: str, timeout: float) -> aio.UnaryUnaryCall[Request, Reply]:  # noqa: ASYNC109
            details = with_token(client_call_details, token, timeout, cart_token)
            call = await continuation(details, cast(Request, sealed))
            await call
            return call

        try:
            call = await self._insist(rpc, attempt, client_call_details.timeout or self._timeout)
            if rpc.takes_cart_token:
                self._session.cart_token = getattr(await call, "token", "") or self._session.cart_token
            return call
        except SansetError as error:
            error.request_id = getattr(sealed, "request_id", "")
            raise

    async def _insist(
        self,
        rpc: Rpc,
        attempt: Callable[[str, float], Awaitable[aio.UnaryUnaryCall[Request, Reply]]],
        timeout: float,  # noqa: ASYNC109 - gRPC's own deadline, sent to the server
    ) -> aio.UnaryUnaryCall[Request, Reply]:
        attempts = Attempts(timeout, repeatable=rpc.repeatable)
        token = await within(attempts.left, self._session.token()) if rpc.authorized else ""
        while True:
            if self.closed:
                raise ClientClosed
            try:
                return await attempt(token, attempts.left)
            except aio.AioRpcError as failure:
                error = from_rpc(failure)
                if token and attempts.may_renew(error):
                    token = await within(attempts.left, self._session.replace(token))
                    if not token:
                        raise error from failure
                else:
                    pause = attempts.pause_after(error)
                    if pause is None:
                        raise error from failure
                    await asyncio.sleep(pause)


class StreamCalls(_Gate, aio.UnaryStreamClientInterceptor):
    """Opens the calls that have many replies."""

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
        if self.closed:
            raise ClientClosed
        rpc = self._contract.rpc(client_call_details.method, client_call_details.metadata)
        timeout = client_call_details.timeout
        token = await within(self._timeout, self._session.token()) if rpc.authorized else ""
        renewed = False
        while True:
            call = await continuation(with_token(client_call_details, token, timeout), request)
            messages = aiter(call)
            try:
                first = await anext(messages, None)
            except aio.AioRpcError as failure:
                error = from_rpc(failure)
                if renewed or not token or error.reason != "TOKEN_INVALID":
                    raise error from failure
                renewed = True
                token = await within(self._timeout, self._session.replace(token))
                if not token:
                    raise error from failure
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


def with_token(
    details: aio.ClientCallDetails, token: str, timeout: float | None, cart_token: str = ""
) -> aio.ClientCallDetails:
    """Return `details` with a timeout in seconds and what the tokens there are become."""
    metadata = aio.Metadata(*(details.metadata or ()))
    if token:
        metadata.add("authorization", f"Bearer {token}")
    if cart_token:
        metadata.add(CART_TOKEN, cart_token)
    return aio.ClientCallDetails(
        details.method, timeout, metadata, details.credentials, details.wait_for_ready
    )


async def within(seconds: float, work: Awaitable[str]) -> str:
    """Wait for a token at most so long. Raises DeadlineExceeded."""
    try:
        async with asyncio.timeout(seconds) as limit:
            return await work
    except TimeoutError:
        if not limit.expired():
            raise
        raise make_error(
            grpc.StatusCode.DEADLINE_EXCEEDED, "The access token was not renewed in time."
        ) from None


def from_rpc(failure: aio.AioRpcError) -> SansetError:
    """Return what a failed call stands for."""
    return read_error(failure.code(), failure.details(), failure.trailing_metadata())
