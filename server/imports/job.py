"""Imports files of products, one after the other, a batch in a transaction; on one worker at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from server.clock import Clock
from server.db.base import AnyRow
from server.db.database import Database
from server.db.deadline import Deadline
from server.db.faults import refusal_of
from server.db.work import Work
from server.imports import queries, service
from server.imports.products.columns import WrongFile
from server.imports.products.file import RowBatch, batches
from server.imports.products.judging import Terms
from server.imports.products.whole import write_whole
from server.imports.products.writing import BatchOutcome

RETENTION: Final = timedelta(days=30)
FORGOTTEN_AT_ONCE: Final = 20
"""Imports that are deleted together, each with up to 10,000 problems."""
BATCH_SECONDS: Final = 30.0
READ_SECONDS: Final = 1800.0
"""For a batch too; but where an import goes on, all before it is read first: hundreds of thousands of rows."""

_PASSING: Final = frozenset({"UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "ABORTED"})
"""Codes of what may be otherwise the next time. Anything else would be so for ever, and hold up all who wait."""
_FAULT: Final = "A fault of the server, which is in its log, has ended the import. What is written stays."

log = structlog.get_logger()


class ImportJob:
    """Works on the imports that have not ended."""

    def __init__(
        self, db: Database, work: Work, clock: Clock, currency: str, languages: Sequence[str]
    ) -> None:
        self._db = db
        self._work = work
        self._clock = clock
        self._currency = currency
        self._languages = languages

    async def run(self) -> None:
        """Import what waits."""
        while (row := await self._work.read(queries.oldest_open, vital=True)) is not None:
            try:
                state, message = await self._import(row)
            except Exception as error:
                refusal = refusal_of(error)
                if refusal is not None and refusal.code in _PASSING:
                    raise  # the database is away, or busy: the next run goes on
                log.exception("import_failed", import_id=row.id)
                state, message = service.FAILED, _FAULT
            if state:
                await self._work.write(service.finish, row.id, state, message, self._clock(), vital=True)
                log.info("products_imported", import_id=row.id, state=state)

    async def forget(self) -> None:
        """Delete the imports that ended long ago."""
        count = FORGOTTEN_AT_ONCE
        while count == FORGOTTEN_AT_ONCE:
            before = self._clock() - RETENTION
            count = await self._work.write(
                queries.delete_old, before, FORGOTTEN_AT_ONCE, deadline=Deadline(BATCH_SECONDS), vital=True
            )

    async def _import(self, row: AnyRow) -> tuple[str, str]:
        """Import a file from where it was left; return how it ended, or nothing where somebody else goes on."""
        reading = _Reading(self._db, row, self._currency, self._languages)
        terms = Terms(
            caller=service.caller_of(row),
            currency=self._currency,
            languages=self._languages,
            create_categories=row.create_categories,
            dry_run=row.dry_run,
        )
        try:
            batch = await self._read(reading)
            while batch is not None:
                # The next one is read while the database is at work on this one.
                following = asyncio.ensure_future(self._read(reading))
                try:
                    is_ours = await self._work.run(
                        self._write, row, reading, batch, terms, deadline=Deadline(BATCH_SECONDS), vital=True
                    )
                    batch = await following if is_ours else None
                finally:
                    await asyncio.gather(following, return_exceptions=True)
                if not is_ours:
                    return "", ""
        except WrongFile as wrong:
            return service.FAILED, f"The file cannot be imported: {wrong}."
        return service.SUCCEEDED, ""

    async def _read(self, reading: _Reading) -> RowBatch | None:
        return await self._work.run(reading.next, deadline=Deadline(READ_SECONDS), vital=True)

    def _write(self, row: AnyRow, reading: _Reading, batch: RowBatch, terms: Terms) -> bool:
        """Write a batch and where it ends, in one transaction; False where that is somebody else's by now."""

        def hold(tx: Connection) -> bool:
            return service.hold_turn(tx, row.id, reading.line, self._clock())

        def record(tx: Connection, outcome: BatchOutcome) -> None:
            service.record(tx, row.id, batch, outcome, batch.read_bytes)

        outcome = write_whole(self._db, batch.rows, terms, self._clock(), hold=hold, record=record)
        if outcome is None:
            return False
        reading.line = batch.last_line
        return True


class _Reading:
    """The batches of a file that is kept in the database, read piece by piece."""

    def __init__(self, db: Database, row: AnyRow, currency: str, languages: Sequence[str]) -> None:
        self._db = db
        self._import_id = row.id
        self._read_bytes = 0
        self.line = row.line
        """Up to where everything is written."""
        self._batches = batches(self._pieces(), service.form_of(row), currency, row.line, languages=languages)

    def next(self) -> RowBatch | None:
        """The next batch; None behind the last. Raises WrongFile."""
        batch = next(self._batches, None)
        if batch is not None:
            batch.read_bytes = self._read_bytes
        return batch

    def _pieces(self) -> Iterator[bytes]:
        position = 0
        while True:
            with self._db.read() as connection:
                piece = queries.piece(connection, self._import_id, position)
            if piece is None:
                return
            self._read_bytes += len(piece)
            yield piece
            position += 1
