"""Reads a shop's products, sold order lines and behaviour events into plain numpy arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.pool import NullPool

from ml.arrays import Array, Doubles, Floats, Ids

GUEST = 0
"""The user id of an order placed without an account; real ids are positive."""

UNSOLD = ("PENDING_PAYMENT", "CANCELLED", "REFUNDED", "RETURNED")
"""Order states that do not count as a purchase."""

EVENT_KINDS = ("VIEW", "CLICK", "WISHLIST", "ADD_TO_CART")
"""Behaviour that counts, weakest first; `Events.kinds` holds positions in it. Purchases come from the orders."""

CHUNK = 20_000
DESCRIPTION_LIMIT = 2_000


@dataclass(frozen=True, eq=False)
class Interactions:
    """Sold order lines, one entry per line: parallel arrays."""

    user_ids: Ids
    product_ids: Ids
    order_ids: Ids
    quantities: Floats
    times: Doubles

    def __len__(self) -> int:
        return len(self.order_ids)

    def where(self, mask: NDArray[np.bool_]) -> Interactions:
        """Keep the lines where the mask is true."""
        return Interactions(
            self.user_ids[mask],
            self.product_ids[mask],
            self.order_ids[mask],
            self.quantities[mask],
            self.times[mask],
        )


@dataclass(frozen=True, eq=False)
class Events:
    """What signed-in users looked at: one entry per user, product and kind, with its latest time."""

    user_ids: Ids
    product_ids: Ids
    kinds: NDArray[np.uint8]
    times: Doubles

    def where(self, mask: NDArray[np.bool_]) -> Events:
        """Keep the events where the mask is true."""
        return Events(self.user_ids[mask], self.product_ids[mask], self.kinds[mask], self.times[mask])


@dataclass(frozen=True, eq=False)
class Products:
    """The products on sale, ascending by id: parallel sequences. Category id 0 means none."""

    ids: Ids
    names: Sequence[str]
    brands: Sequence[str]
    descriptions: Sequence[str]
    category_ids: Ids
    category_names: Mapping[int, str]
    category_paths: Mapping[int, str]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Everything training reads."""

    products: Products
    interactions: Interactions
    events: Events

    def fingerprint(self) -> str:
        """The SHA-256 of the data, hexadecimal: equal data, equal fingerprint, whatever order it was read in."""
        digest = hashlib.sha256()
        lines, events = self.interactions, self.events
        order = np.lexsort((lines.quantities, lines.product_ids, lines.order_ids))
        for column in (lines.user_ids, lines.product_ids, lines.order_ids, lines.quantities, lines.times):
            digest.update(column[order].tobytes())
        order = np.lexsort((events.kinds, events.product_ids, events.user_ids))
        for event_column in (events.user_ids, events.product_ids, events.kinds, events.times):
            digest.update(event_column[order].tobytes())
        digest.update(self.products.ids.tobytes() + self.products.category_ids.tobytes())
        for texts in (self.products.names, self.products.brands, self.products.descriptions):
            digest.update("\x1f".join(texts).encode())
        return digest.hexdigest()


def read(database_url: str) -> Dataset:
    """Read the shop behind a SQLAlchemy URL (PostgreSQL or SQLite), streaming: memory is the arrays and one chunk.

    Raises sqlalchemy.exc.SQLAlchemyError when the database cannot be read.
    """
    engine = sa.create_engine(database_url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return Dataset(_read_products(connection), _read_lines(connection), _read_events(connection))
    finally:
        engine.dispose()


def _read_lines(connection: sa.Connection) -> Interactions:
    query = sa.text(
        f"SELECT COALESCE(o.user_id, :guest), l.product_id, o.id, l.quantity, {_epoch(connection, 'o.placed_at')}"  # noqa: S608 - the fragment is ours
        " FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.status NOT IN :unsold"
    ).bindparams(sa.bindparam("unsold", list(UNSOLD), expanding=True), guest=GUEST)
    user_ids, product_ids, order_ids, quantities, times = _columns(
        connection, query, np.int64, np.int64, np.int64, np.float32, np.float64
    )
    return Interactions(user_ids, product_ids, order_ids, quantities, times)


def _read_events(connection: sa.Connection) -> Events:
    # Grouped by the database: a shop has far more page views than pairs of user and product.
    cases = " ".join(f"WHEN '{kind}' THEN {position}" for position, kind in enumerate(EVENT_KINDS))
    query = sa.text(
        f"SELECT user_id, product_id, CASE kind {cases} END, {_epoch(connection, 'MAX(occurred_at)')}"  # noqa: S608 - the fragments are ours
        " FROM behavior_events WHERE user_id IS NOT NULL AND product_id IS NOT NULL AND kind IN :kinds"
        " GROUP BY user_id, product_id, kind"
    ).bindparams(sa.bindparam("kinds", list(EVENT_KINDS), expanding=True))
    user_ids, product_ids, kinds, times = _columns(
        connection, query, np.int64, np.int64, np.uint8, np.float64
    )
    return Events(user_ids, product_ids, kinds, times)


def _read_products(connection: sa.Connection) -> Products:
    names, paths = _read_categories(connection)
    query = sa.text(
        "SELECT id, COALESCE(name, ''), COALESCE(brand, ''), COALESCE(SUBSTR(description, 1, :limit), ''),"
        " COALESCE(category_id, 0) FROM products WHERE deleted_at IS NULL ORDER BY id"
    ).bindparams(limit=DESCRIPTION_LIMIT)
    ids: list[int] = []
    texts: tuple[list[str], list[str], list[str]] = ([], [], [])
    category_ids: list[int] = []
    for rows in _chunks(connection, query):
        for product_id, name, brand, description, category_id in rows:
            ids.append(product_id)
            for column, text in zip(texts, (name, brand, description), strict=True):
                column.append(text)
            category_ids.append(category_id)
    return Products(
        np.array(ids, dtype=np.int64), *texts, np.array(category_ids, dtype=np.int64), names, paths
    )


def _read_categories(connection: sa.Connection) -> tuple[dict[int, str], dict[int, str]]:
    """Give each category's name, and its name together with those of its ancestors."""
    rows = connection.execute(sa.text("SELECT id, name, parent_id FROM categories")).all()
    names: dict[int, str] = {row[0]: row[1] for row in rows}
    parents: dict[int, int | None] = {row[0]: row[2] for row in rows}
    paths = {}
    for category_id in names:
        lineage: list[int] = []
        current: int | None = category_id
        while current in names and current not in lineage:
            lineage.append(current)
            current = parents[current]
        paths[category_id] = " ".join(names[step] for step in reversed(lineage))
    return names, paths


def _epoch(connection: sa.Connection, column: str) -> str:
    """SQL for a time as seconds since 1970, in UTC."""
    if connection.dialect.name == "sqlite":
        return f"(julianday({column}) - 2440587.5) * 86400.0"
    return f"CAST(EXTRACT(EPOCH FROM {column}) AS DOUBLE PRECISION)"


def _columns(connection: sa.Connection, query: sa.TextClause, *types: type[np.generic]) -> list[Array]:
    parts: list[list[Array]] = [[np.empty(0, kind)] for kind in types]
    for rows in _chunks(connection, query):
        for part, values, kind in zip(parts, zip(*rows, strict=True), types, strict=True):
            part.append(np.array(values, dtype=kind))
    return [np.concatenate(part) for part in parts]


def _chunks(connection: sa.Connection, query: sa.TextClause) -> Iterator[Sequence[sa.Row[Any]]]:
    with connection.execute(query, execution_options={"stream_results": True}) as result:
        yield from result.partitions(CHUNK)
