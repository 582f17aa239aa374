"""Writes an export: piece by piece to whoever takes it, or into a file."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager, aclosing, closing
from enum import StrEnum
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from server.db.database import Database
from server.db.deadline import Deadline
from server.db.work import Work
from server.exports import csv_file, workbook
from server.exports.csv_file import csv_of, heading_of
from server.exports.source import Chunk, ExportSource, Keys
from server.exports.workbook import Workbook
from server.progress import ProgressReport, silent

Open = Callable[[], AbstractContextManager[Connection]]
"""Gives a connection for one read."""

PIECE_BYTES: Final = 64 * 1024
CHUNK_SECONDS: Final = 30.0
"""The time that one chunk of a stream may take; the whole may take as long as it needs."""


class Format(StrEnum):
    """A format of a file, by its extension."""

    CSV = "csv"
    XLSX = "xlsx"

    @property
    def content_type(self) -> str:
        """The media type."""
        return csv_file.CONTENT_TYPE if self is Format.CSV else workbook.CONTENT_TYPE


def write_file(
    path: Path, source: ExportSource, form: Format, read: Open, report: ProgressReport = silent
) -> int:
    """Write the whole export to `path`, and return how many rows it has."""
    write = _write_csv if form is Format.CSV else _write_workbook
    return write(path, source, _chunks(source, read, report))


def _chunks(source: ExportSource, read: Open, report: ProgressReport) -> Iterator[Chunk]:
    stage = f"Exporting {source.title.lower()}"
    with read() as connection:
        total, done, after = source.count(connection), 0, None
    report(stage, 0, total)
    while True:
        with read() as connection:
            chunk = source.read(connection, after)
        yield chunk
        done, after = done + chunk.records, chunk.next
        report(stage, done, max(done, total))
        if after is None:
            return


def _write_csv(path: Path, source: ExportSource, chunks: Iterator[Chunk]) -> int:
    rows = 0
    with path.open("wb") as file:
        file.write(heading_of(source.columns))
        for chunk in chunks:
            file.write(csv_of(chunk.rows))
            rows += len(chunk.rows)
    return rows


def _write_workbook(path: Path, source: ExportSource, chunks: Iterator[Chunk]) -> int:
    rows = 0
    with closing(Workbook(path, source.title, source.columns)) as book:
        for chunk in chunks:
            book.add(chunk.rows)
            rows += len(chunk.rows)
        book.save()
    return rows


class Exports:
    """Exports as streams, for callers who take them as fast as they like."""

    def __init__(self, db: Database, work: Work) -> None:
        self._db = db
        self._work = work
        # Making a workbook is work for the processor: the calls of the shop share it with one at a time.
        self._turn = asyncio.Semaphore(1)

    async def pieces(self, source: ExportSource, form: Format) -> AsyncGenerator[bytes]:
        """The file in pieces; a workbook's first piece comes when the whole is written."""
        if form is Format.CSV:
            async with aclosing(self._csv(source)) as texts:
                async for text in texts:
                    for start in range(0, len(text), PIECE_BYTES):
                        yield text[start : start + PIECE_BYTES]
            return
        with tempfile.TemporaryDirectory(prefix="sanset-export-", ignore_cleanup_errors=True) as directory:
            path = Path(directory) / "export.xlsx"
            async with self._turn:
                await self._write(path, source)
            with path.open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece

    async def _csv(self, source: ExportSource) -> AsyncGenerator[bytes]:
        """Each chunk is read, on the pool, when the one before it was taken.

        The heading comes with the first: where that cannot be read, no file has begun.
        """
        heading = heading_of(source.columns)
        after: Keys | None = None
        while True:
            text, after = await self._work.read(
                _csv_after, source, after, deadline=Deadline(CHUNK_SECONDS), vital=True
            )
            if heading or text:
                yield heading + text
            heading = b""
            if after is None:
                return

    async def _write(self, path: Path, source: ExportSource) -> None:
        """Write a workbook on a thread of its own, which stops soon when the caller has gone."""
        gone = threading.Event()

        def stop_when_gone(stage: str, done: int, total: int) -> None:
            if gone.is_set():
                raise _Gone()

        try:
            await asyncio.to_thread(write_file, path, source, Format.XLSX, self._db.read, stop_when_gone)
        finally:
            gone.set()


def _csv_after(connection: Connection, source: ExportSource, after: Keys | None) -> tuple[bytes, Keys | None]:
    chunk = source.read(connection, after)
    return csv_of(chunk.rows), chunk.next


class _Gone(Exception):
    """Nobody waits for the workbook any more."""
