"""The rules of the locations: where stock is, and in which order orders are served from there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from server.catalog import listings
from server.catalog.models import DEFAULT_LOCATION_ID
from server.countries import country_code
from server.db.base import AnyRow, Values
from server.db.rows import changed_columns
from server.errors import TooMany
from server.etags import check_etag, etag_of
from server.events.log import publish
from server.events.topics import StockMoved
from server.inventory import location_queries as queries
from server.inventory.errors import LocationInUse, LocationNotFound, LocationTaken
from server.text.tidy import tidied

MAX_LOCATIONS: Final = 100
"""A checkout locks the stock of its lines at all of them."""
PRODUCTS_PER_EVENT: Final = 500


def get(connection: Connection, location_id: int) -> AnyRow:
    """A location. Raises LocationNotFound."""
    row = queries.location(connection, location_id)
    if row is None:
        raise LocationNotFound(location_id=location_id)
    return row


def create(tx: Connection, values: Values) -> int:
    """Create a location, without stock, and return its id. Raises InvalidField, LocationTaken and TooMany."""
    if queries.count(tx) >= MAX_LOCATIONS:
        raise TooMany(limit=MAX_LOCATIONS, resources="locations")
    row = _tidied(values)
    try:
        return queries.insert_location(tx, row)
    except IntegrityError:
        raise LocationTaken(location=row["name"]) from None


def change(tx: Connection, location_id: int, values: Values, etag: str) -> None:
    """Change a location, and which orders are served from it.

    Raises LocationNotFound, StaleEtag, InvalidField and LocationTaken.
    """
    row = _lock(tx, location_id, etag)
    changed = changed_columns(row, _tidied(values))
    if not changed:
        return
    before = row.priority if row.active else None
    after = changed.get("priority", row.priority) if changed.get("active", row.active) else None
    if before != after:
        _serve(tx, location_id, before, after)
    # Once its levels are held: a new name lets no order refer to it meanwhile, which one that holds a level would.
    try:
        queries.update_location(tx, location_id, changed)
    except IntegrityError:
        raise LocationTaken(location=changed["name"]) from None


def remove(tx: Connection, location_id: int, etag: str) -> None:
    """Delete a location. Raises LocationNotFound, StaleEtag, and LocationInUse when it has stock or has served."""
    _lock(tx, location_id, etag)
    levels = queries.lock_levels(tx, location_id)
    in_use = any(level.available for level in levels) or queries.has_served(tx, location_id)
    if in_use or location_id == DEFAULT_LOCATION_ID:
        raise LocationInUse(location_id=location_id)
    queries.delete_location(tx, location_id)


def _lock(tx: Connection, location_id: int, etag: str) -> AnyRow:
    row = queries.lock(tx, location_id)
    if row is None:
        raise LocationNotFound(location_id=location_id)
    check_etag(etag, etag_of(row.version), "location")
    return row


def _tidied(values: Values) -> Values:
    """What is stored of fields that people fill."""
    tidy = tidied(values, required=["name"], prefix="location.")
    if tidy.get("country"):
        tidy["country"] = country_code(tidy["country"], "location.country")
    return tidy


def _serve(tx: Connection, location_id: int, before: int | None, after: int | None) -> None:
    """Have orders served from a location by another priority, or not at all: None."""
    levels = queries.lock_levels(tx, location_id)
    queries.set_priority(tx, location_id, after)
    if (before is None) == (after is None):
        return
    products = sorted({level.product_id for level in levels if level.available})
    chunks = [products[at : at + PRODUCTS_PER_EVENT] for at in range(0, len(products), PRODUCTS_PER_EVENT)]
    for chunk in chunks:
        listings.stock_changed(tx, chunk)
    _announce(tx, chunks)


def _announce(tx: Connection, chunks: Sequence[Sequence[int]]) -> None:
    """Tell that more or less of products can be ordered; nothing moved."""
    for chunk in chunks:
        publish(tx, StockMoved.of(chunk))
