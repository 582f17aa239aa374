"""Writes a batch of rows in one transaction: new products together, changes of others, then the events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, cast

from sqlalchemy import Connection, Table, bindparam, update

from server.catalog import listings
from server.catalog.discounts import Discount
from server.catalog.listings import ListedProduct
from server.catalog.models import DEFAULT_LOCATION_ID, InventoryLevel, Product, Variant
from server.catalog.queries import opening_priority
from server.catalog.service import LISTED
from server.db.base import AnyRow
from server.db.bulk import reserve_ids, write_rows
from server.db.plans import plan_along_indexes
from server.events.log import publish
from server.events.topics import MovedLevel, ProductChanged, StockMoved
from server.imports.products import variants
from server.imports.products.categories import CategoryFinder
from server.imports.products.existing import Existing
from server.imports.products.judging import ExistingProduct, Judge, NewProduct, RowUnfit, Terms
from server.imports.products.rows import ProductRow, RowProblem
from server.imports.products.variants import VariantOfRow
from server.imports.slugs import free_slugs, live_slugs

_PRODUCTS, _VARIANTS = cast(Table, Product.__table__), cast(Table, Variant.__table__)
_LEVELS = cast(Table, InventoryLevel.__table__)
_TABLES: Final = ("products", "variants", "inventory_levels", "product_listings")
_PRODUCT: Final = (
    *("id", "sku", "slug", "name", "description", "category_id", "brand", "price_minor", "compare_at_minor"),
    *("currency", "max_quantity", "attributes", "custom_metadata", "tags", "seo_title", "seo_description"),
    *("translations", "vendor_id", "version", "created_at", "updated_at"),
)
_LEVEL: Final = ("variant_id", "location_id", "product_id", "available", "received", "sold", "priority")


@dataclass(slots=True)
class BatchOutcome:
    """What came of some rows: how many made, changed or left something, and what is wrong with the others."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: list[RowProblem] = field(default_factory=list)

    def refuse(self, row: ProductRow, unfit: RowUnfit) -> None:
        """Note what is wrong with a row."""
        self.problems.append(RowProblem(row.line, unfit.column, unfit.reason, row.sku))


@dataclass(slots=True)
class _Judged:
    """What is to be written, by the skus of the products; `opened` is the stock with which new variants began."""

    new: dict[str, NewProduct] = field(default_factory=dict)
    stored: dict[str, ExistingProduct] = field(default_factory=dict)
    variants: list[VariantOfRow] = field(default_factory=list)
    opened: list[MovedLevel] = field(default_factory=list)

    def slugs(self) -> set[str]:
        """The slugs that rows name."""
        named = [one.values for one in self.new.values()] + [one.changes for one in self.stored.values()]
        return {str(values["slug"]) for values in named if values.get("slug")}

    def price_of(self, sku: str, product: AnyRow | None) -> int:
        """What a product costs once the batch is written."""
        if product is None:
            return int(self.new[sku].values["price_minor"])
        stored = self.stored.get(sku)
        return int(stored.changes.get("price_minor", product.price_minor) if stored else product.price_minor)


def write_batch(tx: Connection, rows: Sequence[ProductRow], terms: Terms, now: datetime) -> BatchOutcome:
    """Write what these rows say. What cannot be written is a problem of its row, and the others stand.

    Raises IntegrityError when somebody else took a sku or a slug meanwhile: repeated, it is a problem of its row.
    """
    outcome = BatchOutcome()
    plan_along_indexes(tx, _TABLES)
    existing = Existing.read(tx, rows)
    judged = _judge(tx, rows, existing, terms, outcome)
    moving = {one.current.id for one in judged.stored.values() if one.changes.keys() & LISTED}
    moving |= {one.product.id for one in judged.variants if one.product is not None and one.moves_stock}
    priority = opening_priority(tx)  # which holds the location: that comes before its levels
    if moving:
        listings.hold_stock(tx, moving)  # all at once, in the order in which everybody takes them
    lists, ids = _create(tx, judged, priority, now)
    changed, relisted = _write_variants(tx, judged, ids, outcome)
    changes = [one for one in judged.stored.values() if one.changes]
    _change(tx, changes, now)
    changed |= {one.current.id for one in changes}
    relisted |= {one.current.id for one in changes if one.changes.keys() & LISTED}
    lists |= listings.relist(tx, relisted, now)
    outcome.created += len(judged.new)
    _publish(tx, list(dict.fromkeys([*ids.values(), *sorted(changed)])), lists)
    for moved in StockMoved.of_many(judged.opened, flipped=False):
        publish(tx, moved)
    return outcome


def _write_variants(
    tx: Connection, judged: _Judged, ids: Mapping[str, int], outcome: BatchOutcome
) -> tuple[set[int], set[int]]:
    """Write what rows say of variants; return the products that this changed, and those that it lists anew.

    A row whose variant cannot be written says nothing of its product either: this comes before the products.
    """
    changed: set[int] = set()
    relisted: set[int] = set()
    counted: list[MovedLevel] = []
    for variant in judged.variants:
        sku = variant.row.sku
        product_id = ids[sku] if variant.product is None else variant.product.id
        priced = replace(variant, product_price=judged.price_of(sku, variant.product))
        try:
            written = variants.write(tx, priced, product_id)
        except RowUnfit as unfit:
            if not variant.row.is_further_variant:
                del judged.stored[sku]
            outcome.refuse(variant.row, unfit)
            continue
        head = None if variant.row.is_further_variant else judged.stored[sku]
        changed |= {product_id} if written.changed else set()
        relisted |= {product_id} if written.relists else set()
        judged.opened += [written.opened] if written.opened is not None else []
        counted += [written.counted] if written.counted is not None else []
        updated = written.changed or (head is not None and bool(head.changes))
        _count(outcome, created=written.created, updated=updated)
    variants.count_stock(tx, counted)
    return changed, relisted


def _count(outcome: BatchOutcome, *, created: bool, updated: bool) -> None:
    if created:
        outcome.created += 1
    elif updated:
        outcome.updated += 1
    else:
        outcome.unchanged += 1


def _judge(
    tx: Connection, rows: Sequence[ProductRow], existing: Existing, terms: Terms, outcome: BatchOutcome
) -> _Judged:
    categories = CategoryFinder(tx, create=terms.create_categories)
    slugs = {str(row.values["slug"]) for row in rows if "slug" in row.values}
    judge = Judge(existing, categories, terms, live_slugs(tx, sorted(slugs)))
    judged = _Judged()
    heads = {row.sku for row in rows if not row.is_further_variant}
    for row in rows:
        try:
            if terms.dry_run and row.sku not in heads and row.sku not in existing.products:
                # Its product was in an earlier batch, of which a dry run has left nothing.
                outcome.created += 1
                continue
            _judge_row(row, existing, judge, judged)
        except RowUnfit as unfit:
            outcome.refuse(row, unfit)
    return judged


def _judge_row(row: ProductRow, existing: Existing, judge: Judge, judged: _Judged) -> None:
    product = existing.products.get(row.sku)
    if row.is_further_variant:
        if product is None and row.sku not in judged.new:
            raise RowUnfit("sku", "is of a product whose own row was refused")
        if product is not None:
            judge.check_owner(product)
        judged.variants.append(variants.of_row(row, product, existing))
        return
    if product is None:
        judged.new[row.sku] = judge.new(row)
        return
    variant = variants.of_row(row, product, existing)
    judged.stored[row.sku] = judge.existing(row, product, sets_price=variant.has_product_price)
    judged.variants.append(variant)


def _create(
    tx: Connection, judged: _Judged, priority: int | None, now: datetime
) -> tuple[set[str], dict[str, int]]:
    """Insert products with default variants and opening stock; return the lists they stand on, and their ids."""
    new = judged.new
    if not new:
        return set(), {}
    ids = dict(zip(new, reserve_ids(tx, _PRODUCTS, len(new)), strict=True))
    variant_ids = reserve_ids(tx, _VARIANTS, len(new))
    unnamed = {sku: str(one.values["name"]) for sku, one in new.items() if not one.values.get("slug")}
    made = free_slugs(tx, unnamed, reserved=judged.slugs())
    columns = {
        sku: one.values
        | {"id": ids[sku], "slug": one.values.get("slug") or made[sku], "version": 1}
        | {"created_at": now, "updated_at": now}
        for sku, one in new.items()
    }
    write_rows(tx, _PRODUCTS, _PRODUCT, ([values[name] for name in _PRODUCT] for values in columns.values()))
    variants.write_defaults(tx, dict(zip(variant_ids, new.values(), strict=True)), ids)
    opened = [
        MovedLevel(ids[one.row.sku], variant_id, DEFAULT_LOCATION_ID, one.row.units)
        for variant_id, one in zip(variant_ids, new.values(), strict=True)
    ]
    levels = (
        (one.variant_id, one.location_id, one.product_id, one.available, one.available, 0, priority)
        for one in opened
    )
    judged.opened.extend(opened)
    write_rows(tx, _LEVELS, _LEVEL, levels)
    serves = priority is not None
    listed = [(_listed(columns[sku]), one.row.units if serves else 0) for sku, one in new.items()]
    return listings.list_new(tx, listed, now), ids


def _listed(values: dict[str, object]) -> ListedProduct:
    facts = {name: values[name] for name in ("id", "name", "category_id", "brand", "vendor_id", "tags")}
    return ListedProduct(
        **facts,  # type: ignore[arg-type]
        price_minor=cast(int, values["price_minor"]),
        discount=Discount(),
        created_at=cast(datetime, values["created_at"]),
    )


def _change(tx: Connection, products: Sequence[ExistingProduct], now: datetime) -> None:
    """Update products, those with the same columns together."""
    by_columns: defaultdict[tuple[str, ...], list[ExistingProduct]] = defaultdict(list)
    for one in products:
        by_columns[tuple(sorted(one.changes))].append(one)
    for names, some in by_columns.items():
        statement = (
            update(_PRODUCTS)
            .where(_PRODUCTS.c.id == bindparam("of"))
            .values(
                **{name: bindparam(f"new_{name}", type_=_PRODUCTS.c[name].type) for name in names},
                updated_at=now,
                version=_PRODUCTS.c.version + 1,
            )
        )
        rows = [{"of": one.current.id} | {f"new_{name}": one.changes[name] for name in names} for one in some]
        tx.execute(statement, rows)


def _publish(tx: Connection, product_ids: Sequence[int], lists: set[str]) -> None:
    """Tell of these products; the first event names the lists of all of them."""
    if product_ids:
        others = (ProductChanged(product_id, ()) for product_id in product_ids[1:])
        publish(tx, ProductChanged(product_ids[0], tuple(sorted(lists))), *others)
