"""SQL of the wishlists: one function per question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, case, delete, func, select, tuple_

from server.cart.models import WishlistItem
from server.catalog.models import Variant
from server.catalog.offers import OFFERS
from server.db.base import AnyRow
from server.db.upsert import insert_for

_WISHES = OFFERS.add_columns(
    WishlistItem.variant_id.label("wished_variant_id"),
    WishlistItem.added_price_minor,
    WishlistItem.created_at.label("wished_at"),
).join(
    WishlistItem,
    and_(
        WishlistItem.product_id == Variant.product_id,
        case(
            (WishlistItem.variant_id.is_(None), Variant.is_default),
            else_=WishlistItem.variant_id == Variant.id,
        ),
    ),
)
"""What is wished for, beside what it is sold as; where any variant will do, as the default one is."""


def wishes(
    connection: Connection, user_id: int, after: Sequence[object] | None, limit: int
) -> Sequence[AnyRow]:
    """What the user wishes for, the latest first, after the keys (created_at, product_id)."""
    statement = _WISHES.where(WishlistItem.user_id == user_id)
    keys = (WishlistItem.created_at, WishlistItem.product_id)
    if after is not None:
        statement = statement.where(tuple_(*keys) < tuple(after))
    return connection.execute(statement.order_by(*(key.desc() for key in keys)).limit(limit)).all()


def wish(connection: Connection, user_id: int, product_id: int) -> AnyRow | None:
    """A product that the user wishes for."""
    mine = (WishlistItem.user_id == user_id, WishlistItem.product_id == product_id)
    return connection.execute(_WISHES.where(*mine)).one_or_none()


def count(connection: Connection, user_id: int) -> int:
    """How many products the user wishes for."""
    statement = select(func.count()).select_from(WishlistItem).where(WishlistItem.user_id == user_id)
    return int(connection.scalar(statement) or 0)


def insert(
    tx: Connection, user_id: int, product_id: int, variant_id: int | None, price_minor: int, now: datetime
) -> bool:
    """Put a product on the user's wishlist; False when it is there already."""
    row = {"user_id": user_id, "product_id": product_id, "variant_id": variant_id}
    row |= {"added_price_minor": price_minor}
    statement = insert_for(tx)(WishlistItem).values(created_at=now, **row).on_conflict_do_nothing()
    return tx.execute(statement.returning(WishlistItem.product_id)).scalar() is not None


def take(tx: Connection, user_id: int, product_id: int) -> AnyRow | None:
    """Take a product off the user's wishlist, and return which variant it was; None when it was not there."""
    mine = (WishlistItem.user_id == user_id, WishlistItem.product_id == product_id)
    return tx.execute(delete(WishlistItem).where(*mine).returning(WishlistItem.variant_id)).one_or_none()
