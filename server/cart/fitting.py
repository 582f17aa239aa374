"""Which lines of a cart one order cannot hold, and why: all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server.cart.errors import CurrencyMismatch, QuantityAboveLimit
from server.catalog.offers import Offer
from server.errors import LineRefusal
from server.inventory.errors import OutOfStock


@dataclass(frozen=True, slots=True)
class LineUnits:
    """Units of an offer that a line is to hold; without `item_id` the cart has no such line yet."""

    item_id: int | None
    offer: Offer
    quantity: int


def check(lines: Sequence[LineUnits], others: Sequence[LineRefusal] = (), *, field: str = "") -> None:
    """Raise QuantityAboveLimit, OutOfStock, one of `others` or CurrencyMismatch, for all lines that do not fit.

    `field` is the one of the request that says how many units there are to be.
    """
    misfits = [*_above_limit(lines), *_short(lines), *others, *_in_other_currency(lines)]
    if not misfits:
        return
    refusal = misfits[0].together(misfits)
    raise refusal.at(field) if field and isinstance(refusal, QuantityAboveLimit) else refusal


def _above_limit(lines: Sequence[LineUnits]) -> Iterator[LineRefusal]:
    """The lines with which an order has more of a product than it may, its variants together."""
    units: dict[int, int] = {}
    for line in lines:
        offer = line.offer
        units[offer.product_id] = units.get(offer.product_id, 0) + line.quantity
        if units[offer.product_id] > offer.max_quantity:
            yield QuantityAboveLimit(
                item_id=line.item_id,
                product_id=offer.product_id,
                variant_id=offer.variant_id,
                name=offer.name,
                limit=offer.max_quantity,
                requested=units[offer.product_id],
            )


def _short(lines: Sequence[LineUnits]) -> Iterator[LineRefusal]:
    for line in lines:
        offer = line.offer
        available = offer.available if offer.on_sale else 0
        if line.quantity > available:
            yield OutOfStock(
                item_id=line.item_id,
                product_id=offer.product_id,
                variant_id=offer.variant_id,
                name=offer.name,
                available=available,
                requested=line.quantity,
            )


def _in_other_currency(lines: Sequence[LineUnits]) -> Iterator[LineRefusal]:
    for line in lines[1:]:
        if line.offer.currency != lines[0].offer.currency:
            yield mismatch(line, lines[0].offer.currency)


def mismatch(line: LineUnits, cart_currency: str) -> CurrencyMismatch:
    """The refusal of a line in another currency than its cart is."""
    offer = line.offer
    return CurrencyMismatch(
        item_id=line.item_id,
        product_id=offer.product_id,
        variant_id=offer.variant_id,
        name=offer.name,
        requested=line.quantity,
        currency=offer.currency,
        cart_currency=cart_currency,
    )
