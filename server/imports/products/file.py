"""Reads a file of products in batches: from its first bytes, which say what it is, to its last row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain
from typing import Final

from server.catalog.translations import PRODUCT_TEXTS
from server.imports.products.columns import RowColumns, WrongFile, heading_key
from server.imports.products.lines import BOM, LineReader, lines_of
from server.imports.products.records import (
    CsvRecord,
    Encoding,
    JsonRecord,
    csv_records,
    delimiter_of,
    json_records,
)
from server.imports.products.rows import ProductRow, RowProblem

BATCH_ROWS: Final = 2_000
"""Rows that are written together: whoever buys or changes one of their products waits until they are."""
MAX_ROWS: Final = 500_000
HEAD_BYTES: Final = 16 * 1024
"""Of a file; what it is shows in these, and a heading is not longer."""

_OTHER_FILES: Final = (
    (b"PK", "a zip archive or a workbook: save it as CSV"),
    (b"\x1f\x8b", "compressed by gzip: unpack it"),
    (b"%PDF", "a PDF"),
    (b"\xff\xfe", "UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "UTF-16: save it as UTF-8"),
    (b"\xd0\xcf\x11\xe0", "a workbook: save it as CSV"),
    (b"[", "a JSON array: write one object on each line"),
    (b"<", "XML or a web page"),
)


class FileKind(StrEnum):
    """A kind of file of products."""

    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class FileForm:
    """How a file is to be read; the delimiter of CSV shows in its heading."""

    kind: FileKind
    encoding: Encoding = Encoding.UTF_8


@dataclass(slots=True)
class RowBatch:
    """Rows that are read together, and the problems among them."""

    rows: list[ProductRow] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    read: int = 0
    """How many rows of the file it is, sound or not."""
    last_line: int = 0
    """The line that the last of them begins on."""
    read_bytes: int = 0
    """How much of the file was read for them, where that is known."""

    @property
    def continues_product(self) -> bool:
        """Whether a row is a further variant of a product that an earlier batch has."""
        own = {row.sku for row in self.rows if not row.is_further_variant}
        return any(row.is_further_variant and row.sku not in own for row in self.rows)


def form_of(head: bytes, kind: FileKind | None, encoding: Encoding) -> FileForm:
    """What a file is by its first bytes, unless its `kind` is known. Raises WrongFile for what is no such file."""
    text = head.removeprefix(BOM).lstrip()
    if not text:
        raise WrongFile("it is empty")
    for mark, name in _OTHER_FILES:
        if text.startswith(mark):
            raise WrongFile(f"it is {name}")
    if b"\0" in text[:100]:
        raise WrongFile("it is no text")
    is_json = text.startswith(b"{")
    if kind is not None and (kind is FileKind.JSONL) != is_json:
        raise WrongFile("it is JSON" if is_json else "its first line is no JSON object")
    return FileForm(FileKind.JSONL if is_json else FileKind.CSV, encoding)


def check_heading(head: bytes, form: FileForm, currency: str, languages: Collection[str] = ()) -> None:
    """Raise WrongFile where the first bytes of a file say that no row of it can be taken."""
    if form.kind is FileKind.CSV:
        _heading_and_records([head], form, RowColumns(currency), languages)


def batches(
    pieces: Iterable[bytes],
    form: FileForm,
    currency: str,
    after_line: int = 0,
    *,
    languages: Collection[str] = (),
    takes_images: bool = False,
) -> Iterator[RowBatch]:
    """The rows of a file behind `after_line`, as many at a time as are written together.

    `languages` are those of translations. What is before is read all the same: a row knows what came before it.
    Raises WrongFile.
    """
    columns = RowColumns(currency, takes_images=takes_images)
    records = _records(pieces, form, columns, languages)
    return batched(((record.line, columns.row(record)) for record in records), after_line)


def batched(
    judged: Iterable[tuple[int, ProductRow | list[RowProblem]]], after_line: int = 0
) -> Iterator[RowBatch]:
    """The same of what is known of the row on each line. Raises WrongFile."""
    batch = RowBatch()
    seen = _Seen()
    for count, (line, row) in enumerate(judged, 1):
        if count > MAX_ROWS:
            raise WrongFile(f"it has more than {MAX_ROWS:,} rows: split it")
        row = seen.judged(row)
        if line <= after_line:
            continue
        if isinstance(row, ProductRow):
            batch.rows.append(row)
        else:
            batch.problems += row
        batch.read, batch.last_line = batch.read + 1, line
        if batch.read == BATCH_ROWS:
            yield batch
            batch = RowBatch()
    if batch.read:
        yield batch


def _records(
    pieces: Iterable[bytes], form: FileForm, columns: RowColumns, languages: Collection[str]
) -> Iterator[CsvRecord] | Iterator[JsonRecord]:
    if form.kind is FileKind.JSONL:
        return json_records(LineReader(lines_of(pieces)))
    return _heading_and_records(pieces, form, columns, languages)


def _heading_and_records(
    pieces: Iterable[bytes], form: FileForm, columns: RowColumns, languages: Collection[str]
) -> Iterator[CsvRecord]:
    """The records behind the heading, which the columns have learned."""
    lines = LineReader(lines_of(pieces))
    first = lines.next()
    while first is not None and first.data is not None and not first.data.strip():
        first = lines.next()
    if first is None or first.data is None:
        raise WrongFile("its first line, the heading, is longer than a heading may be")
    lines.read_again([first])
    records = csv_records(lines, delimiter_of(first.data), form.encoding)
    heading = next(records)
    columns.set_heading(heading)
    _check_languages(heading.cells, languages)
    return records


def _check_languages(heading: Iterable[str], languages: Collection[str]) -> None:
    """Raise WrongFile where a column is of another language: said once for the file, and not of each row."""
    for name in map(heading_key, heading):
        text, _, language = name.partition(":")
        if text in PRODUCT_TEXTS and language not in (*languages, ""):
            raise WrongFile(
                f'its column "{name}" is in none of the languages in the setting LANGUAGES: leave it out, '
                "or add the language"
            )


class _Seen:
    """The skus that a file has had, by the line of each: at most MAX_ROWS of 64 characters, some 100 MB."""

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}
        """By the sku of the variant; below zero where the product has another, which most have not."""
        self._products: set[str] = set()
        """Those of which a row named a variant by another sku."""

    def judged(self, row: ProductRow | list[RowProblem]) -> ProductRow | list[RowProblem]:
        """The row, told whether its product was there before; a problem where the very row was."""
        if not isinstance(row, ProductRow):
            return row
        key = row.variant_sku or row.sku
        line = self._lines.get(key)
        if line is not None:
            column = "variant_sku" if row.variant_sku else "sku"
            return [RowProblem(row.line, column, f"is on line {abs(line)} already", row.sku)]
        is_further = row.sku in self._products or self._lines.get(row.sku, 0) > 0
        if key == row.sku:
            self._lines[key] = row.line
        else:
            self._lines[key] = -row.line
            self._products.add(row.sku)
        return replace(row, is_further_variant=True) if is_further else row


def head_and_rest(pieces: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes of a file, and all of its pieces."""
    rest = iter(pieces)
    taken: list[bytes] = []
    while sum(map(len, taken)) < HEAD_BYTES and (piece := next(rest, None)) is not None:
        taken.append(piece)
    return b"".join(taken)[:HEAD_BYTES], chain(taken, rest)
