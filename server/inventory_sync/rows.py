"""The rows of a list of stock: CSV with the columns sku, location, quantity, and at choice variant."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

MAX_ROWS: Final = 500_000
MAX_QUANTITY: Final = 100_000_000
MAX_TEXT: Final = 100
"""Characters of a sku or of a location's name: neither can be longer."""
REQUIRED: Final = ("sku", "location", "quantity")
VARIANT: Final = "variant"


class SourceUnusable(Exception):
    """Nothing of the list can be used; the text says why."""


@dataclass(frozen=True, slots=True)
class StockRow:
    """How much of something is at a location, as a line of the list says.

    `sku` is a variant's; with `variant`, which is the variant's then, it is the product's.
    """

    line: int
    sku: str
    location: str
    quantity: int
    variant: str = ""

    @property
    def variant_sku(self) -> str:
        """The sku of the variant."""
        return self.variant or self.sku


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """Why a line of the list changed nothing."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", {self.column}" if self.column else "")
        return f"{where}: {self.reason}"


def read_rows(text: TextIO) -> Iterator[StockRow | RefusedRow]:
    """Read a list, each line for itself. Raises SourceUnusable for one without the columns that it needs."""
    reader = csv.reader(text, strict=True)
    columns = _columns(next(_lines(reader), []))
    for count, values in enumerate(_lines(reader), start=1):
        if count > MAX_ROWS:
            yield RefusedRow(
                reader.line_num, "", f"only {MAX_ROWS} rows are read: this one and the rest are not"
            )
            return
        if isinstance(values, csv.Error):
            yield RefusedRow(reader.line_num, "", f"this is no CSV: {values}")
        elif any(map(str.strip, values)):
            yield _row(reader.line_num, columns, values)


def _lines(reader: Iterator[list[str]]) -> Iterator[list[str] | csv.Error]:
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield error


def _columns(header: Sequence[str] | csv.Error) -> Mapping[str, int]:
    names = [] if isinstance(header, csv.Error) else [name.strip().lower() for name in header]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise SourceUnusable(
            f"the first line must name the columns {', '.join(REQUIRED)} (and may {VARIANT}); "
            f"{', '.join(missing)} cannot be found"
        )
    repeated = [name for name in (*REQUIRED, VARIANT) if names.count(name) > 1]
    if repeated:
        raise SourceUnusable(f"the first line names {', '.join(repeated)} twice")
    return {name: names.index(name) for name in (*REQUIRED, VARIANT) if name in names}


def _row(line: int, columns: Mapping[str, int], values: Sequence[str]) -> StockRow | RefusedRow:
    cells = {name: values[at].strip() if at < len(values) else "" for name, at in columns.items()}
    for name in REQUIRED:
        if not cells[name]:
            return RefusedRow(line, name, "is missing")
    for name, value in cells.items():
        if len(value) > MAX_TEXT or not value.isprintable():
            return RefusedRow(line, name, f"must be at most {MAX_TEXT} printable characters")
    quantity = _quantity(cells["quantity"])
    if quantity is None:
        return RefusedRow(line, "quantity", f"must be a whole number from 0 to {MAX_QUANTITY}")
    return StockRow(line, cells["sku"], cells["location"], quantity, cells.get(VARIANT, ""))


def _quantity(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()):
        return None
    quantity = int(text)
    return quantity if quantity <= MAX_QUANTITY else None
