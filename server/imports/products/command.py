"""Imports a file of products from the command line: the same rows and rules as of a file that is sent."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, cast

from server.db.database import Database
from server.errors import CommandError
from server.identity import Identity, Role
from server.imports.products.columns import WrongFile
from server.imports.products.file import RowBatch, batches, form_of, head_and_rest
from server.imports.products.images import RowImages
from server.imports.products.judging import Terms
from server.imports.products.records import Encoding
from server.imports.products.rows import ProductRow, RowProblem
from server.imports.products.side_by_side import BatchWriter
from server.imports.products.writing import BatchOutcome
from server.progress import ProgressReport

PIECE_BYTES: Final = 256 * 1024
GZIP: Final = b"\x1f\x8b"
OWNER: Final = Identity(0, Role.ADMIN, session_id="", expires_at=0)
"""Who runs commands on the shop's own machine may change any product."""

Read = Callable[[Iterable[bytes]], Iterator[RowBatch]]
"""Makes batches of the pieces of a file. Raises WrongFile."""


@dataclass(slots=True)
class FileSummary:
    """What came of a file, in rows."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    images: int = 0
    """Images that were added, and below why others were not; their rows are written all the same."""
    image_reasons: Counter[str] = field(default_factory=Counter)


def products_of(
    currency: str, encoding: Encoding, languages: Collection[str] = (), *, takes_images: bool = False
) -> Read:
    """Reads a file of products, CSV or JSON lines, which may name images where it `takes_images`."""

    def read(pieces: Iterable[bytes]) -> Iterator[RowBatch]:
        head, whole = head_and_rest(pieces)
        form = form_of(head, None, encoding)
        return batches(whole, form, currency, languages=languages, takes_images=takes_images)

    return read


def import_products(
    db: Database,
    path: Path,
    read: Read,
    terms: Terms,
    *,
    progress: ProgressReport,
    report: Callable[[RowProblem], None],
    images: RowImages | None = None,
) -> FileSummary:
    """Write the products of a file, plain or gzipped, and `report` what is wrong with the others.

    The images that rows name are added by `images`, after the rows.

    What is in the shop already as the file says stays as it is: an import that was cut short can be repeated.
    Raises CommandError where the file cannot be read.
    """
    summary = FileSummary()
    size = path.stat().st_size if path.is_file() else 0
    try:
        with _opened(path) as (file, position):
            progress("Importing products", 0, size)
            pieces = iter(lambda: file.read(PIECE_BYTES), b"")
            for batch, outcome in BatchWriter(db, terms).write(_ahead(read(pieces))):
                written = _counted(batch, outcome, summary, report)
                if images is not None:
                    _add_images(images, written, terms, summary, report)
                progress("Importing products", min(position(), size), size)
            progress("Importing products", size, size)
    except WrongFile as wrong:
        raise CommandError(f"{path} cannot be imported: {wrong}") from None
    except (OSError, EOFError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from None
    return summary


def _counted(
    batch: RowBatch, outcome: BatchOutcome, summary: FileSummary, report: Callable[[RowProblem], None]
) -> list[ProductRow]:
    """Count what came of a batch; its rows that were not refused."""
    problems = sorted([*batch.problems, *outcome.problems], key=lambda one: one.line)
    for problem in problems:
        summary.reasons[f"{problem.column} {problem.reason}".strip()] += 1
        report(problem)
    summary.rows += batch.read
    summary.created += outcome.created
    summary.updated += outcome.updated
    summary.unchanged += outcome.unchanged
    refused = {one.line for one in problems}
    summary.refused += len(refused)
    return [row for row in batch.rows if row.line not in refused]


def _add_images(
    images: RowImages,
    rows: Sequence[ProductRow],
    terms: Terms,
    summary: FileSummary,
    report: Callable[[RowProblem], None],
) -> None:
    for problem in images.check(rows) if terms.dry_run else images.add(rows):
        summary.image_reasons[problem.reason] += 1
        report(problem.of_row())
    summary.images = images.added


def _ahead(batches: Iterator[RowBatch]) -> Iterator[RowBatch]:
    """The same batches, each read while the database is at work on the one before."""
    with ThreadPoolExecutor(1, "read-ahead") as reader:
        following = reader.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = reader.submit(next, batches, None)
            yield batch


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, Callable[[], int]]]:
    """The file unpacked, and how many of its bytes were read."""
    with path.open("rb") as raw:
        position = raw.tell if raw.seekable() else lambda: 0  # a pipe
        if raw.peek(len(GZIP)).startswith(GZIP):
            with gzip.GzipFile(fileobj=raw) as file:
                yield cast(BinaryIO, file), position
        else:
            yield raw, position
