"""CSV (RFC 4180, UTF-8) that a spreadsheet can open without running what strangers wrote."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from server.exports.source import Cell, Row

CONTENT_TYPE: Final = "text/csv; charset=utf-8"

BOM: Final = "\ufeff"
"""Begins a file: Excel takes it for UTF-8 then. Python reads such a file as `utf-8-sig`."""

_INVISIBLE: Final = (
    r"\x00-\x08\x0e-\x20\x7f-\x84\x86-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f"
    r"\u202a-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\uffff"
)
"""Blanks, controls, marks of direction and fillers: spreadsheets skip some of them before they look."""
_SEPARATOR: Final = r"[;|\t\n\v\f\r\x85\u2028\u2029]"
_OPERATOR: Final = r"[=+\-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u2212]"
_IS_RUN: Final = rf"""(?=[{_INVISIBLE}"'`]*{_OPERATOR})"""
_FORMULA: Final = re.compile(rf"(\A|{_SEPARATOR}){_IS_RUN}")
_MARKED: Final = re.compile(rf"(\A|{_SEPARATOR})'{_IS_RUN}")
_CONTROL: Final = re.compile(r"'*[\t\r\n]")


def heading_of(columns: Row) -> bytes:
    """The beginning of a file: the byte order mark and the column names."""
    return BOM.encode() + csv_of([columns])


def csv_of(rows: Iterable[Row]) -> bytes:
    """Rows as CSV."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_plain(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _plain(cell: Cell) -> object:
    if isinstance(cell, str):
        return plain_text(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return cell


def plain_text(text: str) -> str:
    """The text so that no spreadsheet runs it: CSV has no types, and =HYPERLINK(…) would be a formula.

    An apostrophe says "text". It stands before the cell, and before each part of it that a spreadsheet makes a
    cell of its own where it splits at `;`, tabs or line ends, as those of many countries do, quotes or not.
    """
    marked = _FORMULA.sub(r"\1'", text)
    return f"'{marked}" if _CONTROL.match(marked) else marked


def original_text(text: str) -> str:
    """The text that `plain_text` made this one of: without the apostrophes that it put in."""
    if text.startswith("'") and _CONTROL.match(text):
        text = text[1:]
    return _MARKED.sub(r"\1", text)
