"""SQL of the stock: one function per question. Its tables are the catalogue's, whose lists read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy import insert as sql_insert

from server.catalog.models import ORDERABLE, InventoryLevel, Location, Product, Variant
from server.db.base import AnyRow, AnySelect
from server.db.id_lists import ids_named, ids_value
from server.db.prepared import Prepared
from server.db.waiting import StatementResult


class Level(Protocol):
    """A level that has no row yet."""

    @property
    def product_id(self) -> int: ...

    @property
    def variant_id(self) -> int: ...

    @property
    def location_id(self) -> int: ...

    @property
    def priority(self) -> int | None: ...


LEVEL = (
    InventoryLevel.product_id,
    InventoryLevel.variant_id,
    InventoryLevel.location_id,
    InventoryLevel.available,
    InventoryLevel.priority,
)
"""What is to be known of a level: see `levels.level_of`."""

MAX_NUMBERED: Final = 64
"""Variants that are asked for by a parameter each: such a statement is kept for each number of them."""


def take(tx: Connection, units: Mapping[tuple[int, int], int]) -> None:
    """Move units of variants at locations from available to sold; the caller holds the rows, and they suffice."""
    _move(len(units)).later(tx, **_named(units))


def give_back(tx: Connection, units: Mapping[tuple[int, int], int]) -> None:
    """Move units of variants at locations from sold back to available."""
    _move(len(units)).run(tx, **_named({pair: -count for pair, count in units.items()}))


@lru_cache(maxsize=256)
def _move(count: int) -> Prepared:
    """Moves the units of `count` levels from available to sold; see `_named` for its parameters."""
    at, units = _by_pair(count)
    return Prepared(
        update(InventoryLevel)
        .where(*at, InventoryLevel.available >= units)
        .values(available=InventoryLevel.available - units, sold=InventoryLevel.sold + units)
    )


_LEFT = bindparam("units", type_=BigInteger)
_PUT = (
    update(InventoryLevel)
    .where(
        InventoryLevel.variant_id == bindparam("variant", type_=BigInteger),
        InventoryLevel.location_id == bindparam("location", type_=BigInteger),
    )
    .values(available=_LEFT, received=InventoryLevel.sold + _LEFT)
)
_PUT_ONE = Prepared(_PUT)
MAX_PUT_ONE_BY_ONE: Final = 8


def put_available(tx: Connection, units: Mapping[tuple[int, int], int]) -> None:
    """Make so many units the ones that are available at levels that the caller holds."""
    rows = [
        {"variant": variant_id, "location": location_id, "units": count}
        for (variant_id, location_id), count in sorted(units.items())
    ]
    if len(rows) > MAX_PUT_ONE_BY_ONE:
        tx.execute(_PUT, rows)
        return
    for row in rows:  # all in the round trip of what comes next
        _PUT_ONE.later(tx, **row)


def _by_pair(count: int) -> tuple[list[ColumnElement[bool]], ColumnElement[int]]:
    """What finds `count` levels, and the units that are said of each."""
    level = InventoryLevel
    variants = [bindparam(f"variant_{i}", type_=BigInteger) for i in range(count)]
    pairs = [
        and_(level.variant_id == variant, level.location_id == bindparam(f"location_{i}", type_=BigInteger))
        for i, variant in enumerate(variants)
    ]
    units = case(*((pair, bindparam(f"units_{i}", type_=BigInteger)) for i, pair in enumerate(pairs)))
    return [level.variant_id.in_(variants), units.is_not(None)], units


def _named(units: Mapping[tuple[int, int], int]) -> dict[str, object]:
    """The parameters of statements about levels: units by pair, in the order of the pairs."""
    parameters: dict[str, object] = {}
    for i, (variant_id, location_id) in enumerate(sorted(units)):
        parameters[f"variant_{i}"] = variant_id
        parameters[f"location_{i}"] = location_id
        parameters[f"units_{i}"] = units[variant_id, location_id]
    return parameters


def insert(tx: Connection, levels: Sequence[tuple[Level, int]]) -> None:
    """Insert levels of variants at locations where they had none, with the units that are available."""
    rows = [
        {
            "variant_id": level.variant_id,
            "location_id": level.location_id,
            "product_id": level.product_id,
            "available": units,
            "received": units,
            "sold": 0,
            "priority": level.priority,
        }
        for level, units in levels
    ]
    if rows:
        tx.execute(sql_insert(InventoryLevel), rows)


def lock(tx: Connection, variant_ids: Sequence[int]) -> list[AnyRow]:
    """The levels of variants, in the order of their pairs, held until the transaction ends."""
    if len(variant_ids) > MAX_NUMBERED:
        return _MANY_LOCKED.all(tx, ids=ids_value(tx, variant_ids))
    return _locked(len(variant_ids)).all(tx, **by_number(variant_ids))


def _levels_of(variant_ids: Select[int] | list[BindParameter[int]]) -> AnySelect:
    return (
        select(*LEVEL)
        .where(InventoryLevel.variant_id.in_(variant_ids))
        .order_by(InventoryLevel.variant_id, InventoryLevel.location_id)
        .with_for_update(of=InventoryLevel)
    )


@lru_cache(maxsize=256)
def _locked(count: int) -> Prepared:
    return Prepared(_levels_of([bindparam(f"variant_{i}", type_=BigInteger) for i in range(count)]))


_MANY_LOCKED = Prepared(lambda dialect: _levels_of(ids_named("ids", dialect)))


def by_number(variant_ids: Sequence[int]) -> dict[str, object]:
    """The parameters of a statement about so many variants."""
    return {f"variant_{i}": variant_id for i, variant_id in enumerate(variant_ids)}


_OWNER = Prepared(
    select(Product.vendor_id)
    .where(Product.id == bindparam("product_id", type_=BigInteger), Product.deleted_at.is_(None))
    .with_for_update(key_share=True)  # as the catalogue locks a product
)
_LIVE_VARIANT = select(Variant.id).where(
    Variant.product_id == bindparam("product_id", type_=BigInteger), Variant.deleted_at.is_(None)
)
_VARIANT = Prepared(_LIVE_VARIANT.where(Variant.id == bindparam("variant_id", type_=BigInteger)))
_DEFAULT_VARIANT = Prepared(_LIVE_VARIANT.where(Variant.is_default))


@dataclass(frozen=True, slots=True)
class LockedProduct:
    """A product that nobody changes before the transaction ends, and one of its variants if it has that."""

    vendor_id: int | None
    variant_id: int | None


def lock_product(tx: Connection, product_id: int, variant_id: int | None) -> LockedProduct | None:
    """Lock a product, and look up its variant, or its default one; None when there is no such product."""
    # A statement of its own, so that the next one sees what it waited for.
    owner = _OWNER.later(tx, product_id=product_id)
    if variant_id:
        variant = _VARIANT.first(tx, product_id=product_id, variant_id=variant_id)
    else:
        variant = _DEFAULT_VARIANT.first(tx, product_id=product_id)
    product = owner.first()
    if product is None:
        return None
    return LockedProduct(product.vendor_id, None if variant is None else variant.id)


def low_stock_page(
    connection: Connection,
    below: int,
    after: Sequence[object] | None,
    limit: int,
    *,
    vendor_id: int | None,
) -> Sequence[AnyRow]:
    """The variants on sale of which fewer units can be ordered, the scarcest first, after the keys (units, id)."""
    units = cast(func.sum(ORDERABLE), BigInteger)
    statement = (
        select(
            Variant.product_id,
            Variant.id.label("variant_id"),
            Variant.sku,
            Product.name,
            units.label("units"),
        )
        .join(Product, Product.id == Variant.product_id)
        .join(InventoryLevel, InventoryLevel.variant_id == Variant.id)
        .where(Product.deleted_at.is_(None), Variant.deleted_at.is_(None))
        .group_by(Variant.product_id, Variant.id, Variant.sku, Product.name)
        .having(units < below)
        .order_by(units, Variant.id)
        .limit(limit)
    )
    if vendor_id is not None:
        statement = statement.where(Product.vendor_id == vendor_id)
    if after is not None:
        statement = statement.having(tuple_(units, Variant.id) > tuple(after))
    return connection.execute(statement).all()


_LEVELS = Prepared(
    select(
        Variant.id.label("variant_id"),
        Variant.sku,
        Location.id.label("location_id"),
        Location.name.label("location"),
        Location.kind,
        InventoryLevel.available,
        InventoryLevel.priority,
    )
    .join(InventoryLevel, InventoryLevel.variant_id == Variant.id)
    .join(Location, Location.id == InventoryLevel.location_id)
    .where(Variant.product_id == bindparam("product_id", type_=BigInteger), Variant.deleted_at.is_(None))
    .order_by(Variant.id, Location.id)
)


def levels(connection: Connection, product_id: int) -> StatementResult:
    """The stock of a product: its variants and locations, with what is available; read with what is read next."""
    return _LEVELS.later(connection, product_id=product_id)
