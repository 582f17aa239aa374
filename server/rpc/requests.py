"""Requests: from the bytes that were sent to a message that is checked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Final, TypeAlias

from google.protobuf.message import DecodeError, Message

from server.db.pool import Pool
from server.errors import MalformedRequest
from server.rpc.call import IDEMPOTENCY_KEY, IF_MATCH, Call, Context
from server.rpc.preconditions import expect_etag
from server.rpc.request_ids import adopt
from server.rpc.validation import Validation

Deserialize: TypeAlias = Callable[[bytes], Message]

SMALL_BYTES: Final = 16 * 1024
"""Larger messages are read on the pool: looking through one takes milliseconds, which the loop owes to others."""


class RequestReader:
    """Reads the requests of one method."""

    def __init__(self, method: str, deserialize: Deserialize, validation: Validation, pool: Pool) -> None:
        self._method = method
        self._deserialize = deserialize
        self._validation = validation
        self._check_sent = validation.check_sent
        self._pool = pool

    def read(self, call: Call, data: bytes) -> Message:
        """The request of a call. Raises MalformedRequest and InvalidField."""
        request = self._parse(call, data)
        header = call.headers.get
        if (key := header(IDEMPOTENCY_KEY)) is not None:
            adopt(request, key)
        if (if_match := header(IF_MATCH)) is not None:
            expect_etag(self._method, request, str(if_match))
        self._check_sent(self._method, data, request)
        return request

    async def read_any(self, call: Call, data: object) -> Message:
        """The same of one of any size, or of none. Raises RequestTooLarge as well."""
        if not isinstance(data, bytes):  # the end of a call that sends none
            raise MalformedRequest(method=call.short_method)
        if len(data) <= SMALL_BYTES:
            return self.read(call, data)
        self._validation.check_size(self._method, len(data))
        return await self._pool.run(call.deadline, self.read, call, data)

    async def following(self, call: Call, context: Context) -> AsyncGenerator[Message]:
        """The messages after the first of a call that streams them, each read when it is asked for.

        They are checked for nothing but their size: what they may hold is for the method to say. Raises
        MalformedRequest and RequestTooLarge.
        """
        while isinstance(data := await context.read(), bytes):
            self._validation.check_size(self._method, len(data))
            yield self._parse(call, data)

    def _parse(self, call: Call, data: bytes) -> Message:
        try:
            return self._deserialize(data)
        except DecodeError:
            raise MalformedRequest(method=call.short_method) from None
