"""The rules of the wishlist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from server.cart import service as carts
from server.cart import wishlist_queries as queries
from server.cart.errors import WishlistItemNotFound
from server.cart.owner import Member
from server.cart.service import Added, Addition
from server.cart.view import CartView
from server.catalog import offers as catalog_offers
from server.catalog.errors import not_found
from server.catalog.offers import Offer
from server.db.base import AnyRow
from server.errors import TooMany
from server.pricing.prices import PriceRules
from server.user import service as accounts

MAX_WISHES = 500


@dataclass(frozen=True, slots=True)
class Wish:
    """A product that a user wishes for, beside what it is sold as now; without a variant any will do."""

    offer: Offer
    variant_id: int | None
    added_price_minor: int
    created_at: datetime

    @property
    def available(self) -> bool:
        """Whether it can be ordered now."""
        return self.offer.on_sale and self.offer.available > 0


def wishes(
    connection: Connection, user_id: int, now: datetime, *, after: Sequence[object] | None, limit: int
) -> list[Wish]:
    """What the user wishes for, the latest first; products that were deleted too."""
    return [_wish(row, now) for row in queries.wishes(connection, user_id, after, limit)]


def add(tx: Connection, user_id: int, product_id: int, variant_id: int | None, now: datetime) -> Wish:
    """Put a product on the user's wishlist, and return it as it is there: a second time changes nothing.

    Raises ProductNotFound, and TooMany.
    """
    offer = catalog_offers.offer_of(tx, product_id, variant_id, now)
    if offer is None:
        raise not_found(product_id, variant_id)
    accounts.hold(tx, user_id)  # so that two calls do not each see the 499th
    if queries.insert(tx, user_id, product_id, variant_id, offer.price_minor, now):
        if queries.count(tx, user_id) > MAX_WISHES:
            raise TooMany(limit=MAX_WISHES, resources="products on a wishlist")
        return Wish(offer, variant_id, offer.price_minor, now)
    row = queries.wish(tx, user_id, product_id)
    if row is None:
        raise AssertionError("the account is held: nobody takes the product off meanwhile")
    return _wish(row, now)


def remove(tx: Connection, user_id: int, product_id: int) -> None:
    """Take a product off the user's wishlist. Raises WishlistItemNotFound."""
    if queries.take(tx, user_id, product_id) is None:
        raise WishlistItemNotFound(product_id=product_id)


def move_to_cart(
    tx: Connection,
    user_id: int,
    product_id: int,
    quantity: int,
    added: Added,
    rules: PriceRules,
    now: datetime,
) -> CartView:
    """Move a product from the user's wishlist into their cart, and return the cart.

    Raises WishlistItemNotFound, and what `carts.add_item` raises; the wishlist keeps it then, for its transaction
    is undone.
    """
    wished = queries.take(tx, user_id, product_id)
    if wished is None:
        raise WishlistItemNotFound(product_id=product_id)
    addition = Addition(product_id, wished.variant_id, quantity)
    return carts.add_item(tx, Member(user_id), addition, added, rules, now)


def _wish(row: AnyRow, now: datetime) -> Wish:
    offer = catalog_offers.offer_from(row, now, row.available)
    return Wish(offer, row.wished_variant_id, row.added_price_minor, row.wished_at)
