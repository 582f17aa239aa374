"""Writes what rows say of variants: their options, prices and stock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection, Table, insert, update

from server.catalog import queries
from server.catalog.models import Variant
from server.db.base import AnyRow, Values
from server.db.bulk import write_rows
from server.db.rows import changed_columns
from server.imports.products.existing import Existing
from server.imports.products.judging import NewProduct, RowUnfit, Terms
from server.imports.products.rows import ProductRow
from server.inventory.service import set_stock

_VARIANTS = cast(Table, Variant.__table__)


@dataclass(frozen=True, slots=True)
class VariantOfRow:
    """The variant that a row is about: `product` is None where this batch makes it, `current` where it is new."""

    row: ProductRow
    product: AnyRow | None
    current: AnyRow | None
    available: int | None
    product_price: int = 0

    @property
    def is_default(self) -> bool:
        """Whether the product's own price is its price."""
        return self.current is not None and self.current.is_default

    @property
    def moves_stock(self) -> bool:
        """Whether the stock of its product is another afterwards."""
        return self.current is None or (self.row.stock is not None and self.row.stock != self.available)


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a variant."""

    created: bool = False
    changed: bool = False
    relists: bool = False


def of_row(row: ProductRow, product: AnyRow | None, existing: Existing) -> VariantOfRow:
    """The variant that a row is about. Raises RowUnfit for one of another product."""
    if row.variant_sku:
        current = existing.variants.get(row.variant_sku)
        if current is not None and (product is None or current.product_id != product.id):
            raise RowUnfit("variant_sku", "is the sku of a variant of another product")
    else:
        current = existing.defaults.get(product.id) if product is not None else None
    available = existing.available.get(current.id) if current is not None else None
    return VariantOfRow(row, product, current, available)


def write(tx: Connection, variant: VariantOfRow, product_id: int, terms: Terms) -> Written:
    """Write what a row says of a variant. Raises RowUnfit."""
    row, current = variant.row, variant.current
    if current is None:
        _create(tx, variant, product_id)
        return Written(created=True, changed=True, relists=True)
    changes = changed_columns(current, _columns(variant))
    if changes:
        tx.execute(update(_VARIANTS).where(_VARIANTS.c.id == current.id).values(changes))
    if row.stock is not None and row.stock != variant.available:
        set_stock(tx, terms.caller, product_id, current.id, quantity=row.stock)
        return Written(changed=True)
    return Written(changed=bool(changes))


def _columns(variant: VariantOfRow) -> Values:
    columns: Values = {}
    if variant.row.options is not None:
        columns["options"] = dict(variant.row.options)
    price = variant.row.values.get("price_minor")
    if price is not None and not variant.is_default:
        columns["price_minor"] = None if price == variant.product_price else price
    return columns


def _create(tx: Connection, variant: VariantOfRow, product_id: int) -> None:
    row = variant.row
    columns: Values = {"options": {}, "price_minor": None} | _columns(variant)
    values = columns | {"product_id": product_id, "sku": row.variant_sku, "is_default": False}
    variant_id = tx.execute(insert(_VARIANTS).values(values).returning(_VARIANTS.c.id)).scalar_one()
    queries.open_stock(tx, product_id, variant_id, row.units)


def write_defaults(tx: Connection, new: Mapping[int, NewProduct], product_ids: Mapping[str, int]) -> None:
    """Insert the default variants of new products, by the ids that they get."""
    rows = (
        (
            variant_id,
            product_ids[one.row.sku],
            one.row.variant_sku or one.row.sku,
            one.row.options or {},
            True,
        )
        for variant_id, one in new.items()
    )
    write_rows(tx, _VARIANTS, ("id", "product_id", "sku", "options", "is_default"), rows)
