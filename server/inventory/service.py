"""The rules of the stock: taking it, giving it back, and counting it.

Stock moves by conditional updates on rows that were locked in the order of their variants: two carts with the
same lines in another order cannot wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from server.catalog import listings
from server.catalog.errors import ProductNotFound
from server.catalog.offers import Offer, lock_stock
from server.catalog.service import check_owner
from server.catalog.variants.errors import VariantNotFound
from server.events.log import publish
from server.events.topics import StockMoved
from server.identity import Identity
from server.inventory import queries
from server.inventory.errors import NegativeStock, StockChanged


def take_stock(tx: Connection, units: Mapping[int, int], offers: Mapping[int, Offer]) -> StockMoved:
    """Take units out of stock, whose `offers` suffice and are locked: it cannot fall short now.

    The caller publishes the event, together with its own.
    """
    last = [variant_id for variant_id, quantity in units.items() if offers[variant_id].available == quantity]
    if last:
        listings.sold_out(tx, {offers[variant_id].product_id for variant_id in last}, last)
    queries.take(tx, units)
    return StockMoved.of((offers[variant_id].product_id for variant_id in units), flipped=bool(last))


def return_stock(tx: Connection, units: Mapping[int, int]) -> StockMoved:
    """Give units of variants back to stock; the caller publishes the event, together with its own."""
    rows = lock_stock(tx, sorted(units))
    queries.give_back(tx, units)
    in_stock_again = {row.product_id for row in rows if row.available == 0}
    if in_stock_again:
        listings.stock_changed(tx, in_stock_again)
    return StockMoved.of((row.product_id for row in rows), flipped=bool(in_stock_again))


def set_stock(
    tx: Connection,
    caller: Identity,
    product_id: int,
    variant_id: int | None,
    *,
    quantity: int,
    expected: int | None = None,
) -> None:
    """Make `quantity` the units that can be ordered, if `expected` are so still; None accepts any number.

    Raises ProductNotFound, NotTheOwner, VariantNotFound and StockChanged.
    """
    check_owner(tx, caller, product_id)
    variant_id = _variant_id(tx, product_id, variant_id)
    if not queries.set_available(tx, variant_id, quantity, expected):
        raise StockChanged(
            available=queries.available(tx, variant_id),
            expected=expected,
            product_id=product_id,
            variant_id=variant_id,
        )
    _announce_change(tx, product_id)


def adjust_stock(
    tx: Connection, caller: Identity, product_id: int, variant_id: int | None, *, delta: int
) -> None:
    """Add `delta` units, or take them when negative.

    Raises ProductNotFound, NotTheOwner, VariantNotFound and NegativeStock.
    """
    check_owner(tx, caller, product_id)
    variant_id = _variant_id(tx, product_id, variant_id)
    if not queries.add_available(tx, variant_id, delta):
        raise NegativeStock(
            available=queries.available(tx, variant_id),
            requested=-delta,
            product_id=product_id,
            variant_id=variant_id,
        )
    _announce_change(tx, product_id)


def _variant_id(tx: Connection, product_id: int, variant_id: int | None) -> int:
    existing_id = queries.variant_id_of(tx, product_id, variant_id)
    if existing_id is None:
        if variant_id is None:
            raise ProductNotFound(product_id=product_id)
        raise VariantNotFound(product_id=product_id, variant_id=variant_id)
    return existing_id


def _announce_change(tx: Connection, product_id: int) -> None:
    listings.stock_changed(tx, [product_id])
    publish(tx, StockMoved.of([product_id]))
