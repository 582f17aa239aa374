"""What the recommendations ask of the database: goods, texts, and what shares baskets.

They are set-based reads across the shop's tables, as training's are; nothing here writes to another domain.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, case, func, select

from server.catalog.category_queries import category_lineages
from server.catalog.discounts import Discount, Phase
from server.catalog.models import ORDERABLE, InventoryLevel, Product, Variant
from server.db.base import AnyRow
from server.order.line_facts import HAS_NET_UNITS, NEVER_SOLD
from server.order.models import Order, OrderLine

MAX_BASKETS = 300

IDS_PER_QUERY = 5_000
DESCRIPTION_LIMIT = 2_000


DISCOUNT = (Product.discount_bp, Product.discount_minor, Product.discount_from, Product.discount_until)


class CardFacts(NamedTuple):
    """What a list shows of a product; the price of the moment follows from its discount, None for none."""

    name: str
    slug: str
    list_minor: int
    currency: str
    discount: Discount | None
    rating: float
    reviews_count: int


class ProductSnapshot(NamedTuple):
    """A product that was not deleted, with the units that can be sold, those that were, and its price."""

    product_id: int
    category_id: int | None
    available: int
    sold: int
    price_minor: int
    currency: str
    phases: Sequence[Phase] = ()
    """From when to when it costs what, when that changes by the clock; () when it does not."""
    card: CardFacts | None = None


def snapshots(
    connection: Connection, product_ids: Collection[int] | None, now: datetime
) -> Sequence[ProductSnapshot]:
    """The products among `product_ids` (None: all) that were not deleted, at the prices of `now` and later."""
    level = InventoryLevel
    query = (
        select(
            Product.id,
            Product.category_id,
            func.coalesce(func.sum(case((Variant.deleted_at.is_(None), ORDERABLE), else_=0)), 0),
            func.coalesce(func.sum(level.sold), 0),
            Product.price_minor,
            Product.currency,
            Product.name,
            Product.slug,
            Product.rating,
            Product.reviews_count,
            *DISCOUNT,
        )
        .outerjoin(level, level.product_id == Product.id)
        .outerjoin(Variant, Variant.id == level.variant_id)
        .where(Product.deleted_at.is_(None))
        .group_by(Product.id)
    )
    if product_ids is not None:
        query = query.where(Product.id.in_(product_ids))
    return [_snapshot(row, now) for row in connection.execute(query)]


def _snapshot(row: AnyRow, now: datetime) -> ProductSnapshot:
    product_id, category_id, available, sold, price_minor, currency, name, slug, rating, reviews, *columns = (
        row
    )
    discount = None if columns == [None, None, None, None] else Discount.of(row)
    card = CardFacts(name, slug, price_minor, currency, discount, rating, reviews)
    spans = discount.phases(price_minor, now) if discount else ()
    price = discount.price_at(price_minor, now) if discount else price_minor
    later = spans if len(spans) > 1 else ()
    return ProductSnapshot(product_id, category_id, int(available), int(sold), price, currency, later, card)


class ProductWords(NamedTuple):
    """The words of a product; the category stands with its ancestors."""

    name: str
    category: str
    brand: str
    description: str
    category_id: int | None


def descriptions(connection: Connection, product_ids: Sequence[int]) -> Mapping[int, ProductWords]:
    """The words of those of these products that were not deleted; long descriptions are cut, as for training."""
    lineages = category_lineages(connection)
    described = {}
    for start in range(0, len(product_ids), IDS_PER_QUERY):
        rows = connection.execute(
            select(
                Product.id,
                Product.name,
                Product.brand,
                func.substr(Product.description, 1, DESCRIPTION_LIMIT),
                Product.category_id,
            ).where(Product.id.in_(product_ids[start : start + IDS_PER_QUERY]), Product.deleted_at.is_(None))
        )
        for product_id, name, brand, words, category_id in rows:
            lineage = " ".join(lineages.get(category_id, ()))
            described[product_id] = ProductWords(name, lineage, brand, words, category_id)
    return described


def product_ids(connection: Connection) -> Sequence[int]:
    """The ids of all products that were not deleted."""
    return connection.execute(select(Product.id).where(Product.deleted_at.is_(None))).scalars().all()


def bought_with(connection: Connection, product_id: int, limit: int) -> Sequence[tuple[int, float]]:
    """The products in the latest baskets of this one, with the share of those baskets that hold each.

    What came back was never in a basket.
    """
    baskets = (
        select(OrderLine.order_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.product_id == product_id, Order.status.not_in(NEVER_SOLD), HAS_NET_UNITS)
        .distinct()
        .order_by(OrderLine.order_id.desc())
        .limit(MAX_BASKETS)
        .subquery()
    )
    together = func.count(OrderLine.order_id.distinct())
    rows = connection.execute(
        select(OrderLine.product_id, together, select(func.count()).select_from(baskets).scalar_subquery())
        .join(baskets, baskets.c.order_id == OrderLine.order_id)
        .where(OrderLine.product_id != product_id, HAS_NET_UNITS)
        .group_by(OrderLine.product_id)
        .order_by(together.desc(), OrderLine.product_id)
        .limit(limit)
    )
    return [(other, count / total) for other, count, total in rows]
