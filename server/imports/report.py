"""Writes the rows that an import refused into a file, for a person to look through."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from server.exports.csv_file import plain_text
from server.imports.products.rows import RowProblem
from server.imports.rows import COLUMNS, Rejected


@contextmanager
def rejections(path: Path) -> Iterator[Callable[[Rejected], None]]:
    """Write a CSV file at `path` with the line, the reason and the row of each refusal passed to the
    callable. A spreadsheet shows it and runs nothing in it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Bytes that were not UTF-8 in the input are written as they were
    with path.open("w", encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("Line", "Reason", *COLUMNS))
        yield lambda refused: _write(writer.writerow, refused)


def _write(write: Callable[[tuple[object, ...]], object], refused: Rejected) -> None:
    write((refused.line, refused.reason, *map(plain_text, refused.row)))


@contextmanager
def problems(path: Path) -> Iterator[Callable[[RowProblem], None]]:
    """Write a CSV file at `path` with the line, the column, the reason and the sku of each problem passed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("Line", "Column", "Reason", "Sku"))
        yield lambda problem: _write_problem(writer.writerow, problem)


def _write_problem(write: Callable[[tuple[object, ...]], object], problem: RowProblem) -> None:
    write((problem.line, *map(plain_text, (problem.column, problem.reason, problem.sku))))
