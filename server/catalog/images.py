"""The images of products, as they are read beside their products or alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import select

from server.catalog.models import Product, ProductImage
from server.db.base import AnyRow
from server.db.json_rows import json_rows
from server.etags import etag_of

_COLUMNS: Final = (
    "id", "product_id", "variant_id", "file_key", "position", "alt", "width", "height", "version", "created_at",
)  # fmt: skip

IMAGES: Final = (
    select(json_rows(*(getattr(ProductImage, name) for name in _COLUMNS)))
    .where(ProductImage.product_id == Product.id)
    .correlate(Product)
    .scalar_subquery()
)
"""The images of a product, beside it: see `images_of`."""

IMAGE: Final = select(*(getattr(ProductImage, name) for name in _COLUMNS))
"""The columns of an image: see `image_of`."""


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image of a product."""

    id: int
    product_id: int
    variant_id: int | None
    file_key: str
    position: int
    alt: str
    width: int
    height: int
    version: int
    created_at: datetime

    @property
    def etag(self) -> str:
        """The etag that a change expects."""
        return etag_of(self.version)


def image_of(row: AnyRow) -> StoredImage:
    """The image in a row of IMAGE."""
    return StoredImage(*row)


def images_of(rows: Iterable[Sequence[Any]]) -> list[StoredImage]:
    """The images that a value of IMAGES holds, in their order."""
    images = (StoredImage(*(*values[:-1], _moment(values[-1]))) for values in rows)
    return sorted(images, key=attrgetter("position", "id"))


def _moment(text: str) -> datetime:
    """A time as a database writes it into JSON: SQLite's have no zone."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
