"""SQL of the stock: one function per question. Its tables are the catalogue's, whose lists read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, case, select, update

from server.catalog.models import DEFAULT_LOCATION_ID, InventoryLevel, Location, Variant
from server.db.base import AnyRow
from server.db.prepared import Prepared


def take(tx: Connection, units: Mapping[int, int]) -> None:
    """Move units of variants from available to sold, whose rows the caller holds, and which are enough."""
    _move(len(units)).later(tx, **_moving(units))


def give_back(tx: Connection, units: Mapping[int, int]) -> None:
    """Move units of variants from sold back to available."""
    _move(len(units)).run(tx, **_moving({variant_id: -count for variant_id, count in units.items()}))


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


def variant_id_of(connection: Connection, product_id: int, variant_id: int | None) -> int | None:
    """The id of a product's variant, or of its default variant; None when it has no such variant."""
    meant = Variant.id == variant_id if variant_id else Variant.is_default
    live = Variant.deleted_at.is_(None)
    return connection.scalar(select(Variant.id).where(Variant.product_id == product_id, meant, live))


def available(connection: Connection, variant_id: int) -> int:
    """The units of a variant that can be ordered."""
    return connection.execute(select(InventoryLevel.available).where(*_is(variant_id))).scalar_one()


def set_available(tx: Connection, variant_id: int, quantity: int, expected: int | None) -> bool:
    """Make `quantity` the units that can be ordered; whether they were the `expected` ones (None: any)."""
    as_counted = () if expected is None else (InventoryLevel.available == expected,)
    changed = tx.execute(
        update(InventoryLevel)
        .where(*_is(variant_id), *as_counted)
        .values(available=quantity, received=InventoryLevel.sold + quantity)
    )
    return changed.rowcount > 0


def add_available(tx: Connection, variant_id: int, delta: int) -> bool:
    """Add `delta` units, or take them when negative; whether so many were there."""
    changed = tx.execute(
        update(InventoryLevel)
        .where(*_is(variant_id), InventoryLevel.available + delta >= 0)
        .values(available=InventoryLevel.available + delta, received=InventoryLevel.received + delta)
    )
    return changed.rowcount > 0


def levels(connection: Connection, product_id: int) -> Sequence[AnyRow]:
    """The stock of a product: variant id, sku, location, available."""
    return connection.execute(
        select(Variant.id, Variant.sku, Location.name, InventoryLevel.available)
        .join(InventoryLevel, InventoryLevel.variant_id == Variant.id)
        .join(Location, Location.id == InventoryLevel.location_id)
        .where(Variant.product_id == product_id, Variant.deleted_at.is_(None))
        .order_by(Variant.id, Location.id)
    ).all()


def _is(variant_id: int) -> tuple[Any, ...]:
    return (InventoryLevel.variant_id == variant_id, InventoryLevel.location_id == DEFAULT_LOCATION_ID)
