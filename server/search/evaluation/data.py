"""What search is measured on: products, and what people judged of them for queries."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from server.errors import CommandError
from server.search.index.documents import Document

Judgements = Mapping[str, Mapping[int, int]]
"""Of each query, the ratings of products, from 0 to 3."""

_GZIP: Final = b"\x1f\x8b"
_ATTRIBUTE_PREFIXES: Final = ("attr_t_", "attr_n_", "attr_b_")


@dataclass(frozen=True, slots=True)
class Collection:
    """Products, and how they are named in the judgements."""

    documents: Sequence[Document]
    ids: Mapping[str, int]


@contextmanager
def _lines(path: Path) -> Iterator[TextIO]:
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
        file.seek(0)
        with io.TextIOWrapper(gzip.open(file) if packed else file, encoding="utf-8", newline="") as text:
            yield text


def read_products(path: Path) -> Collection:
    """Products in JSON lines, packed or not; raises CommandError."""
    documents: list[Document] = []
    ids: dict[str, int] = {}
    with _lines(path) as lines:
        for number, line in enumerate(lines, start=1):
            try:
                product = json.loads(line)
                ids[str(product["id"])] = number
                documents.append(_document(number, product))
            except (ValueError, KeyError, TypeError) as error:
                raise CommandError(f"{path}, line {number}: no product ({error})") from error
    if not documents:
        raise CommandError(f"{path}: no products")
    return Collection(documents, ids)


def _document(product_id: int, product: Mapping[str, Any]) -> Document:
    """A product of Icecat's, or of a shop that names its fields as the catalogue does."""
    attributes = dict(product.get("attributes") or {})
    for name, value in product.items():
        if name.startswith(_ATTRIBUTE_PREFIXES):
            attributes[name.split("_", 2)[2]] = value
    category = product.get("categories") or product.get("category") or ()
    return Document(
        product_id=product_id,
        name=str(product.get("title") or product["name"]),
        brand=str(product.get("brand") or product.get("supplier") or ""),
        categories=[category] if isinstance(category, str) else list(category),
        tags=list(product.get("tags") or ()),
        attributes=attributes,
        description=str(product.get("description") or product.get("short_description") or ""),
    )


def read_judgements(path: Path, ids: Mapping[str, int]) -> Judgements:
    """Rows of query, docid, rating; raises CommandError."""
    judgements: dict[str, dict[int, int]] = {}
    with _lines(path) as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            try:
                query, rating = row["query"], int(row["rating"])
                product_id = ids[row["docid"]]
            except (KeyError, ValueError, TypeError) as error:
                raise CommandError(f"{path}, line {number}: no judgement ({error})") from error
            judgements.setdefault(query, {})[product_id] = rating
    if not judgements:
        raise CommandError(f"{path}: no judgements")
    return judgements
