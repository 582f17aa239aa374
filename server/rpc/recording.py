"""Recording: the calls of a method that leave a record, however the method does its work."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Final, TypeAlias

from google.protobuf.message import Message

from server.db.database import Database
from server.db.deadline import Deadline
from server.db.pool import Pool
from server.db.record import CallRecord, keeping
from server.rpc.call import Call

NewRecord: TypeAlias = Callable[[Call, Message], CallRecord]
"""Begins the record of a call and its request."""

STREAM_SECONDS: Final = 10.0
"""What the record of a stream may take, which has no deadline that counts."""


class CallRecorder:
    """Has each call of a method leave one record: with its transaction, or by itself where it needs none.

    In either case before the caller learns anything: what cannot be recorded is neither done nor shown.
    """

    def __init__(self, new_record: NewRecord, db: Database, pool: Pool) -> None:
        self._new_record = new_record
        self._db = db
        self._pool = pool

    async def run(
        self, behaviour: Callable[[Message, Call], Awaitable[Message]], request: Message, call: Call
    ) -> Message:
        """The reply of a method, whose record is written."""
        record = self._new_record(call, request)
        with keeping(record):
            reply = await behaviour(request, call)
            if record.is_due:
                await self._pool.run(call.deadline, self._write)
        return reply

    async def follow(
        self, messages: AsyncGenerator[Message], request: Message, call: Call
    ) -> AsyncGenerator[Message]:
        """The messages of a stream, whose record is written before the first of them."""
        record = self._new_record(call, request)
        with keeping(record):
            async with aclosing(messages):
                async for message in messages:
                    if record.is_due:
                        await self._write_of_stream(call)
                    yield message
            if record.is_due:
                await self._write_of_stream(call)

    async def _write_of_stream(self, call: Call) -> None:
        deadline = Deadline(STREAM_SECONDS)
        deadline.owner = call.deadline.owner
        await self._pool.run(deadline, self._write)

    def _write(self) -> None:
        with self._db.transaction():
            pass  # it writes the record that is due, and nothing else


RecorderOf: TypeAlias = Callable[[str], CallRecorder | None]
"""The recorder of a method, by its path; None for one whose calls leave no record."""
