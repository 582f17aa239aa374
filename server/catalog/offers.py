"""Offers: what the variants of products are sold as at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import BigInteger, Connection, bindparam, case, cast, func, select

from server.catalog.discounts import Discount
from server.catalog.models import ORDERABLE, InventoryLevel, Product, Variant
from server.catalog.translations import name_for_call
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


SOLD_AS = (
    Product.id.label("product_id"),
    Variant.id.label("variant_id"),
    Variant.sku,
    Variant.options,
    Product.name,
    Product.translations,
    Product.slug,
    func.coalesce(Variant.price_minor, Product.price_minor).label("list_minor"),
    Product.discount_bp,
    Product.discount_minor,
    Product.discount_from,
    Product.discount_until,
    Product.currency,
    Product.max_quantity,
    Product.max_quantity_days,
    func.coalesce(Product.deleted_at, Variant.deleted_at).label("deleted_at"),
    case((Variant.image != "", Variant.image), else_=Product.image).label("image"),
)
"""The columns of an offer but for its stock: see `offer_from`."""
AVAILABLE = (
    # A sum is NUMERIC unless it is cast.
    select(cast(func.coalesce(func.sum(ORDERABLE), 0), BigInteger))
    .where(InventoryLevel.variant_id == Variant.id)
    .correlate(Variant)
    .scalar_subquery()
    .label("available")
)
"""The units of a variant that can be ordered, over all locations."""
OFFER = (*SOLD_AS, AVAILABLE)
"""The columns of an offer, with the units that can be ordered over all locations."""
OFFERS = select(*OFFER).join_from(Variant, Product, Product.id == Variant.product_id)
"""What variants are sold as."""


_OFFER_OF_VARIANT = Prepared(
    OFFERS.where(Variant.product_id == bindparam("product_id"), Variant.id == bindparam("variant_id"))
)
_OFFER_OF_PRODUCT = Prepared(OFFERS.where(Variant.product_id == bindparam("product_id"), Variant.is_default))


@lru_cache(maxsize=256)
def _offers_of(count: int) -> Prepared:
    ids = [bindparam(f"variant_{i}", type_=BigInteger) for i in range(count)]
    return Prepared(OFFERS.where(Variant.id.in_(ids)).order_by(Variant.id))


def offers(connection: Connection, variant_ids: Sequence[int], now: datetime) -> dict[int, Offer]:
    """Return what these variants are sold as, by variant."""
    ids = {f"variant_{i}": variant_id for i, variant_id in enumerate(variant_ids)}
    rows = _offers_of(len(ids)).all(connection, **ids)
    return {row.variant_id: offer_from(row, now, row.available) for row in rows}


def offer_later(connection: Connection, product_id: int, variant_id: int | None) -> StatementResult:
    """The row of a product's variant, or of its default variant, with the next statement: see `on_sale`."""
    if variant_id:
        return _OFFER_OF_VARIANT.later(connection, product_id=product_id, variant_id=variant_id)
    return _OFFER_OF_PRODUCT.later(connection, product_id=product_id)


def on_sale(row: AnyRow | None, now: datetime) -> Offer | None:
    """The offer in a row of OFFERS; None when there is none, or it is not there any more."""
    offer = offer_from(row, now, row.available) if row else None
    return offer if offer and offer.on_sale else None


def offer_of(connection: Connection, product_id: int, variant_id: int | None, now: datetime) -> Offer | None:
    """Return what a product's variant, or its default variant, is sold as; None when it is not there any more."""
    return on_sale(offer_later(connection, product_id, variant_id).first(), now)


def offer_from(row: AnyRow, now: datetime, available: int) -> Offer:
    """The offer in a row of SOLD_AS, at the price of `now`, of which `available` units can be ordered."""
    return Offer(
        product_id=row.product_id,
        variant_id=row.variant_id,
        sku=row.sku,
        name=row.name if row.translations is None else name_for_call(row.translations, row.name),
        list_minor=row.list_minor,
        price_minor=Discount.of(row).price_at(row.list_minor, now),
        currency=row.currency,
        max_quantity=row.max_quantity,
        available=available,
        on_sale=row.deleted_at is None,
        max_quantity_days=row.max_quantity_days,
        slug=row.slug,
        options=options_of(row.options),
        image=row.image,
    )
