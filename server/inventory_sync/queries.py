"""SQL of the synchronisation: one function per question."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select

from server.catalog.models import Product, Variant


@dataclass(frozen=True, slots=True)
class SoldVariant:
    """A variant that is on sale, as its sku names it."""

    id: int
    product_id: int
    product_sku: str


def variants(connection: Connection, skus: Collection[str]) -> dict[str, SoldVariant]:
    """The variants with these skus that were not deleted, by sku."""
    rows = connection.execute(
        select(Variant.sku, Variant.id, Variant.product_id, Product.sku.label("product_sku"))
        .join(Product, Product.id == Variant.product_id)
        .where(Variant.sku.in_(skus), Variant.deleted_at.is_(None), Product.deleted_at.is_(None))
    )
    return {row.sku: SoldVariant(row.id, row.product_id, row.product_sku) for row in rows}


def lock_products(tx: Connection, product_ids: Collection[int]) -> None:
    """Let nobody else change products, or count them, before the transaction ends; they can be bought."""
    products = select(Product.id).where(Product.id.in_(product_ids)).order_by(Product.id)
    tx.execute(products.with_for_update(key_share=True)).all()
