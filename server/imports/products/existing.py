"""What the shop has already of the products in a batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.orm import InstrumentedAttribute

from server.catalog.models import DEFAULT_LOCATION_ID, InventoryLevel, Product, Variant
from server.db.base import AnyRow
from server.db.id_lists import ids_named, ids_value, is_among
from server.imports.products.rows import ProductRow


@dataclass(frozen=True, slots=True)
class Existing:
    """Products by their skus, and variants by theirs; those of the products' default variants by product."""

    products: Mapping[str, AnyRow]
    variants: Mapping[str, AnyRow]
    defaults: Mapping[int, AnyRow]
    available: Mapping[int, int]
    """The units of variants, by their ids, where rows count them; not locked."""

    @classmethod
    def read(cls, tx: Connection, rows: Sequence[ProductRow]) -> Existing:
        """Read what these rows are about, and lock the products."""
        products = {row.sku: row for row in _products(tx, {row.sku for row in rows})}
        skus = {row.variant_sku or row.sku for row in rows} | {row.sku for row in rows}
        variants = list(_variants(tx, skus, [row.id for row in products.values()]))
        counted = {row.sku for row in rows if row.stock is not None}
        ids = {product.id for sku, product in products.items() if sku in counted}
        return cls(
            products,
            {row.sku: row for row in variants},
            {row.product_id: row for row in variants if row.is_default},
            _available(tx, [row.id for row in variants if row.product_id in ids]),
        )


def _products(tx: Connection, skus: Collection[str]) -> Sequence[AnyRow]:
    # As queries.lock_product: whoever writes lines of an order needs the key meanwhile.
    return tx.execute(
        select(*Product.__table__.columns)
        .where(is_among(Product.sku, skus, tx), Product.deleted_at.is_(None))
        .order_by(Product.id)
        .with_for_update(key_share=True)
    ).all()


def _variants(tx: Connection, skus: Collection[str], product_ids: Sequence[int]) -> Iterable[AnyRow]:
    columns = select(*Variant.__table__.columns).where(Variant.deleted_at.is_(None))
    yield from tx.execute(columns.where(is_among(Variant.sku, skus, tx)))
    if product_ids:
        of_products = columns.where(_in_ids(tx, Variant.product_id), Variant.is_default)
        yield from tx.execute(of_products, {"ids": ids_value(tx, product_ids)})


def _available(tx: Connection, variant_ids: Sequence[int]) -> Mapping[int, int]:
    if not variant_ids:
        return {}
    level = InventoryLevel
    of_variants = select(level.variant_id, level.available).where(
        _in_ids(tx, level.variant_id), level.location_id == DEFAULT_LOCATION_ID
    )
    rows = tx.execute(of_variants, {"ids": ids_value(tx, variant_ids)})
    return {row.variant_id: row.available for row in rows}


def _in_ids(tx: Connection, column: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    return column.in_(ids_named("ids", tx.dialect.name))
