"""The rules of the cart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from server.cart import fitting, line_queries, queries, shown
from server.cart.errors import CartFull, CartItemNotFound, ProductNotInCart
from server.cart.fitting import LineUnits
from server.cart.owner import Guest, Owner
from server.cart.view import CartEntry, CartView, entries_of, view_of
from server.catalog import offers as catalog_offers
from server.catalog.errors import not_found
from server.catalog.offers import Offer
from server.db.base import AnyRow
from server.etags import check_etag, etag_of
from server.events.log import publish
from server.events.topics import CartChanged
from server.pricing.prices import PriceRules

MAX_LINES = 100

Added = Callable[[Connection, int, int, str], str]
"""Records that a user put a product into the cart, and the token of the list of recommendations it came from.

Returns where a caller calls from who may not count as much as others do; "" for everybody else."""


@dataclass(frozen=True, slots=True)
class Addition:
    """What is to be put into a cart; without a variant its default one."""

    product_id: int
    variant_id: int | None
    quantity: int
    attribution_token: str = ""


def add_item(
    tx: Connection, owner: Owner, addition: Addition, added: Added, rules: PriceRules, now: datetime
) -> CartView:
    """Add units of a product, merging with a line of the same variant, and return the cart.

    A guest who has no cart, or none any more, gets one with a new token. Raises ProductNotFound,
    QuantityAboveLimit, OutOfStock, CurrencyMismatch and CartFull.
    """
    product_id, variant_id = addition.product_id, addition.variant_id
    pending_cart = queries.open_to_add(tx, owner, product_id, now)
    pending_offer = catalog_offers.offer_later(tx, product_id, variant_id)
    rows = queries.lines(tx, owner)
    offer = catalog_offers.on_sale(pending_offer.first(), now)
    if offer is None:
        raise not_found(product_id, variant_id)
    cart = pending_cart.first()
    if cart is None:
        assert isinstance(owner, Guest)
        owner = owner.with_new_token()
        cart = queries.insert_guest_cart(tx, owner, offer.currency, now)
        rows = queries.lines(tx, owner)
    if cart.currency != offer.currency:
        raise fitting.mismatch(LineUnits(None, offer, addition.quantity), cart.currency)
    entries = _with_units(tx, cart, entries_of(rows, now), offer, addition.quantity)
    cart_now = view_of(tx, owner, rows[0], entries, rules, now=now)
    if len(cart_now.lines) > MAX_LINES:
        raise CartFull(limit=MAX_LINES)
    fitting.check(
        [line.units for line in cart_now.lines if line.offer.product_id == product_id], field="quantity"
    )
    shown.remember(tx, cart_now, cart_now.priced.total)
    if owner.user_id is not None:
        origin = added(tx, owner.user_id, product_id, addition.attribution_token)
        publish(tx, CartChanged(owner.user_id, product_id, origin))
    return cart_now


def _with_units(
    tx: Connection, cart: AnyRow, entries: list[CartEntry], offer: Offer, quantity: int
) -> list[CartEntry]:
    """Put units of an offer to what lies in a locked cart. Raises QuantityAboveLimit and OutOfStock."""
    before = next((entry for entry in entries if entry.offer.variant_id == offer.variant_id), None)
    if before is None:
        fitting.check([LineUnits(None, offer, quantity)], field="quantity")
        line_queries.insert_line(tx, cart.id, cart.next_line_id, offer, quantity)
        return [*entries, CartEntry(cart.next_line_id, quantity, offer.price_minor, offer)]
    after = CartEntry(before.item_id, before.quantity + quantity, offer.price_minor, offer)
    fitting.check([LineUnits(after.item_id, offer, after.quantity)], field="quantity")
    line_queries.set_line(tx, after.item_id, offer, after.quantity)
    return [after if entry is before else entry for entry in entries]


def update_item(tx: Connection, owner: Owner, item_id: int, quantity: int, etag: str, now: datetime) -> None:
    """Set the units of a line. Raises CartItemNotFound, StaleEtag, QuantityAboveLimit and OutOfStock."""
    cart_id = _lock(tx, owner, etag, now)
    variant_id = line_queries.set_quantity(tx, cart_id, item_id, quantity) if cart_id else None
    if variant_id is None:
        raise CartItemNotFound(item_id=item_id)
    offer = catalog_offers.offers(tx, [variant_id], now)[variant_id]
    fitting.check([LineUnits(item_id, offer, quantity)], field="quantity")


def remove_item(tx: Connection, owner: Owner, *, item_id: int, product_id: int, now: datetime) -> None:
    """Remove a line by its id, or else every line of a product. Raises CartItemNotFound and ProductNotInCart."""
    cart_id = _lock(tx, owner, "", now)
    if not cart_id or not line_queries.delete_item(tx, cart_id, item_id=item_id, product_id=product_id):
        raise CartItemNotFound(item_id=item_id) if item_id else ProductNotInCart(product_id=product_id)
    _tell(tx, owner)


def clear(tx: Connection, owner: Owner, etag: str, now: datetime) -> None:
    """Empty the cart. Raises StaleEtag."""
    cart_id = _lock(tx, owner, etag, now)
    if cart_id and line_queries.take_items(tx, cart_id):
        _tell(tx, owner)


def _tell(tx: Connection, owner: Owner) -> None:
    """Tell those who remember what users have in their carts; nobody remembers guests."""
    if owner.user_id is not None:
        publish(tx, CartChanged(owner.user_id))


def lock_for_order(tx: Connection, user_id: int, now: datetime) -> None:
    """Lock a user's cart, if there is one, for an order that empties it, and count its version up."""
    queries.lock_for_order(tx, user_id, now)


def empty_for_order(tx: Connection, cart_id: int, *, is_promoted: bool) -> None:
    """Empty a cart that is locked, whose coupon or points, if it has any, go with its lines into an order.

    The order's own event tells of it, as it does when `putting_back.put_back` undoes it.
    """
    line_queries.delete_all(tx, cart_id)
    if is_promoted:
        queries.promote(tx, cart_id, None, 0)


def _lock(tx: Connection, owner: Owner, etag: str, now: datetime) -> int | None:
    cart = queries.lock_cart(tx, owner, now)
    if cart is None:
        check_etag(etag, etag_of(0), "cart")
        return None
    check_etag(etag, etag_of(cart.version - 1), "cart")
    return int(cart.id)
