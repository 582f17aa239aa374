"""Writes what rows say of variants: their options, prices and stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection, Table

from server.catalog.models import DEFAULT_LOCATION_ID, Variant
from server.catalog.queries import open_stock
from server.catalog.variants import queries
from server.catalog.variants.errors import OptionsTaken
from server.catalog.variants.options import Options, option_columns
from server.catalog.variants.service import MAX_VARIANTS, check_options
from server.db.base import AnyRow, Values
from server.db.bulk import write_rows
from server.db.rows import changed_columns
from server.errors import InvalidField
from server.events.log import publish
from server.events.topics import MAX_LEVELS, MovedLevel
from server.imports.products.existing import Existing
from server.imports.products.judging import NewProduct, RowUnfit
from server.imports.products.rows import ProductRow
from server.inventory import levels

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
    def has_product_price(self) -> bool:
        """Whether it is what the product's own price is about."""
        return self.current is not None and self.current.is_default and self.current.price_minor is None

    @property
    def counted(self) -> int | None:
        """The units that its row has counted, where there were others; of a new variant none are."""
        return self.row.stock if self.current is not None and self.row.stock != self.available else None

    @property
    def moves_stock(self) -> bool:
        """Whether the stock of its product is another afterwards."""
        return self.current is None or self.counted is not None


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a variant, and the level that is still to be counted, or was opened with it."""

    created: bool = False
    changed: bool = False
    relists: bool = False
    opened: MovedLevel | None = None
    counted: MovedLevel | None = None


def of_row(row: ProductRow, product: AnyRow | None, existing: Existing) -> VariantOfRow:
    """The variant that a row is about. Raises RowUnfit for one of another product, and for one without a sku."""
    default = existing.defaults.get(product.id) if product is not None else None
    if row.variant_sku:
        # The default variant has the product's sku at first, and where another has it, that one is meant.
        current = existing.variants.get(row.variant_sku, default if row.variant_sku == row.sku else None)
        if current is not None and (product is None or current.product_id != product.id):
            raise RowUnfit("variant_sku", "is the sku of a variant of another product")
    elif default is None:
        raise RowUnfit("variant_sku", "is missing: its product, which is new, has a row already")
    else:
        current = default
    available = existing.available.get(current.id) if current is not None else None
    return VariantOfRow(row, product, current, available)


def write(tx: Connection, variant: VariantOfRow, product_id: int) -> Written:
    """Write what a row says of a variant, but for its stock: see `count_stock`. Raises RowUnfit."""
    current = variant.current
    if current is None:
        _check_others(tx, variant, product_id)
        opened = _create(tx, variant, product_id)
        return Written(created=True, changed=True, relists=True, opened=opened)
    changes = changed_columns(current, _columns(variant))
    if "options_key" in changes:
        _check_others(tx, variant, product_id)
    if changes:
        queries.update_variant(tx, current.id, changes)
    counted = None
    if variant.counted is not None:
        counted = MovedLevel(product_id, current.id, DEFAULT_LOCATION_ID, variant.counted)
    return Written(
        changed=bool(changes) or counted is not None, relists="price_minor" in changes, counted=counted
    )


def count_stock(tx: Connection, counted: Sequence[MovedLevel]) -> None:
    """Make so many units the ones that are available of existing variants, whose products are locked."""
    for start in range(0, len(counted), MAX_LEVELS):
        part = counted[start : start + MAX_LEVELS]
        locked = levels.hold(tx, {one.variant_id: one.product_id for one in part}, ())
        units = {(one.variant_id, one.location_id): one.available for one in part}
        moved = levels.change(tx, locked, units)
        if moved is not None:
            publish(tx, moved)


def _check_others(tx: Connection, variant: VariantOfRow, product_id: int) -> None:
    """Raise RowUnfit for a variant too many, or of which its product has another with the same options."""
    own_id = variant.current.id if variant.current is not None else None
    others = [one for one in queries.live_variants(tx, product_id) if one.id != own_id]
    if len(others) >= MAX_VARIANTS:
        raise RowUnfit("variant_sku", f"is one too many: a product has at most {MAX_VARIANTS} variants")
    try:
        check_options(product_id, _options(variant.row), others)
    except OptionsTaken as taken:
        raise RowUnfit("options", f"are those of variant {taken.values['variant_id']}") from None
    except InvalidField as wrong:
        raise RowUnfit("options", wrong.violations[0].description) from None


def _options(row: ProductRow) -> Options:
    return tuple((row.options or {}).items())


def _columns(variant: VariantOfRow) -> Values:
    columns: Values = {}
    if variant.row.options is not None:
        columns |= option_columns(_options(variant.row))
    price = variant.row.values.get("price_minor")
    if price is not None:
        columns |= _own_price(variant, price)
    return columns


def _own_price(variant: VariantOfRow, price: int) -> Values:
    """The columns of a price, which is none of its own where its product costs the same. Raises RowUnfit."""
    discount = variant.product.discount_minor if variant.product is not None else None
    if discount is not None and price < discount:
        raise RowUnfit("price", "must not be below the product's discount")
    if price == variant.product_price:
        return {"price_minor": None, "compare_at_minor": None}
    stored = variant.current.compare_at_minor if variant.current is not None else None
    compare_at = variant.row.values.get("compare_at_minor", stored)
    if compare_at is not None and compare_at < price:
        if "compare_at_minor" in variant.row.values:
            raise RowUnfit("compare_at_price", "must not be below the price")
        compare_at = None  # it was compared with another price
    return {"price_minor": price, "compare_at_minor": compare_at}


def _create(tx: Connection, variant: VariantOfRow, product_id: int) -> MovedLevel:
    """Insert a variant with its opening stock, and return that."""
    row = variant.row
    columns: Values = {"options": [], "price_minor": None} | _columns(variant)
    values = columns | {"product_id": product_id, "sku": row.variant_sku, "is_default": False}
    variant_id = queries.insert_variant(tx, values)
    open_stock(tx, product_id, variant_id, row.units)
    return MovedLevel(product_id, variant_id, DEFAULT_LOCATION_ID, row.units)


def write_defaults(tx: Connection, new: Mapping[int, NewProduct], product_ids: Mapping[str, int]) -> None:
    """Insert the default variants of new products, by the ids that they get."""
    rows = (
        (
            variant_id,
            product_ids[one.row.sku],
            one.row.variant_sku or one.row.sku,
            *option_columns(_options(one.row)).values(),
            True,
        )
        for variant_id, one in new.items()
    )
    write_rows(tx, _VARIANTS, ("id", "product_id", "sku", "options", "options_key", "is_default"), rows)
