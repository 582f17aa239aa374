"""Writes what an import refused into a file, a line each, for a person to look through."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from server.exports.csv_file import plain_text
from server.imports.rows import COLUMNS, Rejected


@contextmanager
def rejections(path: Path) -> Iterator[Callable[[Rejected], None]]:
    """A CSV file at `path` with the line, the reason and the row of each refusal that the callable is
    given. A spreadsheet shows it and runs nothing in it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # What was no UTF-8 in the input is written as it was
    with path.open("w", encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("Line", "Reason", *COLUMNS))
        yield lambda refused: _write(writer.writerow, refused)


def _write(write: Callable[[tuple[object, ...]], object], refused: Rejected) -> None:
    write((refused.line, refused.reason, *map(plain_text, refused.row)))
