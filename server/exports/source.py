"""The source of an export: rows in chunks, each chunk a read of its own.

No transaction outlives a chunk, so a client that reads slowly, or an export of hours, holds nothing in the
database. The price is that an export is not one moment's picture: a row is as it was when its chunk was read. None
is left out or repeated, for the chunks follow keys that never change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from sqlalchemy import Connection

Cell: TypeAlias = str | int | Decimal | datetime | None
"""The value of a cell; a Decimal is an amount of money in units."""
Row: TypeAlias = Sequence[Cell]
Keys: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows, the number of records (orders, variants) in them, and the keys to continue from."""

    rows: list[Row]
    records: int
    next: Keys | None
    """The keys of the last record; None when there are no more."""


@dataclass(frozen=True, slots=True)
class ExportSource:
    """Rows to export, under a title and column names."""

    title: str
    columns: tuple[str, ...]
    count: Callable[[Connection], int]
    """The number of records, for the progress bar."""
    read: Callable[[Connection, Keys | None], Chunk]
    """The chunk after these keys."""
