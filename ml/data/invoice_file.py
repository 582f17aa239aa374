"""Reads the UCI "Online Retail" file in the forms in which people have it.

UCI's own CSV writes 12/1/2010 8:26 in Latin-1; copies have ISO dates, days first, semicolons and decimal
commas, or the headings of "Online Retail II". What a file has is seen before it is read, so that one form holds
for all of it.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

from ml.data.textfile import TextFile, UnreadableFile, encoding_of, opened

COLUMNS: Final = (
    *("InvoiceNo", "StockCode", "Description", "Quantity"),
    *("InvoiceDate", "UnitPrice", "CustomerID", "Country"),
)
ALSO_CALLED: Final = {"invoice": "invoiceno", "price": "unitprice"}
SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MAX_RECORD_LINES: Final = 20
"""A text with line ends takes no more lines; a quote that is open for longer was never meant to be one."""

_DATE: Final = re.compile(rb"(?<![0-9])([0-9]{1,2})[/.-]([0-9]{1,2})[/.-][0-9]{2,4}[T ]+[0-9]{1,2}:")
# Decimal() takes more than people write: 1_000, １２, NaN, 1e999
_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{0,20})?|[+-]?\.[0-9]{1,20}")
_MOMENT: Final = re.compile(
    r"(?P<a>[0-9]{1,4})[/.-](?P<b>[0-9]{1,2})[/.-](?P<c>[0-9]{1,4})"
    r"[T ]+(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.0+)?)?"
)


class Record(NamedTuple):
    """A row: the line at which it begins (1 is the heading), its cells in the order of COLUMNS, what is wrong."""

    line: int
    cells: Sequence[str]
    whole: Sequence[str]
    """Every cell as it stands, for a person who looks for what was refused."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written."""

    encoding: str
    separator: str
    day_first: bool
    positions: tuple[int, ...]
    """Of each of COLUMNS in a row."""
    width: int

    @property
    def encoding_name(self) -> str:
        """The encoding as people call it."""
        return {"cp1252": "Windows-1252", "utf-16": "UTF-16"}.get(self.encoding, "UTF-8")

    @property
    def date_example(self) -> str:
        """How a date may be written."""
        return "2010-12-31 08:26 or " + ("31/12/2010 8:26" if self.day_first else "12/31/2010 8:26")

    def __str__(self) -> str:
        """Say it to a person."""
        columns = f"{SEPARATORS[self.separator]} between columns"
        return f"{self.encoding_name}, {columns}, dates like {self.date_example}"

    def amount(self, text: str) -> Decimal:
        """The number in a cell; where no comma separates cells, one may stand before decimals.

        Raises ValueError.
        """
        plain = text.strip()
        if self.separator != ",":
            plain = plain.replace(",", ".")
        if not _DECIMAL.fullmatch(plain):
            raise ValueError(f"{text!r} is no number")
        return Decimal(plain)

    def moment(self, text: str) -> datetime:
        """The time that a cell tells, in UTC: the data does not name its zone. Raises ValueError."""
        match = _MOMENT.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is no date with a time")
        first, second, third = match["a"], match["b"], match["c"]
        if len(first) == 4:
            year, month, day = first, second, third
        elif self.day_first:
            day, month, year = first, second, third
        else:
            month, day, year = first, second, third
        if len(year) not in (2, 4):
            raise ValueError(f"{text!r} has no year")
        clock = (int(match["hour"]), int(match["minute"]), int(match["second"] or 0))
        return datetime(int(year) + 2000 * (len(year) == 2), int(month), int(day), *clock, tzinfo=UTC)


class InvoiceFile:
    """An Online Retail file whose form is known."""

    def __init__(self, file: TextFile, form: Form) -> None:
        self._file = file
        self.form = form

    @property
    def size(self) -> int:
        """Its bytes."""
        return self._file.size

    def position(self) -> int:
        """How many of its bytes were read."""
        return self._file.position()

    def records(self) -> Iterator[Record]:
        """Its rows in their order, each bad one with its problem; empty lines are none."""
        lines = self._file.lines(self.form.encoding)
        next(lines, "")
        yield from _Records(lines, self.form)


@contextmanager
def invoice_file(path: Path) -> Iterator[InvoiceFile]:
    """Open an Online Retail file; raises UnreadableFile, from within the block too."""
    with opened(path) as file:
        yield InvoiceFile(file, _form(path, file))


def _form(path: Path, file: TextFile) -> Form:
    largest_first = largest_second = 0

    def watch(line: bytes) -> None:
        nonlocal largest_first, largest_second
        match = _DATE.search(line)
        if match is not None:
            largest_first = max(largest_first, int(match[1]))
            largest_second = max(largest_second, int(match[2]))

    encoding = encoding_of(file, watch)
    if encoding != "utf-8" and encoding != "cp1252":  # its mark was enough
        for line in file.lines(encoding):
            watch(line.encode())
    heading = next(file.lines(encoding), "").lstrip("\ufeff")
    readings = [(separator, _names(heading, separator)) for separator in SEPARATORS]
    separator, names = max(readings, key=lambda reading: sum(name.lower() in reading[1] for name in COLUMNS))
    missing = [name for name in COLUMNS if name.lower() not in names]
    if missing:
        raise UnreadableFile(f"{path}: not an Online Retail file: its heading lacks {', '.join(missing)}")
    positions = tuple(names.index(name.lower()) for name in COLUMNS)
    # Where no day is above 12 both readings are possible, and UCI's own is taken.
    return Form(encoding, separator, largest_first > 12 >= largest_second, positions, len(names))


def _names(heading: str, separator: str) -> list[str]:
    try:
        names = [
            name.strip().replace(" ", "").lower()
            for name in next(csv.reader([heading], delimiter=separator), [])
        ]
    except csv.Error:
        return []
    return [ALSO_CALLED.get(name, name) for name in names]


class _Records:
    """Puts lines together into rows, so that a quote which nobody closes costs its own line only."""

    def __init__(self, lines: Iterator[str], form: Form) -> None:
        self._lines = lines
        self._form = form
        self._waiting: deque[str] = deque()
        self._number = 1
        self._text: list[str] = []
        self._reader = csv.reader(iter(self._text.pop, None), delimiter=form.separator)

    def __iter__(self) -> Iterator[Record]:
        while (line := self._next()) is not None:
            number = self._number
            if not line.strip("\r\n"):
                continue
            if line.count('"') % 2 and (opening := _open_quote(line, self._form.separator)) is not None:
                record = self._joined(number, line)
                text = line[opening + 1 :].strip()[:20]
                yield record or Record(
                    number, (), (line.rstrip("\r\n"),), f"the quote before “{text}” is not closed"
                )
            else:
                yield self._read(number, line)

    def _next(self) -> str | None:
        line = self._waiting.popleft() if self._waiting else next(self._lines, None)
        self._number += line is not None
        return line

    def _joined(self, number: int, line: str) -> Record | None:
        """The row that `line` and those after it make; None, and nothing is taken, when they make none."""
        more: list[str] = []
        while len(more) < MAX_RECORD_LINES and (following := self._next()) is not None:
            more.append(following)
            if following.count('"') % 2:
                text = line + "".join(more)
                if _is_strict(text, self._form.separator):
                    record = self._read(number, text)
                    if not record.problem:
                        return record
                break
        self._waiting.extendleft(reversed(more))
        self._number -= len(more)
        return None

    def _read(self, number: int, text: str) -> Record:
        self._text.append(text)
        try:
            row = next(self._reader)
        except (csv.Error, IndexError) as error:
            self._reader = csv.reader(iter(self._text.pop, None), delimiter=self._form.separator)
            reason = "a quote is not closed" if isinstance(error, IndexError) else f"not CSV: {error}"
            return Record(number, (), (text.rstrip("\r\n")[:1000],), reason)
        if len(row) != self._form.width:
            return Record(number, (), row, "wrong number of columns")
        return Record(number, [row[position] for position in self._form.positions], row)


def _is_strict(text: str, separator: str) -> bool:
    """Whether each quote that closes ends its cell; one that belongs to another row does not."""
    try:
        next(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error:
        return False
    return True


def _open_quote(line: str, separator: str) -> int | None:
    """Where the quote stands that is open at the end of a line; None when none is."""
    opening: int | None = None
    for position, letter in enumerate(line):
        if letter != '"':
            continue
        if opening is not None:
            opening = None if _closes(line, position, opening) else opening
        elif position == 0 or line[position - 1] == separator:
            opening = position
    return opening


def _closes(line: str, position: int, opening: int) -> bool:
    """Whether the quote at `position` is no half of a doubled one."""
    if line[position + 1 : position + 2] == '"':
        return False
    before = position - 1
    while before > opening and line[before] == '"':
        before -= 1
    return (position - before) % 2 == 1
