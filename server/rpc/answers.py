"""What leaves the server: the messages of a stream, and how a call that is refused ends."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, NoReturn, TypeVar, cast

import grpc
from google.protobuf.message import Message
from google.rpc import status_pb2

from server.errors import OutOfTime, Refusal, Unauthenticated
from server.rpc.call import Call, Context
from server.rpc.status import DETAILS_KEY, code_of, sent_status

M = TypeVar("M", bound=Message)

REQUEST_ID_KEY: Final = "x-request-id"
NOT_BEGUN_KEY: Final = "x-sanset-not-begun"
"""Tells the gateway, in the trailers of a refusal, that the call may be handed to another worker."""

SLOW_SECONDS = 10.0
"""So long a message may take to be taken by a client whose stream's life is over, as a long download's."""
STATUS_SECONDS = 1.0
"""The same of a stream's last message, and of its status; then nobody waits for them any more."""
ERROR_FIELD: Final = "error"
"""The field of a stream's messages for the status that it ends with."""
BREAK_SECONDS = 900.0
"""The same of the mark of a broken file, which must not get lost: as long as the gateway waits for a client."""

_BROKEN: Final = b"\xff"
"""Is no message: the gateway, where it reads it, breaks the connection off. Of a status that comes after the
beginning HTTP shows nothing, and half a file would pass for the whole."""


async def abort(context: Context, call: Call, refusal: Refusal) -> NoReturn:
    """End a call with the status of a refusal."""
    status = sent_status(refusal)
    metadata: list[tuple[str, str | bytes]] = [
        (DETAILS_KEY, status.details(call.request_id)),
        (REQUEST_ID_KEY, call.request_id),
    ]
    if not refusal.begun:
        metadata.append((NOT_BEGUN_KEY, "1"))
    if refusal.retry_after_seconds is not None:  # RetryInfo once more, in the header that HTTP has for it
        metadata.append(("retry-after", str(math.ceil(refusal.retry_after_seconds))))
    if isinstance(refusal, Unauthenticated):
        metadata.append(("www-authenticate", refusal.challenge))
    refusal.__traceback__ = refusal.__context__ = None
    try:
        await context.abort(code_of(refusal), status.message, tuple(metadata))
    except grpc.aio.AbortError as aborted:
        asyncio.get_running_loop().call_soon(_forget_frames, aborted)
        raise


def _forget_frames(aborted: BaseException) -> None:
    """Let go of what an exception has passed through, once it has.

    gRPC keeps the exception with the call, and the frames hold the call: all of it would wait for the cyclic
    collector, which costs a refused call more than its status.
    """
    aborted.__traceback__ = aborted.__context__ = None


async def write(context: Context, call: Call, message: Message, until: float) -> None:
    """Send a message of a stream. Raises OutOfTime when a client that does not read outlives the stream so.

    What interrupts this leaves the message with gRPC: it is sent all the same, and no other beside it.
    """
    call.sending = sending = asyncio.ensure_future(context.write(message))
    sending.add_done_callback(_look_at)
    if not (await asyncio.wait((sending,), timeout=max(until - time.monotonic(), SLOW_SECONDS)))[0]:
        raise OutOfTime()
    call.sending = None
    sending.result()


def let_go(call: Call) -> None:
    """Leave a message that was not taken to gRPC."""
    if call.sending is not None:
        call.sending.cancel()


def _look_at(sending: asyncio.Future[None]) -> None:
    """Look at how a write ended that nobody may wait for any more: asyncio would complain."""
    if not sending.cancelled():
        sending.exception()


async def _write_last(context: Context, call: Call, message: Any) -> None:
    """Send a message behind one that may still be with gRPC, which refuses a second."""
    if call.sending is not None:
        await asyncio.wait((call.sending,))
    await context.write(message)


def breakable(serialize: Callable[[Message], bytes] | None) -> Callable[[Any], bytes] | None:
    """The serializer of a stream that may be broken off."""
    if serialize is None:
        return None
    return lambda message: message if message is _BROKEN else serialize(message)


def stable(serialize: Callable[..., bytes] | None) -> Callable[[Any], bytes] | None:
    """The serializer of replies whose bytes are equal on every worker when their messages are."""
    return serialize and partial(serialize, deterministic=True)


def packed(message_type: type[M], data: bytes) -> M:
    """A reply that was serialized before, in place of a message of its type: it is sent as it is."""
    return cast(M, data)


def packable(serialize: Callable[[Any], bytes] | None) -> Callable[[Any], bytes] | None:
    """The serializer of replies that may be `packed`."""
    return serialize and (lambda reply: reply if type(reply) is bytes else serialize(reply))


async def break_off(context: Context, call: Call) -> None:
    """Make the gateway break the transfer of a file, after what was sent of it."""
    try:
        async with asyncio.timeout(BREAK_SECONDS):
            await _write_last(context, call, _BROKEN)
    except TimeoutError:
        raise asyncio.CancelledError from None


async def end_stream(context: Context, call: Call, refusal: Refusal) -> None:
    """End a stream with its status; for a client that does not read even that it is left with gRPC.

    Over HTTP a status that comes after the beginning is not seen: there it is a last message, before.
    """
    if call.is_transcoded and call.streams and ERROR_FIELD in call.streams.DESCRIPTOR.fields_by_name:
        status = status_pb2.Status.FromString(sent_status(refusal).details(call.request_id))
        with suppress(TimeoutError):
            async with asyncio.timeout(STATUS_SECONDS):
                await _write_last(context, call, call.streams(**{ERROR_FIELD: status}))
    try:
        async with asyncio.timeout(STATUS_SECONDS):
            await abort(context, call, refusal)
    except TimeoutError:
        raise asyncio.CancelledError from None
