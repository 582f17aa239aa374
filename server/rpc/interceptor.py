"""The interceptor: every call walks telemetry → errors → access → limits → validation → its method.

It is one interceptor with five short layers, not five interceptors, and none of gRPC's, which are awaited at every
call: the handler of each method is wrapped once, when its service is added.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import aclosing, nullcontext
from typing import Any, TypeAlias

import grpc
import structlog
from google.protobuf.message import DecodeError, Message

from server.db.faults import refusal_of
from server.db.pool import Pool
from server.errors import MalformedRequest, Refusal, ServerStopping, TokenInvalid
from server.rpc import request_ids
from server.rpc.access import Access
from server.rpc.answers import REQUEST_ID_KEY, abort, break_off, breakable, end_stream, let_go, stable, write
from server.rpc.arrivals import Arrivals
from server.rpc.call import Call, Context, read_call, unread_call
from server.rpc.leases import Leases
from server.rpc.limits import Limits
from server.rpc.methods import Handler
from server.rpc.networks import network_of
from server.rpc.preconditions import IF_MATCH, expect_etag
from server.rpc.running import Running, Task
from server.rpc.status import InternalError, MethodUnknown
from server.rpc.telemetry import Telemetry
from server.rpc.validation import Validation
from server.text.languages import preferred, speak

Deserialize: TypeAlias = Callable[[bytes], Message]
UnaryMethod: TypeAlias = Callable[[Message, Call], Awaitable[Message]]
StreamMethod: TypeAlias = Callable[..., Any]
"""Returns an asynchronous generator of messages; the types of gRPC's handlers only know other iterators."""

EXEMPT = ("/grpc.reflection.", "/grpc.health.")
"""Services that are not ours: they carry no access rule, need none, and see nothing of the shop."""

UNKNOWN = "unknown"
"""What all methods that do not exist are counted as: strangers invent any number of names."""
SMALL_BYTES = 16 * 1024
"""Larger messages are read on the pool: looking through one takes milliseconds, which the loop owes to others."""

CANCELLED = "CANCELLED"
"""How a call ends in the log when its caller hung up, or its time was over on the caller's side."""

log = structlog.get_logger()


class Interceptor:
    """Wraps every method of the shop.

    A method is written as `def` when it is a use case on the database: it then runs on the pool. One that
    answers from memory, streams, or owns several transactions is `async def`. Methods get a `Call` where gRPC
    passes its context, and refuse by raising a `Refusal`; only this class aborts.
    """

    def __init__(
        self,
        *,
        arrivals: Arrivals,
        access: Access,
        limits: Limits,
        validation: Validation,
        telemetry: Telemetry,
        leases: Leases,
        pool: Pool,
        edge_token: str,
        default_seconds: float,
        stream_seconds: float = 1800,
        downloads: Collection[str] = (),
        cacheable: Collection[str] = (),
    ) -> None:
        """`downloads` are the paths of methods that stream a file, `cacheable` of those that caches keep."""
        self._arrivals = arrivals
        self._access = access
        self._limits = limits
        self._validation = validation
        self._telemetry = telemetry
        self._leases = leases
        self._pool = pool
        self._edge_token = edge_token
        self._default_seconds = default_seconds
        self._stream_seconds = stream_seconds
        self._downloads = frozenset(downloads)
        self._cacheable = frozenset(cacheable)
        self._running = Running()

    async def end_calls(self, seconds: float) -> None:
        """Refuse new calls, let those under way end within `seconds`, and give up those that do not.

        gRPC's own way to stop tells the callers CANCELLED, as if they had hung up, and they do not try again.
        """
        self._telemetry.end()
        await self._running.stop(seconds)

    def wrap(self, method: str, handler: Handler) -> Handler:
        """Return the handler that answers the calls of a method, given its own."""
        if method.startswith(EXEMPT):
            return handler
        deserialize, serialize = handler.request_deserializer, handler.response_serializer
        if handler.unary_unary is not None and deserialize is not None:
            return grpc.stream_unary_rpc_method_handler(
                self._unary(method, self._awaitable(handler.unary_unary), deserialize),
                response_serializer=stable(serialize) if method in self._cacheable else serialize,
            )
        if handler.unary_stream is not None and deserialize is not None:
            return grpc.stream_stream_rpc_method_handler(
                self._stream(method, handler.unary_stream, deserialize),
                response_serializer=breakable(serialize) if method in self._downloads else serialize,
            )
        raise NotImplementedError(f"{method}: client streams have no wrapper yet")

    def unknown(self, method: str) -> Handler:
        """Return the handler that refuses the calls of a method that does not exist."""

        async def answer(_: object, context: Context) -> Message:
            started = time.monotonic()
            call = self._read(UNKNOWN, context)
            refusal: Refusal = MethodUnknown(method=method[:200])
            try:
                self._limits.admit(call)
            except Refusal as too_many:
                refusal = too_many
            self._telemetry.finished(call, started, refusal.code, refusal.reason)
            await abort(context, call, refusal)

        return grpc.stream_unary_rpc_method_handler(answer)

    def _awaitable(self, behaviour: Callable[..., Message]) -> UnaryMethod:
        """A method as one that can be awaited: what is no coroutine runs on the pool."""
        if inspect.iscoroutinefunction(behaviour):
            return behaviour
        return lambda request, call: self._pool.run(call.deadline, behaviour, request, call)

    def _unary(
        self, method: str, behaviour: UnaryMethod, deserialize: Deserialize
    ) -> Callable[[object, Context], Awaitable[Message]]:
        async def answer(_: object, context: Context) -> Message:
            started = time.monotonic()
            call = None
            task = self._running.begin()
            try:
                call = self._read(method, context)
                self._running.bound(task, call.deadline)
                request = await self._admit(call, context, deserialize)
                reply = await behaviour(request, call)
            except (Exception, asyncio.CancelledError) as error:
                call = call or unread_call(method)
                call.deadline.cancelled = True
                interruption = self._running.interruption(task)
                if interruption is None and _has_left(task, error):
                    self._telemetry.finished(call, started, CANCELLED)
                    raise
                refusal = interruption or self._refuse(call, error)
                self._telemetry.finished(call, started, refusal.code, refusal.reason)
                await abort(context, call, refusal)
            finally:
                self._running.end(task)
            context.set_trailing_metadata(((REQUEST_ID_KEY, call.request_id),))
            self._telemetry.finished(call, started)
            return reply

        return answer

    def _stream(
        self, method: str, behaviour: StreamMethod, deserialize: Deserialize
    ) -> Callable[[object, Context], Awaitable[None]]:
        # It writes, and does not yield: an interruption then always strikes in here, never in gRPC's own code.
        async def answer(_: object, context: Context) -> None:
            started = time.monotonic()
            call = None
            code, reason = "OK", ""
            self._telemetry.stream_opened(method)
            task = self._running.begin()
            try:
                call = self._read(method, context)
                self._running.bound(task, call.deadline)
                request = await self._admit(call, context, deserialize)
                self._running.bound(task, None)
                with self._limits.stream(call):
                    await self._send(behaviour(request, call), call, context)
                context.set_trailing_metadata(((REQUEST_ID_KEY, call.request_id),))
            except (Exception, asyncio.CancelledError) as error:
                call = call or unread_call(method)
                interruption = self._running.interruption(task)
                if interruption is None and _has_left(task, error):
                    code = CANCELLED
                    raise
                refusal = interruption or self._refuse(call, error)
                code, reason = refusal.code, refusal.reason
                if call.is_transcoded and call.streams and method in self._downloads:
                    await break_off(context, call)
                await end_stream(context, call, refusal)
            finally:
                call = call or unread_call(method)
                let_go(call)
                self._running.end(task)
                self._telemetry.stream_closed(method)
                self._telemetry.finished(call, started, code, reason)

        return answer

    async def _send(self, messages: AsyncGenerator[Message], call: Call, context: Context) -> None:
        until = time.monotonic() + self._stream_seconds
        # A download that has begun outlives its sign-in: half a file is worth nothing.
        signed_in = nullcontext() if call.method in self._downloads else self._leases.hold(call)
        async with signed_in as lease, aclosing(messages):
            async for message in messages:
                # An interruption is lost when what it interrupts ends in the same moment.
                if lease is not None and lease.expired():
                    raise TokenInvalid()
                if call.reply_headers:
                    await context.send_initial_metadata(tuple(call.reply_headers))
                    call.reply_headers.clear()
                call.streams = type(message)
                await write(context, call, message, until)

    def _read(self, method: str, context: Context) -> Call:
        call = read_call(method, context, edge_token=self._edge_token, default_seconds=self._default_seconds)
        if (languages := call.headers.get("accept-language")) is not None:
            speak(preferred(str(languages)))
        return call

    async def _admit(self, call: Call, context: Context, deserialize: Deserialize) -> Message:
        if self._running.stopping:
            refusal = ServerStopping()
            refusal.begun = False
            raise refusal
        self._arrivals.admit(call)
        try:
            self._access.check(call)
        finally:
            self._limits.admit(call)  # the refused count too: else tokens could be guessed without limit
        call.deadline.owner = call.caller.user_id if call.caller else network_of(call.address)
        # Read here and not by gRPC, which waits for ever for a message that never comes.
        data = await context.read()
        if not isinstance(data, bytes):  # the end of a call that sends none
            raise MalformedRequest(method=call.short_method)
        self._validation.check_size(call.method, len(data))
        if len(data) <= SMALL_BYTES:
            return self._read_request(call, data, deserialize)
        return await self._pool.run(call.deadline, self._read_request, call, data, deserialize)

    def _read_request(self, call: Call, data: bytes, deserialize: Deserialize) -> Message:
        try:
            request = deserialize(data)
        except DecodeError:
            raise MalformedRequest(method=call.short_method) from None
        if (key := call.headers.get(request_ids.KEY_HEADER)) is not None:
            request_ids.adopt(request, key)
        if_match = call.headers.get(IF_MATCH)
        if if_match is not None:
            expect_etag(call.method, request, str(if_match))
        self._validation.check_sent(call.method, data, request)
        return request

    def _refuse(self, call: Call, error: BaseException) -> Refusal:
        if isinstance(error, asyncio.CancelledError):
            return ServerStopping()
        refusal = refusal_of(error)
        if refusal is not None:
            return refusal
        log.error("fault", method=call.method, request_id=call.request_id, exc_info=error)
        return InternalError(request_id=call.request_id)


def _has_left(task: Task, error: BaseException) -> bool:
    """Whether a call ended because its caller went away."""
    # gRPC's internal error: a message was written to a caller who had gone.
    return isinstance(error, grpc.aio.InternalError) or (
        isinstance(error, asyncio.CancelledError) and task.cancelling() > 0
    )
