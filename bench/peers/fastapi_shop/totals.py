"""The total of a cart: goods, tax and shipping."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from bench.peers.fastapi_shop.models import CartItem
from bench.peers.fastapi_shop.settings import PeerSettings

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Totals:
    """The sums of a cart, in the shop's currency."""

    subtotal: Decimal
    tax: Decimal
    shipping: Decimal
    total: Decimal


def subtotal_of(items: Iterable[CartItem]) -> Decimal:
    """The goods at today's prices."""
    return sum((item.product.price * item.quantity for item in items), Decimal("0.00"))


def totals_of(items: Iterable[CartItem], settings: PeerSettings) -> Totals:
    """Add up the lines at today's prices; an empty cart ships for nothing."""
    subtotal = subtotal_of(items)
    tax = (subtotal * settings.tax_rate).quantize(CENT, ROUND_HALF_UP)
    ships_free = not subtotal or subtotal >= settings.free_shipping_from
    shipping = Decimal("0.00") if ships_free else settings.shipping_fee
    return Totals(subtotal, tax, shipping, subtotal + tax + shipping)
