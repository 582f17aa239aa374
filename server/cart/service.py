"""The rules of the cart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from server.cart import queries
from server.cart.errors import CartEmpty, CartFull, CartItemNotFound, CurrencyMismatch, QuantityAboveLimit
from server.catalog import inventory
from server.catalog.errors import OutOfStock, ProductNotFound
from server.catalog.inventory import Offer
from server.etags import check_etag
from server.events.log import CART, NewEvent, publish

MOST_LINES = 100

Added = Callable[[Connection, int, int, str], None]
"""Records that a user put a product into the cart, and the token of the list of recommendations it came from."""


@dataclass(frozen=True, slots=True)
class CartLine:
    """A line of a cart beside what its variant is sold as now."""

    item_id: int
    quantity: int
    added_price_minor: int
    offer: Offer

    @property
    def total_minor(self) -> int:
        """Today's price times the quantity."""
        return self.offer.price_minor * self.quantity

    @property
    def can_be_ordered(self) -> bool:
        """Whether the product is on sale and enough of it is left."""
        return self.offer.on_sale and self.quantity <= min(self.offer.available, self.offer.max_quantity)


@dataclass(frozen=True)
class CartView:
    """A cart with its lines. `version` 0 is a cart that was never used."""

    currency: str
    version: int
    updated_at: datetime | None
    lines: list[CartLine]


def view(connection: Connection, user_id: int, currency: str) -> CartView:
    """The user's cart, in one query whatever its size, two when it is empty; `currency` is that of a new cart."""
    rows = queries.lines(connection, user_id)
    if rows:
        lines = [
            CartLine(row.item_id, row.quantity, row.added_price_minor, inventory.offer_from(row))
            for row in rows
        ]
        return CartView(rows[0].cart_currency, rows[0].cart_version, rows[0].cart_updated_at, lines)
    head = queries.head(connection, user_id)
    return (
        CartView(head.currency, head.version, head.updated_at, [])
        if head
        else CartView(currency, 0, None, [])
    )


@dataclass(frozen=True, slots=True)
class Addition:
    """What is to be put into a cart; without a variant its default one."""

    product_id: int
    variant_id: int | None
    quantity: int
    attribution_token: str = ""


def add_item(tx: Connection, user_id: int, wanted: Addition, added: Added, now: datetime) -> CartView:
    """Add units of a product, merging with a line of the same variant, and return the cart.

    Raises ProductNotFound, QuantityAboveLimit, OutOfStock, CurrencyMismatch and CartFull.
    """
    product_id, variant_id = wanted.product_id, wanted.variant_id
    offer = inventory.offer_of(tx, product_id, variant_id)
    if offer is None:
        raise ProductNotFound(product=f"{product_id} with variant {variant_id}" if variant_id else product_id)
    cart = queries.open_cart(tx, user_id, offer.currency, now)
    if cart.currency != offer.currency:
        raise CurrencyMismatch(cart_currency=cart.currency, product=offer.name, currency=offer.currency)
    held = queries.add_units(
        tx, cart.id, offer.product_id, offer.variant_id, wanted.quantity, offer.price_minor
    )
    check_quantity(offer, held)
    cart_now = view(tx, user_id, offer.currency)
    if len(cart_now.lines) > MOST_LINES:
        raise CartFull(limit=MOST_LINES)
    added(tx, user_id, product_id, wanted.attribution_token)
    publish(tx, NewEvent(CART, str(user_id), {"added": product_id}))
    return cart_now


def update_item(tx: Connection, user_id: int, item_id: int, quantity: int, etag: str, now: datetime) -> None:
    """Set the units of a line. Raises CartItemNotFound, StaleEtag, QuantityAboveLimit and OutOfStock."""
    cart_id = _lock(tx, user_id, etag, now)
    variant_id = queries.set_quantity(tx, cart_id, item_id, quantity) if cart_id else None
    if variant_id is None:
        raise CartItemNotFound(item=item_id)
    check_quantity(inventory.offers(tx, [variant_id])[variant_id], quantity)


def remove_item(tx: Connection, user_id: int, *, item_id: int, product_id: int, now: datetime) -> None:
    """Remove a line by its id, or else that of a product. Raises CartItemNotFound."""
    cart_id = _lock(tx, user_id, "", now)
    if not cart_id or not queries.delete_item(tx, cart_id, item_id=item_id, product_id=product_id):
        raise CartItemNotFound(item=item_id or f"of product {product_id}")
    publish(tx, NewEvent(CART, str(user_id)))


def clear(tx: Connection, user_id: int, etag: str, now: datetime) -> None:
    """Empty the cart. Raises StaleEtag."""
    cart_id = _lock(tx, user_id, etag, now)
    if cart_id and queries.take_items(tx, cart_id):
        publish(tx, NewEvent(CART, str(user_id)))


def take(tx: Connection, user_id: int, now: datetime) -> dict[int, int]:
    """Empty the cart for an order, and return its units by variant in the order they were added.

    The order's own event tells of it, as it does when `put_back` undoes it. Raises CartEmpty.
    """
    cart = queries.lock_cart(tx, user_id, now)
    rows = queries.take_items(tx, cart.id) if cart else []
    if not rows:
        raise CartEmpty()
    return {row.variant_id: row.quantity for row in rows}


def put_back(
    tx: Connection, user_id: int, currency: str, lines: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """Put the lines that an order took back into the cart, at their prices, beside what was added since."""
    cart = queries.open_cart(tx, user_id, currency, now)
    rows = [
        {
            "product_id": line["product_id"],
            "variant_id": line["variant_id"],
            "quantity": line["quantity"],
            "added_price_minor": line["price_minor"],
        }
        for line in lines
    ]
    queries.add_lines(tx, cart.id, rows)


def check_quantity(offer: Offer, quantity: int) -> None:
    """Raise QuantityAboveLimit or OutOfStock when one order cannot hold `quantity` of an offer."""
    if quantity > offer.max_quantity:
        raise QuantityAboveLimit(limit=offer.max_quantity, product=offer.name, wanted=quantity)
    if not offer.on_sale or quantity > offer.available:
        available = offer.available if offer.on_sale else 0
        raise OutOfStock(product=offer.name, available=available, wanted=quantity)


def _lock(tx: Connection, user_id: int, etag: str, now: datetime) -> int | None:
    cart = queries.lock_cart(tx, user_id, now)
    if cart is None:
        check_etag(etag, 0, "cart")
        return None
    check_etag(etag, cart.version - 1, "cart")
    return int(cart.id)
