"""The products on offer, a row per variant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import ColumnElement, Connection, ScalarSelect, func, select
from sqlalchemy.orm import InstrumentedAttribute

from server.catalog.categories import read_tree
from server.catalog.category_tree import path_of
from server.catalog.discounts import Discount
from server.catalog.errors import CategoryNotFound
from server.catalog.models import ORDERABLE, Category, InventoryLevel, Product, Variant
from server.catalog.translations import PRODUCT_TEXTS
from server.catalog.variants.options import options_json
from server.db.base import AnyRow
from server.exports.source import Chunk, ExportSource, Keys, Row
from server.metadata import metadata_json
from server.money import Money
from server.user.models import User

VARIANTS_PER_CHUNK: Final = 1000

COLUMNS: Final = (
    *("product_id", "sku", "name", "category", "brand", "vendor_id", "vendor", "variant_id", "variant_sku"),
    *("options", "list_price", "price", "compare_at_price", "currency", "available", "sold", "max_quantity"),
    *("tags", "rating", "reviews", "slug", "created_at", "updated_at", "metadata", "category_path"),
    *("description", "attributes", "seo_title", "seo_description"),
)
"""An import reads a file with these columns back: see `server/imports/products/columns.py`."""


def products(vendor_id: int | None, now: datetime, languages: Sequence[str]) -> ExportSource:
    """The products that are not deleted, at the prices of `now`; with `vendor_id`, only that vendor's.

    Each of the `languages` into which they are translated has columns of its own: "name:de".
    """
    conditions: list[ColumnElement[bool]] = [Product.deleted_at.is_(None), Variant.deleted_at.is_(None)]
    if vendor_id is not None:
        conditions.append(Product.vendor_id == vendor_id)

    def count(connection: Connection) -> int:
        statement = select(func.count()).select_from(Variant).join(Product, Product.id == Variant.product_id)
        return connection.execute(statement.where(*conditions)).scalar_one()

    def read(connection: Connection, after: Keys | None) -> Chunk:
        rows = _variants(connection, conditions, after)
        full = len(rows) == VARIANTS_PER_CHUNK
        paths = _Paths(connection)
        return Chunk(
            [(*_row(row, paths.of(row.category_id), now), *_translations(row, languages)) for row in rows],
            len(rows),
            (rows[-1].variant_id,) if full else None,
        )

    translated = (f"{text}:{language}" for language in languages for text in PRODUCT_TEXTS)
    return ExportSource("Products", (*COLUMNS, *translated), count, read)


def _variants(
    connection: Connection, conditions: list[ColumnElement[bool]], after: Keys | None
) -> list[AnyRow]:
    """The next variants after the key (variant id)."""
    statement = (
        select(
            *Product.__table__.columns,
            *(Variant.id.label("variant_id"), Variant.sku.label("variant_sku"), Variant.options),
            *(Variant.price_minor.label("own_minor"), Variant.compare_at_minor.label("own_compare_at_minor")),
            *(Category.name.label("category"), User.full_name.label("vendor")),
            *(_stock(ORDERABLE).label("available"), _stock(InventoryLevel.sold).label("sold")),
        )
        .join(Product, Product.id == Variant.product_id)
        .outerjoin(Category, Category.id == Product.category_id)
        .outerjoin(User, User.id == Product.vendor_id)
        .where(*conditions)
        .order_by(Variant.id)
        .limit(VARIANTS_PER_CHUNK)
    )
    if after is not None:
        statement = statement.where(Variant.id > after[0])
    return list(connection.execute(statement))


class _Paths:
    """The names of categories from the top: "Kitchen > Mugs"."""

    def __init__(self, connection: Connection) -> None:
        self._tree = read_tree(connection)
        self._paths: dict[int, str] = {}

    def of(self, category_id: int | None) -> str:
        """The path of a category; empty for none, and for one that was made after the tree was read."""
        if category_id is None:
            return ""
        if category_id not in self._paths:
            try:
                self._paths[category_id] = path_of(self._tree.names(category_id))
            except CategoryNotFound:
                return ""
        return self._paths[category_id]


def _stock(units: ColumnElement[int] | InstrumentedAttribute[int]) -> ScalarSelect[int]:
    """A variant's units at all locations; correlated, for a chunk needs those of its own variants only."""
    summed = select(func.sum(units)).where(InventoryLevel.variant_id == Variant.id)
    return summed.correlate(Variant).scalar_subquery()


def _row(variant: AnyRow, category_path: str, now: datetime) -> Row:
    def money(minor: int | None) -> Decimal | None:
        return None if minor is None else Money(minor, variant.currency).amount

    listed, compare_at = variant.price_minor, variant.compare_at_minor
    if variant.own_minor is not None:  # the product's comparison is with the product's price
        listed, compare_at = variant.own_minor, variant.own_compare_at_minor
    return (
        *(variant.id, variant.sku, variant.name, variant.category, variant.brand, variant.vendor_id),
        *(variant.vendor, variant.variant_id, variant.variant_sku, options_json(variant.options)),
        *(money(listed), money(Discount.of(variant).price_at(listed, now)), money(compare_at)),
        *(variant.currency, _whole(variant.available), _whole(variant.sold), variant.max_quantity),
        *(", ".join(variant.tags), round(Decimal(variant.rating), 2), variant.reviews_count, variant.slug),
        *(variant.created_at, variant.updated_at, metadata_json(variant.custom_metadata), category_path),
        *(variant.description, metadata_json(variant.attributes), variant.seo_title, variant.seo_description),
    )


def _translations(variant: AnyRow, languages: Sequence[str]) -> Row:
    stored = variant.translations or {}
    return tuple(stored.get(language, {}).get(text) for language in languages for text in PRODUCT_TEXTS)


def _whole(units: int | Decimal | None) -> int | None:
    return None if units is None else int(units)
