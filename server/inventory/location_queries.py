"""SQL of the locations: one function per question."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Row, delete, exists, func, insert, or_, select, tuple_, update

from server.catalog.models import InventoryLevel, Location
from server.db.base import AnyRow, Values
from server.inventory.models import StockAllocation


def hold(tx: Connection, location_ids: Sequence[int]) -> dict[int, int | None]:
    """Keep locations as they are until the transaction ends; their priorities, None of one that is not active."""
    rows = tx.execute(
        select(Location.id, Location.active, Location.priority)
        .where(Location.id.in_(location_ids))
        .order_by(Location.id)
        .with_for_update(read=True)
    )
    return {row.id: row.priority if row.active else None for row in rows}


_LOCATIONS = select(*Location.__table__.columns)


def locations_page(
    connection: Connection, after: Sequence[object] | None, limit: int, *, active_only: bool
) -> Sequence[AnyRow]:
    """Locations in the order in which they serve, after the keys (priority, id)."""
    keys = (Location.priority, Location.id)
    statement = _LOCATIONS.order_by(*keys).limit(limit)
    if active_only:
        statement = statement.where(Location.active)
    if after is not None:
        statement = statement.where(tuple_(*keys) > tuple(after))
    return connection.execute(statement).all()


def location(connection: Connection, location_id: int) -> AnyRow | None:
    """A location."""
    return connection.execute(_LOCATIONS.where(Location.id == location_id)).one_or_none()


def lock(tx: Connection, location_id: int) -> AnyRow | None:
    """A location, which nobody else changes before the transaction ends; it may serve orders meanwhile."""
    statement = _LOCATIONS.where(Location.id == location_id).with_for_update(key_share=True)
    return tx.execute(statement).one_or_none()


def count(connection: Connection) -> int:
    """How many locations there are."""
    return int(connection.scalar(select(func.count()).select_from(Location)) or 0)


def names(connection: Connection) -> dict[int, str]:
    """The names of all locations, by id."""
    return {row.id: row.name for row in connection.execute(select(Location.id, Location.name))}


def by_id(connection: Connection) -> dict[int, AnyRow]:
    """The names of all locations, and whether they are active, by id."""
    rows = connection.execute(select(Location.id, Location.name, Location.active))
    return {row.id: row for row in rows}


def insert_location(tx: Connection, values: Values) -> int:
    """Insert a location and return its id. Raises IntegrityError when its name is taken."""
    return tx.execute(insert(Location).values(**values).returning(Location.id)).scalar_one()


def update_location(tx: Connection, location_id: int, values: Values) -> None:
    """Change columns of a location, and its version. Raises IntegrityError when its name is taken."""
    tx.execute(
        update(Location).where(Location.id == location_id).values(**values, version=Location.version + 1)
    )


def lock_levels(tx: Connection, location_id: int) -> Sequence[Row[int, int]]:
    """The products and units of the levels at a location, in the order of their variants, held until the end."""
    return tx.execute(
        select(InventoryLevel.product_id, InventoryLevel.available)
        .where(InventoryLevel.location_id == location_id)
        .order_by(InventoryLevel.variant_id)
        .with_for_update()
    ).all()


def lock_behind(
    tx: Connection, location_id: int, priority: int | None, after: int, limit: int
) -> Sequence[AnyRow]:
    """Levels at a location with another priority, in the order of their variants, after one; they are held."""
    return tx.execute(
        select(
            InventoryLevel.variant_id,
            InventoryLevel.product_id,
            InventoryLevel.available,
            InventoryLevel.priority,
        )
        .where(
            InventoryLevel.location_id == location_id,
            InventoryLevel.variant_id > after,
            InventoryLevel.priority.is_distinct_from(priority),
        )
        .order_by(InventoryLevel.variant_id)
        .limit(limit)
        .with_for_update()
    ).all()


def set_priority(tx: Connection, location_id: int, variant_ids: Sequence[int], priority: int | None) -> None:
    """Write a location's priority to levels, None when it serves no more; the caller holds them."""
    tx.execute(
        update(InventoryLevel)
        .where(InventoryLevel.location_id == location_id, InventoryLevel.variant_id.in_(variant_ids))
        .values(priority=priority)
    )


def levels_follow(tx: Connection, location_id: int) -> None:
    """Note that all levels of a location, which the caller holds, have its priority."""
    tx.execute(update(Location).where(Location.id == location_id).values(levels_pending=False))


def with_pending_levels(connection: Connection) -> Sequence[int]:
    """The locations of which some levels have not taken up the priority."""
    return connection.execute(select(Location.id).where(Location.levels_pending)).scalars().all()


def has_served(connection: Connection, location_id: int) -> bool:
    """Whether orders took units at a location, whatever became of them."""
    sold = exists().where(InventoryLevel.location_id == location_id, InventoryLevel.sold > 0)
    recorded = exists().where(StockAllocation.location_id == location_id)
    return bool(connection.scalar(select(or_(sold, recorded))))


def delete_location(tx: Connection, location_id: int) -> None:
    """Delete a location with its levels, which are empty."""
    tx.execute(delete(InventoryLevel).where(InventoryLevel.location_id == location_id))
    tx.execute(delete(Location).where(Location.id == location_id))
