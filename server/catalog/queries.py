"""SQL of the catalogue's products: one function per question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    UnaryExpression,
    and_,
    cast,
    delete,
    exists,
    func,
    insert,
    select,
    tuple_,
    update,
)

from server.catalog.models import Category, InventoryLevel, Product, ProductTag, Variant
from server.db.base import AnyRow
from server.db.upsert import insert_for

COUNTED_UP_TO = 1000
"""A total above this is not counted further."""


@dataclass(frozen=True)
class ProductFilter:
    """Which products a list holds. None and () filter nothing."""

    category_ids: frozenset[int] | None = None
    brand: str | None = None
    tags: tuple[str, ...] = ()
    min_price_minor: int | None = None
    max_price_minor: int | None = None
    in_stock: bool | None = None
    vendor_id: int | None = None

    def scope(self) -> tuple[object, ...]:
        """What a page token is bound to, besides the category as the caller names it."""
        return tuple(vars(replace(self, category_ids=None)).values())


_AVAILABLE = (
    select(
        cast(func.coalesce(func.sum(InventoryLevel.available), 0), BigInteger)
    )  # a sum is NUMERIC otherwise
    .where(InventoryLevel.product_id == Product.id)
    .correlate(Product)
    .scalar_subquery()
)

_PRODUCTS = (
    select(
        *(column for column in Product.__table__.columns),
        Category.name.label("category_name"),
        Variant.id.label("default_variant_id"),
        _AVAILABLE.label("available"),
    )
    .join(Variant, and_(Variant.product_id == Product.id, Variant.is_default))
    .outerjoin(Category, Category.id == Product.category_id)
)

# The order of each sort: its columns, and whether they descend. The id breaks ties.
_SORTS: dict[str, tuple[Any, bool]] = {
    "NEWEST": (Product.created_at, True),
    "PRICE_ASC": (Product.price_minor, False),
    "PRICE_DESC": (Product.price_minor, True),
    "NAME": (func.lower(Product.name), False),
    "POPULARITY": (InventoryLevel.sold, True),
    "RATING": (Product.rating, True),
}


def products(connection: Connection, ids: Sequence[int]) -> Sequence[AnyRow]:
    """The products with these ids that were not deleted, with category, default variant and stock."""
    return connection.execute(_PRODUCTS.where(Product.id.in_(ids), Product.deleted_at.is_(None))).all()


def product_id_by_slug(connection: Connection, slug: str) -> int | None:
    """The id of the product with this slug, unless it was deleted."""
    return connection.scalar(select(Product.id).where(Product.slug == slug, Product.deleted_at.is_(None)))


def product_page(
    connection: Connection, wanted: ProductFilter, sort: str, after: Sequence[Any] | None, limit: int
) -> Sequence[AnyRow]:
    """Up to `limit` rows (id, sort key) of a list, after the row with the keys `after`."""
    column, descending = _SORTS[sort]
    statement = _filtered(select(Product.id, column), wanted)
    if column is InventoryLevel.sold:
        statement = statement.join(Variant, and_(Variant.product_id == Product.id, Variant.is_default)).join(
            InventoryLevel, InventoryLevel.variant_id == Variant.id
        )
    if after is not None:
        keys = tuple_(column, Product.id)
        statement = statement.where(keys < tuple(after) if descending else keys > tuple(after))
    return connection.execute(statement.order_by(*_ordering(column, descending)).limit(limit)).all()


def count_products(connection: Connection, wanted: ProductFilter) -> int:
    """How many products a list holds, counted up to COUNTED_UP_TO."""
    rows = _filtered(select(Product.id), wanted).limit(COUNTED_UP_TO).subquery()
    return connection.execute(select(func.count()).select_from(rows)).scalar_one()


def _ordering(column: Any, descending: bool) -> list[UnaryExpression[Any]]:
    return [column.desc(), Product.id.desc()] if descending else [column.asc(), Product.id.asc()]


def _filtered(statement: Select[Any], wanted: ProductFilter) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = [Product.deleted_at.is_(None)]
    if wanted.category_ids is not None:
        conditions.append(Product.category_id.in_(wanted.category_ids))
    if wanted.brand is not None:
        conditions.append(func.lower(Product.brand) == func.lower(wanted.brand))
    if wanted.min_price_minor is not None:
        conditions.append(Product.price_minor >= wanted.min_price_minor)
    if wanted.max_price_minor is not None:
        conditions.append(Product.price_minor <= wanted.max_price_minor)
    if wanted.vendor_id is not None:
        conditions.append(Product.vendor_id == wanted.vendor_id)
    for tag in wanted.tags:
        conditions.append(exists().where(ProductTag.tag == tag, ProductTag.product_id == Product.id))
    if wanted.in_stock is not None:
        level = select(InventoryLevel.variant_id).where(InventoryLevel.available > 0)
        # Correlated with the product only: sorted by popularity, the list itself joins the levels.
        stocked = exists(level.where(InventoryLevel.product_id == Product.id).correlate(Product))
        conditions.append(stocked if wanted.in_stock else ~stocked)
    return statement.where(*conditions)


def insert_product(tx: Connection, values: dict[str, Any]) -> int | None:
    """Insert a product; None when its sku or slug is taken."""
    statement = insert_for(tx)(Product).values(**values).on_conflict_do_nothing().returning(Product.id)
    return tx.execute(statement).scalar()


def insert_default_variant(tx: Connection, product_id: int, sku: str) -> int | None:
    """Insert the default variant of a product; None when its sku is taken."""
    statement = insert_for(tx)(Variant).values(product_id=product_id, sku=sku, options={}, is_default=True)
    return tx.execute(statement.on_conflict_do_nothing().returning(Variant.id)).scalar()


def sku_exists(connection: Connection, sku: str) -> bool:
    """Whether a product, deleted or not, has this sku."""
    return connection.scalar(select(Product.id).where(Product.sku == sku)) is not None


def replace_tags(tx: Connection, product_id: int, tags: Sequence[str]) -> None:
    """Make `tags` the rows that the tag filter looks at."""
    tx.execute(delete(ProductTag).where(ProductTag.product_id == product_id))
    if tags:
        tx.execute(insert(ProductTag), [{"product_id": product_id, "tag": tag} for tag in tags])


def lock_product(tx: Connection, product_id: int) -> AnyRow | None:
    """The product's owner, version and prices, locked until the transaction ends; None when it is gone."""
    prices = (Product.price_minor, Product.compare_at_minor, Product.discount_minor, Product.currency)
    return tx.execute(
        select(Product.vendor_id, Product.version, Product.sku, *prices)
        .where(Product.id == product_id, Product.deleted_at.is_(None))
        # Not FOR UPDATE: a checkout that holds the stock of this product needs its key for the lines it writes.
        .with_for_update(key_share=True)
    ).one_or_none()


def update_product(tx: Connection, product_id: int, values: dict[str, Any], now: datetime) -> None:
    """Change columns of a product and count its version up."""
    tx.execute(
        update(Product)
        .where(Product.id == product_id)
        .values(**values, updated_at=now, version=Product.version + 1)
    )


def update_default_sku(tx: Connection, product_id: int, sku: str) -> None:
    """Keep the default variant's sku equal to its product's."""
    tx.execute(update(Variant).where(Variant.product_id == product_id, Variant.is_default).values(sku=sku))
