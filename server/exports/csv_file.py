"""CSV (RFC 4180, UTF-8) that a spreadsheet can open without running what strangers wrote."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from server.exports.source import Cell, Row

CONTENT_TYPE: Final = "text/csv; charset=utf-8"

_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_of(rows: Iterable[Row]) -> bytes:
    """Rows as CSV."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_plain(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _plain(cell: Cell) -> object:
    if isinstance(cell, str):
        # CSV has no types: a name like =HYPERLINK(…) would be run by the one who opens the file.
        return f"'{cell}" if cell.startswith(_STARTS_A_FORMULA) else cell
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return cell
