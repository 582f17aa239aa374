"""Stock: what is left, taking it and giving it back.

Stock moves by conditional updates on rows that were locked in the order of their variants: two carts with the
same lines in another order cannot wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Connection, and_, bindparam, case, func, insert, select, update

from server.catalog import listings
from server.catalog.discounts import price_at
from server.catalog.errors import NegativeStock, OutOfStock, StockChanged, VariantNotFound
from server.catalog.models import DEFAULT_LOCATION_ID, InventoryLevel, Location, Product, Variant
from server.db.base import AnyRow
from server.db.prepared import Prepared
from server.events.log import STOCK, NewEvent, publish


@dataclass(frozen=True, slots=True)
class Offer:
    """What a variant is sold as: `price_minor` at the moment, `list_minor` without the product's discount."""

    product_id: int
    variant_id: int
    sku: str
    name: str
    list_minor: int
    price_minor: int
    currency: str
    max_quantity: int
    available: int
    on_sale: bool
    max_quantity_days: int = 0


OFFERS = (
    select(
        Product.id.label("product_id"),
        Variant.id.label("variant_id"),
        Variant.sku,
        Product.name,
        func.coalesce(Variant.price_minor, Product.price_minor).label("list_minor"),
        Product.discount_bp,
        Product.discount_minor,
        Product.discount_from,
        Product.discount_until,
        Product.currency,
        Product.max_quantity,
        Product.max_quantity_days,
        InventoryLevel.available,
        Product.deleted_at,
    )
    .join(Product, Product.id == Variant.product_id)
    .join(
        InventoryLevel,
        and_(InventoryLevel.variant_id == Variant.id, InventoryLevel.location_id == DEFAULT_LOCATION_ID),
    )
)
"""What variants are sold as; the cart joins it to its lines. See `offer_from`."""


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
    """What these variants are sold as, by variant."""
    return {row.variant_id: offer_from(row, now) for row in _rows(connection, variant_ids, lock=False)}


def _rows(connection: Connection, variant_ids: Sequence[int], *, lock: bool) -> list[Any]:
    """The rows of OFFERS of these variants; `lock` holds their stock until the transaction ends."""
    ids = {f"variant_{i}": variant_id for i, variant_id in enumerate(variant_ids)}
    return _offers_of(len(ids), lock=lock).all(connection, **ids)


def offer_of(connection: Connection, product_id: int, variant_id: int | None, now: datetime) -> Offer | None:
    """What a product's variant, or its default variant, is sold as; None when there is none or it was deleted."""
    statement = _OFFER_OF_VARIANT if variant_id else _OFFER_OF_PRODUCT
    keys = {"product_id": product_id, "variant_id": variant_id} if variant_id else {"product_id": product_id}
    row = statement.first(connection, **keys)
    offer = offer_from(row, now) if row else None
    return offer if offer and offer.on_sale else None


def offer_from(row: Any, now: datetime) -> Offer:
    """The offer in a row of OFFERS, at the price of `now`."""
    return Offer(
        row.product_id,
        row.variant_id,
        row.sku,
        row.name,
        row.list_minor,
        price_at(row.list_minor, row, now),
        row.currency,
        row.max_quantity,
        row.available,
        on_sale=row.deleted_at is None,
        max_quantity_days=row.max_quantity_days,
    )


def take_stock(tx: Connection, wanted: Mapping[int, int], now: datetime) -> dict[int, Offer]:
    """Take units of variants out of stock, all or none, and return what they are sold as.

    Two statements whatever the number of lines. Raises OutOfStock.
    """
    found = {row.variant_id: offer_from(row, now) for row in _rows(tx, sorted(wanted), lock=True)}
    for variant_id, quantity in wanted.items():
        offer = found.get(variant_id)
        if offer is None or not offer.on_sale:
            raise OutOfStock(product=offer.name if offer else variant_id, available=0, wanted=quantity)
        if offer.available < quantity:
            raise OutOfStock(product=offer.name, available=offer.available, wanted=quantity)
    _move(len(wanted)).later(tx, **_moving(wanted))  # the rows are locked: it cannot fall short any more
    last = [variant_id for variant_id, quantity in wanted.items() if found[variant_id].available == quantity]
    if last:
        listings.sold_out(tx, {found[variant_id].product_id for variant_id in last}, last)
    return found


def return_stock(tx: Connection, units: Mapping[int, int]) -> set[int]:
    """Give units of variants back to stock, and return their products, for `stock_event`."""
    found = _rows(tx, sorted(units), lock=True)
    _move(len(units)).run(tx, **_moving({variant: -quantity for variant, quantity in units.items()}))
    back = {row.product_id for row in found if row.available == 0}
    if back:
        listings.stock_changed(tx, back)
    return {row.product_id for row in found}


def stock_event(product_ids: Iterable[int]) -> NewEvent:
    """The event that the caller of `take_stock` or `return_stock` publishes, together with its own."""
    return _changed(product_ids)


@lru_cache(maxsize=256)
def _move(count: int) -> Prepared:
    """Moves the units of `count` variants from available to sold; see `_moving` for its parameters."""
    variants = [bindparam(f"variant_{i}", type_=BigInteger) for i in range(count)]
    moved = [bindparam(f"units_{i}", type_=BigInteger) for i in range(count)]
    pairs = zip(variants, moved, strict=True)
    units = case(*((InventoryLevel.variant_id == variant, n) for variant, n in pairs), else_=0)
    return Prepared(
        update(InventoryLevel)
        .where(
            InventoryLevel.variant_id.in_(variants),
            InventoryLevel.location_id == DEFAULT_LOCATION_ID,
            InventoryLevel.available >= units,
        )
        .values(available=InventoryLevel.available - units, sold=InventoryLevel.sold + units)
    )


def _moving(units: Mapping[int, int]) -> dict[str, int]:
    """The parameters of `_move`: units by variant, negative ones go back to stock."""
    parameters: dict[str, int] = {}
    for i, variant_id in enumerate(sorted(units)):
        parameters |= {f"variant_{i}": variant_id, f"units_{i}": units[variant_id]}
    return parameters


def open_stock(tx: Connection, product_id: int, variant_id: int, quantity: int) -> None:
    """Give a new variant its opening stock."""
    tx.execute(
        insert(InventoryLevel).values(
            product_id=product_id,
            variant_id=variant_id,
            location_id=DEFAULT_LOCATION_ID,
            available=quantity,
            received=quantity,
            sold=0,
        )
    )


def set_stock(
    tx: Connection, product_id: int, variant_id: int | None, quantity: int, expected: int | None = None
) -> None:
    """Make `quantity` the units that can be ordered, if `expected` are so still; None does not ask.

    Raises VariantNotFound and StockChanged.
    """
    level = _level(tx, product_id, variant_id)
    as_counted = () if expected is None else (InventoryLevel.available == expected,)
    changed = tx.execute(
        update(InventoryLevel)
        .where(*level, *as_counted)
        .values(available=quantity, received=InventoryLevel.sold + quantity)
    )
    if changed.rowcount == 0:
        available = tx.execute(select(InventoryLevel.available).where(*level)).scalar_one()
        raise StockChanged(available=available, expected=expected)
    listings.stock_changed(tx, [product_id])
    publish(tx, _changed([product_id]))


def adjust_stock(tx: Connection, product_id: int, variant_id: int | None, delta: int) -> None:
    """Add `delta` units, or take them when negative. Raises VariantNotFound and NegativeStock."""
    level = _level(tx, product_id, variant_id)
    changed = tx.execute(
        update(InventoryLevel)
        .where(*level, InventoryLevel.available + delta >= 0)
        .values(available=InventoryLevel.available + delta, received=InventoryLevel.received + delta)
    )
    if changed.rowcount == 0:
        available = tx.execute(select(InventoryLevel.available).where(*level)).scalar_one()
        raise NegativeStock(available=available, taken=-delta)
    listings.stock_changed(tx, [product_id])
    publish(tx, _changed([product_id]))


def levels(connection: Connection, product_id: int) -> Sequence[AnyRow]:
    """The stock of a product: variant id, sku, location, available."""
    return connection.execute(
        select(Variant.id, Variant.sku, Location.name, InventoryLevel.available)
        .join(InventoryLevel, InventoryLevel.variant_id == Variant.id)
        .join(Location, Location.id == InventoryLevel.location_id)
        .where(Variant.product_id == product_id)
        .order_by(Variant.id, Location.id)
    ).all()


def _level(tx: Connection, product_id: int, variant_id: int | None) -> tuple[Any, ...]:
    chosen = Variant.id == variant_id if variant_id else Variant.is_default
    found = tx.scalar(select(Variant.id).where(Variant.product_id == product_id, chosen))
    if found is None:
        raise VariantNotFound(product_id=product_id, variant_id=variant_id or "by default")
    return (InventoryLevel.variant_id == found, InventoryLevel.location_id == DEFAULT_LOCATION_ID)


def _changed(product_ids: Iterable[int]) -> NewEvent:
    return NewEvent(STOCK, payload={"products": sorted(set(product_ids))})
