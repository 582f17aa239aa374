"""Reads the records of a file: the cells of a CSV row, or the object on a JSON line; or why there are none."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from server.imports.products.lines import MAX_LINE_BYTES, LineReader, TextLine

MAX_RESCUES: Final = 50
"""How often the lines behind a quote that does not close are read again: each time is as long as a row may be."""
DELIMITERS: Final = (",", ";", "\t")
"""What spreadsheets write between cells, by country."""

_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")

_TOO_LONG: Final = f"is longer than {MAX_LINE_BYTES // 1024} KiB"
_UNCLOSED: Final = "has a quote that does not close, or a row longer than a row may be"


class Encoding(StrEnum):
    """How the bytes of a file stand for text; the value is Python's name for it."""

    UTF_8 = "utf-8"
    WINDOWS_1252 = "cp1252"

    @property
    def label(self) -> str:
        """The name that people know it by."""
        return "UTF-8" if self is Encoding.UTF_8 else "Windows-1252 (Latin-1)"


@dataclass(frozen=True, slots=True)
class CsvRecord:
    """The cells of a row that begins on a line; without any when `problem` says why they cannot be read."""

    line: int
    cells: Sequence[str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class JsonRecord:
    """The object on a line; empty when `problem` says why there is none."""

    line: int
    values: Mapping[str, Any]
    problem: str = ""


class UnreadableRow(Exception):
    """A row cannot be read; the text says why, and follows its name."""


def delimiter_of(heading: bytes) -> str:
    """What separates the cells of a file, judged by its first line."""
    counts = {delimiter: heading.count(delimiter.encode()) for delimiter in DELIMITERS}
    return max(counts, key=lambda delimiter: counts[delimiter])


def csv_records(lines: LineReader, delimiter: str, encoding: Encoding) -> Iterator[CsvRecord]:
    """The rows of a CSV file, RFC 4180 as spreadsheets write it. Empty lines are no rows.

    A quote that does not close costs its own line: the next ones are read as if it were not there.
    """
    rescues = 0
    while (line := lines.next()) is not None:
        try:
            if not line.data:
                if line.data is None:
                    raise UnreadableRow(_TOO_LONG)
                continue
            record = [line]
            if b'"' in line.data and (behind := _gather(record, lines, delimiter)) is not None:
                if rescues < MAX_RESCUES:
                    rescues += 1
                    lines.read_again([*record[1:], *behind])
                raise UnreadableRow(_UNCLOSED)
            yield CsvRecord(line.number, _cells(record, delimiter, encoding))
        except UnreadableRow as problem:
            yield CsvRecord(line.number, (), str(problem))


def json_records(lines: LineReader) -> Iterator[JsonRecord]:
    """The objects of a file with one on each line. Empty lines are none."""
    while (line := lines.next()) is not None:
        try:
            if line.data is None:
                raise UnreadableRow(_TOO_LONG)
            if not line.data or line.data.isspace():
                continue
            yield JsonRecord(line.number, _object(text_of(line.data, Encoding.UTF_8)))
        except UnreadableRow as problem:
            yield JsonRecord(line.number, {}, str(problem))


def text_of(data: bytes, encoding: Encoding) -> str:
    """Bytes as text. Raises UnreadableRow."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise UnreadableRow(f"is not {encoding.label}") from None
    if "\0" in text:
        raise UnreadableRow("has a NUL character")
    return text


def _gather(record: list[TextLine], lines: LineReader, delimiter: str) -> Sequence[TextLine] | None:
    """Add the lines to a record that a quoted cell goes on over; if it never ends, the line that was too much."""
    size, is_open, mark = 0, False, delimiter.encode()
    line: TextLine | None = record[0]
    while True:
        if line is None:
            return ()
        if line.data is None or size + len(line.data) > MAX_LINE_BYTES:
            return (line,)
        if line is not record[0]:
            record.append(line)
        size += len(line.data) + 1
        is_open = _is_open_after(line.data, mark, is_open=is_open)
        if not is_open:
            return None
        line = lines.next()


def _is_open_after(data: bytes, delimiter: bytes, *, is_open: bool) -> bool:
    """Whether a quoted cell goes on after a line, which `is_open` says of the line before it."""
    position = 0
    while True:
        if is_open:
            quote = data.find(b'"', position)
            if quote < 0:
                return True
            position = quote + 1
            if data[position : position + 1] == b'"':  # a quote in the cell is written twice
                position += 1
                continue
            is_open = False
        elif data[position : position + 1] == b'"':
            is_open, position = True, position + 1
            continue
        position = data.find(delimiter, position) + 1
        if not position:
            return False


def _cells(record: Iterable[TextLine], delimiter: str, encoding: Encoding) -> Sequence[str]:
    text = text_of(b"\n".join(line.data or b"" for line in record), encoding)
    if '"' not in text:
        return text.split(delimiter)
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        raise UnreadableRow("has quotes that do not fit together") from None


def _object(text: str) -> Mapping[str, Any]:
    try:
        values = json.loads(text, parse_constant=_no_number, object_pairs_hook=_each_once)
    except RecursionError:
        raise UnreadableRow("is nested too deep") from None
    except ValueError:
        raise UnreadableRow("is no JSON object") from None
    if not isinstance(values, dict):
        raise UnreadableRow("is no JSON object")
    if _SURROGATE.search(text):
        try:
            json.dumps(values, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise UnreadableRow("has half of a character, a lone surrogate") from None
    return values


def _no_number(name: str) -> None:
    raise UnreadableRow(f"has {name}, which is no number of JSON")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise UnreadableRow("names a value twice")
    return values
