"""SQL of the variants: one function per question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, insert, select, update

from server.catalog.models import Product, Variant
from server.catalog.offers import AVAILABLE
from server.catalog.variants.options import Options, options_of
from server.db.base import AnyRow, Values

_VARIANTS = (
    select(
        *(column for column in Variant.__table__.columns),
        Product.price_minor.label("product_minor"),
        Product.currency,
        *(Product.discount_bp, Product.discount_minor, Product.discount_from, Product.discount_until),
        AVAILABLE,
    )
    .join(Product, Product.id == Variant.product_id)
    .where(Variant.deleted_at.is_(None), Product.deleted_at.is_(None))
)


@dataclass(frozen=True, slots=True)
class LiveVariant:
    """A variant of a product that is locked, as far as its other variants must know it."""

    id: int
    options: Options
    price_minor: int | None
    is_default: bool


def variants(connection: Connection, product_id: int, after: int, limit: int) -> Sequence[AnyRow]:
    """Up to `limit` variants of a product behind the one with the id `after`, with its prices and their stock."""
    return connection.execute(
        _VARIANTS.where(Variant.product_id == product_id, Variant.id > after)
        .order_by(Variant.id)
        .limit(limit)
    ).all()


def variant(connection: Connection, product_id: int, variant_id: int) -> AnyRow | None:
    """A variant of a product, as `variants` returns it; None when there is none."""
    statement = _VARIANTS.where(Variant.product_id == product_id, Variant.id == variant_id)
    return connection.execute(statement).one_or_none()


def product_id_of(connection: Connection, variant_id: int) -> int | None:
    """The product of a variant, which never changes; None when there is no such variant."""
    return connection.scalar(select(Variant.product_id).where(Variant.id == variant_id))


def live_variants(tx: Connection, product_id: int) -> list[LiveVariant]:
    """The variants of a product that is locked, in the order in which they were created."""
    rows = tx.execute(
        select(Variant.id, Variant.options, Variant.price_minor, Variant.is_default)
        .where(Variant.product_id == product_id, Variant.deleted_at.is_(None))
        .order_by(Variant.id)
    )
    return [LiveVariant(row.id, options_of(row.options), row.price_minor, row.is_default) for row in rows]


def stored_variant(tx: Connection, variant_id: int) -> AnyRow:
    """A variant, whose product is locked, as it is stored."""
    return tx.execute(select(*Variant.__table__.columns).where(Variant.id == variant_id)).one()


def lowest_own_price(tx: Connection, product_id: int) -> int | None:
    """The lowest price that a variant of a product has of its own; None when each costs what the product does."""
    return tx.scalar(
        select(func.min(Variant.price_minor)).where(
            Variant.product_id == product_id, Variant.deleted_at.is_(None)
        )
    )


def insert_variant(tx: Connection, values: Values) -> int:
    """Insert a variant and return its id; raises IntegrityError when its sku or options are taken."""
    return int(tx.execute(insert(Variant).values(**values).returning(Variant.id)).scalar_one())


def update_variant(tx: Connection, variant_id: int, values: Values) -> None:
    """Change columns of a variant and count its version up; raises IntegrityError as an insert does."""
    tx.execute(update(Variant).where(Variant.id == variant_id).values(**values, version=Variant.version + 1))


def unset_default(tx: Connection, product_id: int) -> None:
    """Leave a product that is locked without a default variant, for another is set next."""
    tx.execute(
        update(Variant)
        .where(and_(Variant.product_id == product_id, Variant.is_default))
        .values(is_default=False, version=Variant.version + 1)
    )
