"""Reads the Chorus copy of the Icecat catalogue: electronics with brands, prices and many attributes.

A line is a product: `id`, `title`, `supplier` (its brand), `price` in cents, `short_description`, `ean`,
`date_released`, and attributes as attr_t_… (text), attr_n_… (number) and attr_b_… (yes or no).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from server.catalog.category_tree import path_of
from server.imports.icecat_shelves import shelf_of
from server.imports.products.cells import MAX_ATTRIBUTES_BYTES
from server.imports.products.columns import RowColumns, WrongFile
from server.imports.products.file import RowBatch, batched
from server.imports.products.lines import LineReader, lines_of
from server.imports.products.records import JsonRecord, json_records
from server.imports.products.rows import ProductRow, RowProblem
from server.metadata import metadata_json
from server.money import Money, to_minor

OPENING_STOCK: Final = 100
"""The data knows no stock; without any nothing could be bought."""
MAX_NAME_LENGTH: Final = 200
FACTS: Final = ("ean", "date_released")
"""What is kept beside the attributes as one of them."""
_UNSEEN: Final = str.maketrans(
    {
        **dict.fromkeys(map(chr, (0x2028, 0x2029)), "\n"),
        **dict.fromkeys(map(chr, (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))),
    }
)
"""Ends of lines and marks of direction that a description may not have, and two of the file do."""
_KINDS: Final = ("attr_t_", "attr_n_", "attr_b_")


def read_icecat(currency: str, pieces: Iterable[bytes]) -> Iterator[RowBatch]:
    """The products of the file, their prices taken to be in `currency`. Raises WrongFile."""
    columns = RowColumns(currency)
    records = json_records(LineReader(lines_of(pieces)))
    return batched((record.line, _row(record, columns, currency)) for record in records)


def _row(record: JsonRecord, columns: RowColumns, currency: str) -> ProductRow | list[RowProblem]:
    if record.problem:
        return [RowProblem(record.line, "", record.problem)]
    if "title" not in record.values or "id" not in record.values:
        if record.line == 1:
            raise WrongFile("its first line has no id and title, as a product of this catalogue has")
        return [RowProblem(record.line, "title", "is missing")]
    row = columns.row(JsonRecord(record.line, _columns(record.values, currency)))
    return replace(row, opening_stock=OPENING_STOCK) if isinstance(row, ProductRow) else row


def _columns(values: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """A product's values by the columns of a file of products."""
    attributes = _attributes(values)
    title = " ".join(str(values["title"]).split())
    price = values.get("price")
    return {
        "sku": str(values["id"]),
        "name": title if len(title) <= MAX_NAME_LENGTH else f"{title[: MAX_NAME_LENGTH - 1].rstrip()}…",
        "brand": values.get("supplier"),
        "price": _amount(price, currency) if isinstance(price, (int, float)) else price,
        "description": str(values.get("short_description") or "").translate(_UNSEEN),
        "category_path": path_of(shelf_of(title, attributes)),
        "attributes": _fitting(attributes),
    }


def _amount(cents: float, currency: str) -> str:
    return str(Money(to_minor(Decimal(str(cents)) / 100, currency), currency).amount)


def _attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes by plain names: "attr_n_cable_length" is "cable_length"."""
    attributes = {name: values[name] for name in FACTS if values.get(name)}
    for name, value in values.items():
        if name.startswith(_KINDS):
            plain = name[len(_KINDS[0]) :].strip("_")
            attributes[plain] = int(value) if isinstance(value, float) and value.is_integer() else value
    return attributes


def _fitting(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes, without the longest where a product could not hold them all."""
    sizes = sorted(attributes, key=lambda name: len(str(attributes[name])))
    while sizes and len(metadata_json(attributes).encode()) > MAX_ATTRIBUTES_BYTES:
        del attributes[sizes.pop()]
    return attributes
