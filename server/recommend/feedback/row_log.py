"""Rows about what was shown, which measures build on: written in the background, many in one statement.

A call pays for an append. What it appended may be lost: with a worker that is killed, or while the database cannot
keep up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

import psycopg
import structlog
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from server.background import WHEN_WOKEN, BackgroundLoop
from server.db.work import Work
from server.errors import Refusal

FLUSH_SECONDS = 1.0
FLUSH_ROWS = 500
"""The log is written when so many rows wait, or the first has waited for FLUSH_SECONDS."""
MAX_ROWS = 2_000
"""What one statement writes."""
MAX_WAITING = 10_000
RETRY_SECONDS = 0.5
STOP_SECONDS = 5.0

FAILURES = (SQLAlchemyError, psycopg.Error, Refusal, TimeoutError)
"""How a write to a database that is away, busy or full ends."""

R = TypeVar("R")

log = structlog.get_logger()


class RowLog(Generic[R]):
    """Rows of one kind that wait to be written. For use on a worker's event loop."""

    def __init__(
        self,
        name: str,
        work: Work,
        registry: CollectorRegistry,
        *,
        write: Callable[[Connection, Sequence[R]], None],
        write_rest: Callable[[Connection, Sequence[R]], None],
    ) -> None:
        """`write_rest` writes those of its rows that an earlier attempt, whose outcome is unknown, did not."""
        self._name = name
        self._work = work
        self._write = write
        self._write_rest = write_rest
        self._waiting: deque[R] = deque()
        self._many = asyncio.Event()
        self._writing = BackgroundLoop(name, self._write_batch, every=WHEN_WOKEN)
        self._dropped = Counter(
            f"sanset_{name}_dropped",
            f"Rows of {name} that could not be written",
            registry=registry,
        )

    def add(self, row: R) -> None:
        """Have a row written soon; when too many wait it is dropped, and counted."""
        if len(self._waiting) >= MAX_WAITING:
            self._dropped.inc()
            return
        self._waiting.append(row)
        self._writing.wake()
        if len(self._waiting) >= FLUSH_ROWS:
            self._many.set()

    def start(self) -> None:
        """Begin to write; call it on the running event loop."""
        self._writing.start(after=WHEN_WOKEN)

    async def stop(self) -> None:
        """Write what waits, and end."""
        self._many.set()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._writing.finish()
                await self.flush()
        except TimeoutError:
            log.warning(f"{self._name}_lost", rows=len(self._waiting))

    async def flush(self) -> None:
        """Write all that waits. What is refused twice is dropped and counted."""
        while self._waiting:
            rows = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_ROWS))]
            try:
                await self._work.write(self._write, rows)
            except FAILURES:
                await self._flush_again(rows)

    async def _flush_again(self, rows: Sequence[R]) -> None:
        await asyncio.sleep(RETRY_SECONDS)
        try:
            await self._work.write(self._write_rest, rows)
        except FAILURES as error:
            self._dropped.inc(len(rows))
            log.warning(f"{self._name}_dropped", rows=len(rows), error=type(error).__name__)

    async def _write_batch(self) -> None:
        """Write once FLUSH_ROWS wait, or the first has waited for FLUSH_SECONDS."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._many.wait()
        self._many.clear()
        await self.flush()
