"""Offers: what the variants of products are sold as at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import BigInteger, Connection, and_, bindparam, case, func, select

from server.catalog.discounts import Discount
from server.catalog.models import DEFAULT_LOCATION_ID, InventoryLevel, Product, Variant
from server.catalog.variants.options import Options, options_of
from server.db.base import AnyRow
from server.db.prepared import Prepared
from server.db.waiting import StatementResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a variant is sold as: `price_minor` at the moment, `list_minor` without the product's discount."""

    product_id: int
    variant_id: int
    sku: str
    name: str
    slug: str
    list_minor: int
    price_minor: int
    currency: str
    max_quantity: int
    available: int
    on_sale: bool
    max_quantity_days: int = 0
    options: Options = ()
    image: str = ""
    """The key of the files of its picture; empty without one."""


OFFER = (
    Product.id.label("product_id"),
    Variant.id.label("variant_id"),
    Variant.sku,
    Variant.options,
    Product.name,
    Product.slug,
    func.coalesce(Variant.price_minor, Product.price_minor).label("list_minor"),
    Product.discount_bp,
    Product.discount_minor,
    Product.discount_from,
    Product.discount_until,
    Product.currency,
    Product.max_quantity,
    Product.max_quantity_days,
    InventoryLevel.available,
    func.coalesce(Product.deleted_at, Variant.deleted_at).label("deleted_at"),
    case((Variant.image != "", Variant.image), else_=Product.image).label("image"),
)
"""The columns of an offer: see `offer_from`."""
OF_VARIANT = and_(InventoryLevel.variant_id == Variant.id, InventoryLevel.location_id == DEFAULT_LOCATION_ID)
"""Whether a stock is that which a variant is sold from."""
OFFERS = (
    select(*OFFER)
    .join_from(Variant, Product, Product.id == Variant.product_id)
    .join(InventoryLevel, OF_VARIANT)
)
"""What variants are sold as."""


_OFFER_OF_VARIANT = Prepared(
    OFFERS.where(Variant.product_id == bindparam("product_id"), Variant.id == bindparam("variant_id"))
)
_OFFER_OF_PRODUCT = Prepared(OFFERS.where(Variant.product_id == bindparam("product_id"), Variant.is_default))


@lru_cache(maxsize=256)
def _offers_of(count: int, *, lock: bool) -> Prepared:
    ids = [bindparam(f"variant_{i}", type_=BigInteger) for i in range(count)]
    statement = OFFERS.where(Variant.id.in_(ids)).order_by(Variant.id)
    return Prepared(statement.with_for_update(of=InventoryLevel) if lock else statement)


def offers(connection: Connection, variant_ids: Sequence[int], now: datetime) -> dict[int, Offer]:
    """Return what these variants are sold as, by variant."""
    return {row.variant_id: offer_from(row, now) for row in _rows(connection, variant_ids, lock=False)}


def lock_stock(tx: Connection, variant_ids: Sequence[int]) -> list[AnyRow]:
    """The rows of OFFERS of these variants, whose stock is held until the transaction ends."""
    return _rows(tx, variant_ids, lock=True)


def _rows(connection: Connection, variant_ids: Sequence[int], *, lock: bool) -> list[AnyRow]:
    ids = {f"variant_{i}": variant_id for i, variant_id in enumerate(variant_ids)}
    return _offers_of(len(ids), lock=lock).all(connection, **ids)


def offer_later(connection: Connection, product_id: int, variant_id: int | None) -> StatementResult:
    """The row of a product's variant, or of its default variant, with the next statement: see `on_sale`."""
    if variant_id:
        return _OFFER_OF_VARIANT.later(connection, product_id=product_id, variant_id=variant_id)
    return _OFFER_OF_PRODUCT.later(connection, product_id=product_id)


def on_sale(row: AnyRow | None, now: datetime) -> Offer | None:
    """The offer in a row of OFFERS; None when there is none, or it is not there any more."""
    offer = offer_from(row, now) if row else None
    return offer if offer and offer.on_sale else None


def offer_of(connection: Connection, product_id: int, variant_id: int | None, now: datetime) -> Offer | None:
    """Return what a product's variant, or its default variant, is sold as; None when it is not there any more."""
    return on_sale(offer_later(connection, product_id, variant_id).first(), now)


def offer_from(row: AnyRow, now: datetime) -> Offer:
    """The offer in a row of OFFERS, at the price of `now`."""
    return Offer(
        product_id=row.product_id,
        variant_id=row.variant_id,
        sku=row.sku,
        name=row.name,
        list_minor=row.list_minor,
        price_minor=Discount.of(row).price_at(row.list_minor, now),
        currency=row.currency,
        max_quantity=row.max_quantity,
        available=row.available,
        on_sale=row.deleted_at is None,
        max_quantity_days=row.max_quantity_days,
        slug=row.slug,
        options=options_of(row.options),
        image=row.image,
    )
