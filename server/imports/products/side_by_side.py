"""Writes the batches of a file two at a time: one alone leaves either this process or the database waiting."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeAlias

from server.clock import utc_now
from server.db.database import Database
from server.imports.products.file import RowBatch
from server.imports.products.judging import Terms
from server.imports.products.whole import write_whole
from server.imports.products.writing import BatchOutcome

WRITERS: Final = 2
"""Connections that are written on. SQLite has one writer."""
MAX_LOST: Final = 5
"""Tries that batches may lose to each other, as over a slug; from then on they are written one by one."""

_Writing: TypeAlias = tuple[RowBatch, Future[BatchOutcome]]


class BatchWriter:
    """Writes the batches of one file, which nobody else works on."""

    def __init__(self, db: Database, terms: Terms) -> None:
        self._db = db
        self._terms = terms
        self._writers = WRITERS if db.is_postgresql and not terms.dry_run else 1
        self._lost = 0

    def write(self, batches: Iterable[RowBatch]) -> Iterator[tuple[RowBatch, BatchOutcome]]:
        """Write the batches; yield each with what came of it, in their order.

        The first is written by itself, as it makes most of the categories, and so is one that goes on with a
        product of the one before.
        """
        with ThreadPoolExecutor(self._writers, "import") as threads:
            writing: deque[_Writing] = deque()
            for number, batch in enumerate(batches):
                is_next = number == 1 or batch.continues_product or self._lost >= MAX_LOST
                yield from _ended(writing, 0 if is_next else self._writers - 1)
                writing.append((batch, threads.submit(self._write, batch)))
            yield from _ended(writing, 0)

    def _write(self, batch: RowBatch) -> BatchOutcome:
        outcome = write_whole(
            self._db,
            batch.rows,
            self._terms,
            utc_now(),
            hold=lambda _: True,
            record=lambda *_: None,
            on_lost=self._count_lost,
        )
        assert outcome is not None  # nobody else works on it
        return outcome

    def _count_lost(self) -> None:
        self._lost += 1


def _ended(writing: deque[_Writing], left: int) -> Iterator[tuple[RowBatch, BatchOutcome]]:
    """The oldest batches that are being written, once they are, until so many are left."""
    while len(writing) > left:
        batch, outcome = writing.popleft()
        yield batch, outcome.result()
