"""The columns of a file of products: which there are, and how a row is read by them."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache, partial
from typing import Any, Final

from server.catalog.translations import PRODUCT_TEXTS
from server.db.base import Values
from server.exports.csv_file import original_text
from server.imports.products import cells
from server.imports.products.cells import Parse, Unfit
from server.imports.products.records import CsvRecord, JsonRecord
from server.imports.products.rows import CategoryName, ProductRow, RowProblem

ATTRIBUTE: Final = "attr:"
OPTION: Final = "option:"
IGNORED: Final = frozenset(
    [
        *("product_id", "variant_id", "vendor_id", "vendor", "available", "sold", "rating", "reviews"),
        *("created_at", "updated_at"),
    ]
)
"""What an export tells besides, and no import can change: the shop counts and decides it."""
LANGUAGE: Final = re.compile("[a-z]{2,3}")
"""What follows the name of a text that is translated, behind a colon: "name:de"."""
MAX_COLUMNS: Final = 500
MAX_PROBLEMS_OF_ROW: Final = 5
MAX_STOCK: Final = 100_000_000
MAX_UNITS: Final = 1_000_000

_COLUMN_OF: Final = {
    "list_price": "price_minor",
    "price": "price_minor",
    "compare_at_price": "compare_at_minor",
    "metadata": "custom_metadata",
}


IMAGES: Final[dict[str, Parse]] = {"image_path": cells.image_path, "images": cells.image_paths}
"""Columns of a file whose images lie beside it."""
IMAGES_FROM: Final = "sanset import products FILE --images DIRECTORY takes them"


class WrongFile(Exception):
    """A file cannot be imported at all; the text says why in one line."""


def parsers(currency: str) -> dict[str, Parse]:
    """How each column is read, in a shop with this currency."""
    return {
        "sku": cells.sku,
        "parent_sku": cells.sku,
        "variant_sku": cells.sku,
        "name": cells.text("name"),
        "slug": cells.slug,
        "description": cells.lines("description"),
        "category": cells.category,
        "category_path": cells.category_path,
        "brand": cells.text("brand"),
        "list_price": cells.price(currency),
        "price": cells.price(currency),
        "compare_at_price": cells.price(currency),
        "currency": cells.currency_of(currency),
        "stock": cells.whole(0, MAX_STOCK),
        "max_quantity": cells.whole(0, MAX_UNITS),
        "tags": cells.tags,
        "attributes": cells.attributes,
        "options": cells.options,
        "seo_title": cells.text("seo_title"),
        "seo_description": cells.lines("seo_description"),
        "metadata": cells.metadata,
    }


@dataclass(slots=True)
class _Draft:
    """A row while its values are read."""

    line: int
    skus: dict[str, str] = field(default_factory=dict)
    values: Values = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    category: CategoryName | None = None
    options: dict[str, str] | None = None
    translations: dict[str, dict[str, str]] = field(default_factory=dict)
    stock: int | None = None
    images: tuple[str, ...] = ()
    problems: list[RowProblem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Column:
    """How the values of a column are read, and where they go."""

    name: str
    parse: Parse
    put: Callable[[_Draft, Any], None]


class RowColumns:
    """Reads rows. The columns of a CSV file are those of its heading; each JSON line names its own."""

    def __init__(self, currency: str, *, takes_images: bool = False) -> None:
        self._parsers = parsers(currency) | (IMAGES if takes_images else {})
        self._heading: Sequence[str] = ()
        self._read: Sequence[tuple[int, _Column]] = ()
        """Those of the heading that count, by their positions."""
        self._column = lru_cache(maxsize=MAX_COLUMNS)(self._column_named)

    def set_heading(self, record: CsvRecord) -> None:
        """Learn the columns of a file. Raises WrongFile for a heading that has others, one twice, or no sku."""
        if record.problem:
            raise WrongFile(f"its first line, the heading, {record.problem}")
        heading = [heading_key(name) for name in record.cells]
        while heading and not heading[-1]:
            heading.pop()
        if len(heading) > MAX_COLUMNS:
            raise WrongFile(f"it has {len(heading):,} columns; {MAX_COLUMNS} are the most")
        for name in heading:
            self._check_name(name)
            if heading.count(name) > 1:
                raise WrongFile(f'its heading has the column "{name}" twice')
        if "sku" not in heading:
            raise WrongFile('its heading has no column "sku": ' + _shown(heading))
        self._heading = heading
        self._read = [(i, self._column(name)) for i, name in enumerate(heading) if _counts(name, heading)]

    def row(self, record: CsvRecord | JsonRecord) -> ProductRow | list[RowProblem]:
        """The product or variant in a record, or what is wrong with it."""
        if record.problem:
            return [RowProblem(record.line, "", record.problem)]
        draft = _Draft(record.line)
        if isinstance(record, CsvRecord):
            self._read_cells(draft, record.cells)
        else:
            self._read_values(draft, record.values)
        return draft.problems[:MAX_PROBLEMS_OF_ROW] if draft.problems else _row(draft)

    def _check_name(self, name: str) -> None:
        single = (
            name.startswith((ATTRIBUTE, OPTION)) and len(name.partition(":")[2]) <= cells.MAX_CATEGORY_NAME
        )
        if _translated(name) is not None:
            return
        if name not in self._parsers and name not in IGNORED and not (single and name.partition(":")[2]):
            if name in IMAGES:
                raise WrongFile(f'the column "{name}" needs the files themselves: {IMAGES_FROM}')
            close = get_close_matches(name, self._parsers, n=1)
            hint = f'; did you mean "{close[0]}"?' if close else ""
            raise WrongFile(f'there is no column "{name[:60]}"{hint}')

    def _read_cells(self, draft: _Draft, row: Sequence[str]) -> None:
        if len(row) < len(self._heading) or any(row[len(self._heading) :]):
            reason = f"has {len(row):,} cells, the heading {len(self._heading):,}"
            draft.problems.append(RowProblem(draft.line, "", reason))
            return
        for position, column in self._read:
            cell = row[position]
            _take(draft, column, original_text(cell) if "'" in cell else cell)

    def _read_values(self, draft: _Draft, values: Mapping[str, Any]) -> None:
        if len(values) > MAX_COLUMNS:  # what each might have meant would be looked for
            reason = f"has {len(values):,} columns; {MAX_COLUMNS} are the most"
            draft.problems.append(RowProblem(draft.line, "", reason))
            return
        for key, value in values.items():
            if len(draft.problems) >= MAX_PROBLEMS_OF_ROW:
                return
            if "\0" in key:  # a problem's column is stored too
                draft.problems.append(RowProblem(draft.line, "", "names a column with a NUL character"))
                continue
            name = heading_key(key)
            if not _counts(name, values):
                continue
            try:
                column = self._column(name)
            except WrongFile as wrong:
                draft.problems.append(RowProblem(draft.line, name[:60], str(wrong)))
                continue
            _take(draft, column, value)

    def _column_named(self, name: str) -> _Column:
        """The column of a name. Raises WrongFile where there is none."""
        self._check_name(name)
        if (parse := self._parsers.get(name)) is not None:
            return _Column(name, parse, partial(_put, name))
        if (translated := _translated(name)) is not None:
            text, language = translated
            return _Column(name, self._parsers[text], partial(_put_translated, language, text))
        if name.startswith(ATTRIBUTE):
            return _Column(name, cells.attribute, partial(_put_attribute, name.removeprefix(ATTRIBUTE)))
        return _Column(name, cells.option, partial(_put_option, name.removeprefix(OPTION)))


def _counts(name: str, names: Container[str]) -> bool:
    """Whether a column is read that stands beside others of these names."""
    if name == "price":
        return "list_price" not in names
    if name == "category":
        return "category_path" not in names
    return name not in IGNORED


def _take(draft: _Draft, column: _Column, value: Any) -> None:
    try:
        column.put(draft, column.parse(value))
    except Unfit as unfit:
        sku = draft.skus.get("sku", "")
        draft.problems.append(RowProblem(draft.line, column.name, str(unfit), sku))


def _translated(name: str) -> tuple[str, str] | None:
    """The text and the language of a column of translations: "description:de"; None for another column."""
    text, _, language = name.partition(":")
    return (text, language) if text in PRODUCT_TEXTS and LANGUAGE.fullmatch(language) else None


def heading_key(name: str) -> str:
    """The name of a column as it is known: of what follows attr: and option: only the blanks around it go."""
    kind, colon, rest = name.strip().partition(":")
    kind = "_".join(kind.lower().split())
    return f"{kind}:{rest.strip()}" if colon else kind


def _put_translated(language: str, text: str, draft: _Draft, parsed: str) -> None:
    draft.translations.setdefault(language, {})[text] = parsed


def _put_attribute(name: str, draft: _Draft, parsed: Any) -> None:
    draft.attributes[name] = parsed


def _put_option(name: str, draft: _Draft, parsed: str) -> None:
    if parsed:
        draft.options = (draft.options or {}) | {name: parsed}


def _put(name: str, draft: _Draft, parsed: Any) -> None:
    match name:
        case "sku" | "parent_sku" | "variant_sku":
            draft.skus[name] = parsed
        case "category" | "category_path":
            draft.category = parsed
        case "options":
            draft.options = parsed | (draft.options or {})
        case "stock":
            draft.stock = parsed
        case "image_path" | "images":
            draft.images = tuple(dict.fromkeys([*draft.images, *parsed]))
        case "currency":
            pass
        case "name" | "slug" | "max_quantity" | "list_price" | "price" if not parsed:
            pass  # what a product must have stays as it is
        case _:
            draft.values[_COLUMN_OF.get(name, name)] = parsed


def _row(draft: _Draft) -> ProductRow | list[RowProblem]:
    sku, parent = draft.skus.get("sku", ""), draft.skus.get("parent_sku", "")
    variant = sku if parent else draft.skus.get("variant_sku", "")
    product = parent or sku
    if not sku:
        return [RowProblem(draft.line, "sku", "is missing")]
    try:
        if draft.options:
            cells.check_options(draft.options)
        if draft.attributes:
            cells.check_attributes({name: of for name, of in draft.attributes.items() if of is not None})
    except Unfit as unfit:
        return [RowProblem(draft.line, "options" if draft.options else "attributes", str(unfit), product)]
    return ProductRow(
        line=draft.line,
        sku=product,
        variant_sku=variant,
        values=draft.values,
        category=draft.category,
        attributes=draft.attributes,
        options=draft.options,
        translations=draft.translations,
        stock=draft.stock,
        images=draft.images,
    )


def _shown(names: Iterable[str]) -> str:
    return ", ".join(f'"{name[:30]}"' for name in list(names)[:8])
