"""The interceptor: every call walks telemetry → errors → access → limits → validation → its method.

It is one interceptor with five short layers, not five interceptors, and none of gRPC's, which are awaited at every
call: the handler of each method is wrapped once, when its service is added.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import aclosing, nullcontext
from time import monotonic
from typing import Any, TypeAlias

import grpc
import structlog
from google.protobuf.message import Message

from server.db.faults import refusal_of
from server.db.pool import Pool
from server.errors import Refusal, ServerStopping, TokenInvalid
from server.rpc.access import Access
from server.rpc.answers import (
    REQUEST_ID_KEY,
    abort,
    break_off,
    breakable,
    end_stream,
    let_go,
    packable,
    stable,
    write,
)
from server.rpc.arrivals import Arrivals
from server.rpc.call import Call, CallReader, Context, unread_call
from server.rpc.leases import Leases
from server.rpc.limits import Limits
from server.rpc.methods import Handler
from server.rpc.networks import network_of
from server.rpc.plan import Plan
from server.rpc.recording import RecorderOf
from server.rpc.requests import SMALL_BYTES, Deserialize, RequestReader
from server.rpc.running import Running, Task
from server.rpc.security import NoReports, SecurityReports
from server.rpc.status import InternalError, MethodUnknown
from server.rpc.telemetry import Telemetry
from server.rpc.validation import Validation
from server.text.shop_languages import ShopLanguages

UnaryMethod: TypeAlias = Callable[[Message, Call], Awaitable[Message]]
StreamMethod: TypeAlias = Callable[..., Any]
"""Returns an asynchronous generator of messages; the types of gRPC's handlers only know other iterators."""

EXEMPT = ("/grpc.reflection.", "/grpc.health.")
"""Services that are not ours: they carry no access rule, need none, and see nothing of the shop."""

UNKNOWN = "unknown"
"""What all methods that do not exist are counted as: strangers invent any number of names."""

CANCELLED = "CANCELLED"
"""How a call ends in the log when its caller hung up, or its time was over on the caller's side."""

SLOW_REQUEST_SECONDS = 0.1
"""Whoever sends a request so long after its headers is asked once more who they are, and what they may do."""

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
        languages: ShopLanguages | None = None,
        recorder_of: RecorderOf = lambda method: None,
        security: SecurityReports | None = None,
        sensitive: Collection[str] = (),
    ) -> None:
        """`downloads` are the paths of methods that stream a file, `cacheable` of those that caches keep.

        `recorder_of` says which methods leave a record of each call. `security` hears of what is refused, and of
        calls of `sensitive` methods, by their names, that succeed.
        """
        self._arrivals = arrivals
        self._access = access
        self._limits = limits
        self._validation = validation
        self._telemetry = telemetry
        self._leases = leases
        self._pool = pool
        self._calls = CallReader(edge_token, default_seconds, languages)
        self._stream_seconds = stream_seconds
        self._downloads = frozenset(downloads)
        self._cacheable = frozenset(cacheable)
        self._recorder_of = recorder_of
        self._security = security or NoReports()
        self._sensitive = frozenset(sensitive)
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
        streams_in = bool(handler.request_streaming)
        unary = handler.unary_unary or handler.stream_unary
        if unary is not None and deserialize is not None:
            return grpc.stream_unary_rpc_method_handler(
                self._unary(
                    self._plan(method, deserialize, streams_in),
                    self._limits.counted(unary) if streams_in else self._awaitable(unary),
                ),
                response_serializer=packable(stable(serialize) if method in self._cacheable else serialize),
            )
        stream = handler.unary_stream or handler.stream_stream
        if stream is not None and deserialize is not None:
            return grpc.stream_stream_rpc_method_handler(
                self._stream(self._plan(method, deserialize, streams_in), stream),
                response_serializer=breakable(serialize)
                if method in self._downloads
                else packable(serialize),
            )
        raise NotImplementedError(f"{method}: what has no deserializer cannot be guarded")

    def unknown(self, method: str) -> Handler:
        """Return the handler that refuses the calls of a method that does not exist."""
        meter, count = self._telemetry.meter_of(UNKNOWN), self._limits.count_of(UNKNOWN)

        async def answer(_: object, context: Context) -> Message:
            started = monotonic()
            call = self._calls.read(UNKNOWN, context)
            refusal: Refusal = MethodUnknown(method=method[:200])
            try:
                if (counted := count(call)) is not None:
                    await counted
            except Refusal as too_many:
                refusal = too_many
            meter.finished(call, started, refusal.code, refusal.reason)
            await abort(context, call, refusal)

        return grpc.stream_unary_rpc_method_handler(answer)

    def _plan(self, method: str, deserialize: Deserialize, streams_in: bool) -> Plan:
        return Plan(
            method,
            self._access.check_of(method),
            self._limits.count_of(method),
            RequestReader(method, deserialize, self._validation, self._pool),
            self._telemetry.meter_of(method),
            method in self._downloads,
            streams_in,
            self._recorder_of(method),
            method.rpartition("/")[2] in self._sensitive,
        )

    def _awaitable(self, behaviour: Callable[..., Message]) -> UnaryMethod:
        """A method as one that can be awaited: what is no coroutine runs on the pool."""
        if inspect.iscoroutinefunction(behaviour):
            return behaviour
        return lambda request, call: self._pool.run(call.deadline, behaviour, request, call)

    def _unary(self, plan: Plan, behaviour: UnaryMethod) -> Callable[[object, Context], Awaitable[Message]]:
        method, requests, finished = plan.method, plan.requests, plan.meter.finished
        running, begin, end = self._running, self._running.begin, self._running.end
        read_call, admit, read_request = self._calls.read, self._admit, plan.requests.read
        streams_in, recorder, is_sensitive = plan.streams_in, plan.recorder, plan.is_sensitive

        async def answer(_: object, context: Context) -> Message:
            started = monotonic()
            call = task = None
            try:
                call = read_call(method, context)
                task = begin(call.deadline)
                if (admitted := admit(plan, call)) is not None:
                    await admitted
                # Read here and not by gRPC, which waits for ever for a message that never comes.
                data = await context.read()
                if monotonic() - started > SLOW_REQUEST_SECONDS:
                    plan.check_access(call)
                if type(data) is bytes and len(data) <= SMALL_BYTES:
                    request = read_request(call, data)
                else:
                    request = await requests.read_any(call, data)
                if streams_in:
                    call.pieces = requests.following(call, context)
                if recorder is None:
                    reply = await behaviour(request, call)
                else:
                    reply = await recorder.run(behaviour, request, call)
            except (Exception, asyncio.CancelledError) as error:
                call = call or unread_call(method)
                call.deadline.cancelled = True
                interruption = running.interruption(task)
                if interruption is None and _has_left(task, error):
                    finished(call, started, CANCELLED)
                    raise
                refusal = interruption or self._refuse(call, error)
                finished(call, started, refusal.code, refusal.reason)
                await abort(context, call, refusal)
            finally:
                end(task)
            if is_sensitive:
                self._security.succeeded(call)
            context.set_trailing_metadata(((REQUEST_ID_KEY, call.request_id),))
            finished(call, started)
            return reply

        return answer

    def _stream(self, plan: Plan, behaviour: StreamMethod) -> Callable[[object, Context], Awaitable[None]]:
        method, requests, meter, running = plan.method, plan.requests, plan.meter, self._running
        recorder = plan.recorder

        # It writes, and does not yield: an interruption then always strikes in here, never in gRPC's own code.
        async def answer(_: object, context: Context) -> None:
            started = monotonic()
            call = None
            task = None
            code, reason = "OK", ""
            meter.stream_opened()
            try:
                call = self._calls.read(method, context)
                task = running.begin(call.deadline)
                if (admitted := self._admit(plan, call)) is not None:
                    await admitted
                request = await requests.read_any(call, await context.read())
                plan.check_access(
                    call
                )  # once more: what is taken away ends streams, but only those that have begun
                if plan.streams_in:
                    call.pieces = requests.following(call, context)
                running.unbind(task)
                messages = behaviour(request, call)
                if recorder is not None:
                    messages = recorder.follow(messages, request, call)
                with self._limits.stream(call):
                    await self._send(messages, call, context, plan.is_download)
                context.set_trailing_metadata(((REQUEST_ID_KEY, call.request_id),))
            except (Exception, asyncio.CancelledError) as error:
                call = call or unread_call(method)
                interruption = running.interruption(task)
                if interruption is None and _has_left(task, error):
                    code = CANCELLED
                    raise
                refusal = interruption or self._refuse(call, error)
                code, reason = refusal.code, refusal.reason
                if call.is_transcoded and call.streams and plan.is_download:
                    await break_off(context, call)
                await end_stream(context, call, refusal)
            finally:
                call = call or unread_call(method)
                let_go(call)
                running.end(task)
                meter.stream_closed()
                meter.finished(call, started, code, reason)

        return answer

    async def _send(
        self, messages: AsyncGenerator[Message], call: Call, context: Context, is_download: bool
    ) -> None:
        until = monotonic() + self._stream_seconds
        # A download that has begun outlives its sign-in: half a file is worth nothing.
        signed_in = nullcontext() if is_download else self._leases.hold(call)
        async with signed_in as lease, aclosing(messages):
            async for message in messages:
                # An interruption is lost when what it interrupts ends in the same moment.
                if lease is not None and lease.expired():
                    raise TokenInvalid()
                if call.reply_headers:
                    await context.send_initial_metadata(tuple(call.reply_headers))
                    call.reply_headers.clear()
                if isinstance(message, Message):  # one that is packed says nothing of its type
                    call.streams = type(message)
                await write(context, call, message, until)

    def _admit(self, plan: Plan, call: Call) -> Awaitable[None] | None:
        """Let a call in, or raise why not; returns what is to be awaited before it is let in, if anything is."""
        if self._running.stopping:
            refusal = ServerStopping()
            refusal.begun = False
            raise refusal
        if call.through_envoy:
            self._arrivals.admit(call)
        try:
            plan.check_access(call)
        except Refusal as refusal:  # counted too: else tokens could be guessed without limit
            if (counted := plan.count(call)) is None:
                raise
            return _refused_after(counted, refusal)
        if call.caller is not None and call.caller.is_service:
            self._security.key_used(call)
        call.deadline.owner = call.caller.user_id if call.caller else network_of(call.address)
        return plan.count(call)

    def _refuse(self, call: Call, error: BaseException) -> Refusal:
        if isinstance(error, asyncio.CancelledError):
            return ServerStopping()
        refusal = refusal_of(error)
        if refusal is not None:
            self._security.refused(call, refusal)
            return refusal
        log.error("fault", method=call.method, request_id=call.request_id, exc_info=error)
        return InternalError(request_id=call.request_id)


async def _refused_after(counted: Awaitable[None], refusal: Refusal) -> None:
    await counted
    raise refusal


def _has_left(task: Task | None, error: BaseException) -> bool:
    """Whether a call ended because its caller went away."""
    # gRPC's internal error: a message was written to a caller who had gone.
    return isinstance(error, grpc.aio.InternalError) or (
        isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0
    )
