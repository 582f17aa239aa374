"""SQL of the catalogue's products: one function per question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Connection, and_, bindparam, case, cast, func, insert, null, select, update
from sqlalchemy.orm import aliased

from server.catalog.images import IMAGES
from server.catalog.models import (
    DEFAULT_LOCATION_ID,
    ORDERABLE,
    Category,
    InventoryLevel,
    Location,
    Product,
    Variant,
)
from server.db.base import AnyRow, AnySelect, Values
from server.db.id_lists import ids_named, ids_value
from server.db.json_rows import json_rows
from server.db.prepared import Prepared
from server.db.upsert import insert_for

_AVAILABLE = (
    # A sum is NUMERIC unless it is cast.
    select(cast(func.coalesce(func.sum(ORDERABLE), 0), BigInteger))
    .join_from(InventoryLevel, Variant, Variant.id == InventoryLevel.variant_id)
    .where(InventoryLevel.product_id == Product.id, Variant.removed.is_(False))
    .correlate(Product)
    .scalar_subquery()
)


def _products(dialect: str) -> AnySelect:
    """Products with all that is shown of them; their variants as rows of [id, options, price]."""
    variants = json_rows(Variant.id, Variant.options, Variant.price_minor)
    of_product = select(variants).where(Variant.product_id == Product.id, Variant.removed.is_(False))
    default = aliased(Variant)
    return (
        select(
            *(column for column in Product.__table__.columns),
            Category.name.label("category_name"),
            Category.translations.label("category_translations"),
            default.id.label("default_variant_id"),
            _AVAILABLE.label("available"),
            of_product.correlate(Product).scalar_subquery().label("variants"),
            IMAGES.label("images"),
        )
        .join(default, and_(default.product_id == Product.id, default.is_default))
        .outerjoin(Category, Category.id == Product.category_id)
        .where(Product.id.in_(ids_named("ids", dialect)))
    )


_PRODUCTS = Prepared(lambda dialect: _products(dialect).where(Product.deleted_at.is_(None)))
_PRODUCTS_AND_DELETED = Prepared(_products)


def products(connection: Connection, ids: Sequence[int], *, deleted: bool = False) -> Sequence[AnyRow]:
    """The products with these ids, with category, variants and stock; with `deleted` also deleted ones."""
    statement = _PRODUCTS_AND_DELETED if deleted else _PRODUCTS
    return statement.all(connection, ids=ids_value(connection, ids))


def product_id_by_slug(connection: Connection, slug: str) -> int | None:
    """The id of the product with this slug, unless it was deleted."""
    return connection.scalar(select(Product.id).where(Product.slug == slug, Product.deleted_at.is_(None)))


def insert_product(tx: Connection, values: Values) -> int | None:
    """Insert a product; None when its sku or slug is taken."""
    statement = insert_for(tx)(Product).values(**values).on_conflict_do_nothing().returning(Product.id)
    return tx.execute(statement).scalar()


def insert_default_variant(tx: Connection, product_id: int, sku: str) -> int | None:
    """Insert the default variant of a product; None when its sku is taken."""
    statement = insert_for(tx)(Variant).values(product_id=product_id, sku=sku, options=[], is_default=True)
    return tx.execute(statement.on_conflict_do_nothing().returning(Variant.id)).scalar()


# Held, as whoever changes the location changes its levels, and would not see a new one yet.
_OPENING_PRIORITY = (
    select(case((Location.active, Location.priority), else_=null()))
    .where(Location.id == DEFAULT_LOCATION_ID)
    .with_for_update(read=True)
)


def opening_priority(tx: Connection) -> int | None:
    """The priority of levels that are new at the default location; None while that is not active."""
    return tx.scalar(_OPENING_PRIORITY)


def open_stock(tx: Connection, product_id: int, variant_id: int, quantity: int) -> int:
    """Give a new variant its opening stock, at the default location; how much of it can be ordered."""
    serves = tx.scalar(
        insert(InventoryLevel)
        .values(
            product_id=product_id,
            variant_id=variant_id,
            location_id=DEFAULT_LOCATION_ID,
            available=quantity,
            received=quantity,
            sold=0,
            priority=_OPENING_PRIORITY.scalar_subquery(),
        )
        .returning(InventoryLevel.priority.is_not(None))
    )
    return quantity if serves else 0


def sku_exists(connection: Connection, sku: str) -> bool:
    """Return whether a product that was not deleted has this sku."""
    live = select(Product.id).where(Product.sku == sku, Product.deleted_at.is_(None))
    return connection.scalar(live) is not None


_LOCK_PRODUCT = Prepared(
    select(*Product.__table__.columns)
    .where(Product.id == bindparam("product_id", type_=BigInteger), Product.deleted_at.is_(None))
    # Not FOR UPDATE: a checkout that holds the stock of this product needs its key for the lines it writes.
    .with_for_update(key_share=True)
)


def lock_product(tx: Connection, product_id: int) -> AnyRow | None:
    """A product as it is stored, locked until the transaction ends; None when it is gone."""
    return _LOCK_PRODUCT.first(tx, product_id=product_id)


def lock_deleted(tx: Connection, product_id: int) -> AnyRow | None:
    """The owner and names of a product, deleted or not, and when it was; locked until the transaction ends."""
    return tx.execute(
        select(Product.vendor_id, Product.deleted_at, Product.sku, Product.slug)
        .where(Product.id == product_id)
        .with_for_update(key_share=True)
    ).one_or_none()


def mark_variants(tx: Connection, product_id: int, deleted_at: datetime | None) -> None:
    """Delete or bring back the variants of a product with it: those that were not deleted by themselves before."""
    of_product = (Variant.product_id == product_id, Variant.removed.is_(False))
    tx.execute(update(Variant).where(*of_product).values(deleted_at=deleted_at))


def taken_sku(connection: Connection, product_id: int) -> str | None:
    """A sku of a deleted product's variants that another variant has by now; None when each is free."""
    other = aliased(Variant)
    return connection.scalar(
        select(Variant.sku)
        .join(other, other.sku == Variant.sku)
        .where(Variant.product_id == product_id, Variant.removed.is_(False), other.deleted_at.is_(None))
        .limit(1)
    )


def update_product(tx: Connection, product_id: int, values: Values, now: datetime) -> None:
    """Change columns of a product and count its version up."""
    tx.execute(
        update(Product)
        .where(Product.id == product_id)
        .values(**values, updated_at=now, version=Product.version + 1)
    )


def rename_variant(tx: Connection, product_id: int, before: str, sku: str) -> None:
    """Give the variant that has its product's sku the new one of the product; there may be none such."""
    named = (Variant.product_id == product_id, Variant.sku == before, Variant.removed.is_(False))
    tx.execute(update(Variant).where(*named).values(sku=sku, version=Variant.version + 1))


def rate_product(tx: Connection, product_id: int, rating: float, reviews_count: int) -> None:
    """Say how a product is rated; its version stays, so that no change of the product itself is stale by that."""
    tx.execute(
        update(Product).where(Product.id == product_id).values(rating=rating, reviews_count=reviews_count)
    )
