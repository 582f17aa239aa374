"""The rules of the locations: where stock is, and in which order orders are served from there."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from server.catalog import listings
from server.catalog.errors import LocationNotFound
from server.catalog.models import DEFAULT_LOCATION_ID
from server.countries import country_code
from server.db.base import AnyRow, Values
from server.db.rows import changed_columns
from server.errors import TooMany
from server.etags import check_etag, etag_of
from server.events.log import publish
from server.events.topics import StockMoved
from server.inventory import location_queries as queries
from server.inventory.errors import LocationInUse, LocationTaken
from server.text.tidy import tidied

MAX_LOCATIONS: Final = 100
"""A checkout locks the stock of its lines at all of them."""
LEVELS_AT_ONCE: Final = 200
"""That take up another priority in one transaction."""


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
    """Change a location; which orders are served from it, its levels take up after that by `serve_some`.

    Raises LocationNotFound, StaleEtag, InvalidField and LocationTaken.
    """
    row = _lock(tx, location_id, etag)
    changed = changed_columns(row, _tidied(values))
    if not changed:
        return
    before = row.priority if row.active else None
    after = changed.get("priority", row.priority) if changed.get("active", row.active) else None
    if before != after:
        changed["levels_pending"] = True
    # No level is held: a new name lets no order refer to the location meanwhile, as one that holds a level does.
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


def serve_some(tx: Connection, location_id: int, after: int) -> int | None:
    """Have levels of a location, behind a variant's, serve orders as it says, or not at all, by its priority.

    Returns the variant behind which there may be more, None when there are none: a location has thousands of
    levels, and buyers wait for those that a transaction holds.
    """
    row = queries.lock(tx, location_id)
    if row is None or not row.levels_pending:
        return None
    priority = row.priority if row.active else None
    levels = queries.lock_behind(tx, location_id, priority, after, LEVELS_AT_ONCE)
    queries.set_priority(tx, location_id, [level.variant_id for level in levels], priority)
    flips = {
        level.product_id
        for level in levels
        if level.available and (level.priority is None) != (priority is None)
    }
    if flips:
        listings.stock_changed(tx, flips)
    more = levels[-1].variant_id if len(levels) == LEVELS_AT_ONCE else None
    if more is None and after:
        more = 0  # the location may have changed again since the first ones
    if more is None:
        queries.levels_follow(tx, location_id)
    if flips:  # what more or less of can be ordered; nothing moved
        publish(tx, StockMoved.of(flips))
    return more
