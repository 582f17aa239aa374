"""A shop's tables in SQLite, as far as training reads them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from small_shop import make_dataset

DAY_ONE = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
TABLES = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, status VARCHAR, placed_at DATETIME,
    total_minor INTEGER DEFAULT 1000, currency VARCHAR DEFAULT 'USD');
CREATE TABLE order_lines (id INTEGER PRIMARY KEY, order_id INTEGER, product_id INTEGER, quantity INTEGER,
    returned_quantity INTEGER DEFAULT 0, restocked_quantity INTEGER DEFAULT 0);
CREATE TABLE payments (order_id INTEGER PRIMARY KEY, captured_minor INTEGER, refunded_minor INTEGER DEFAULT 0);
CREATE TABLE products (id INTEGER PRIMARY KEY, name VARCHAR, brand VARCHAR, description TEXT, category_id INTEGER,
    deleted_at DATETIME);
CREATE TABLE categories (id INTEGER PRIMARY KEY, name VARCHAR, parent_id INTEGER);
CREATE TABLE erasures (user_id INTEGER PRIMARY KEY);
CREATE TABLE behavior_events (id INTEGER PRIMARY KEY, user_id INTEGER, visitor_id VARCHAR, kind VARCHAR,
    product_id INTEGER, occurred_at DATETIME);
"""


def make_shop(path: Path) -> str:
    """A handful of rows, each an edge; returns the database's URL."""
    day_one, day_two = "2026-11-01 00:00:00.500000", "2026-11-02 00:00:00.000000"
    states = ["DELIVERED", "CONFIRMED", "CANCELLED", "PENDING_PAYMENT", "REFUNDED", "RETURNED"]
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(TABLES)
        database.executemany(
            "INSERT INTO orders (id, user_id, status, placed_at) VALUES (?, ?, ?, ?)",
            [(number, None if number == 2 else 5, state, day_one) for number, state in enumerate(states, 1)],
        )
        database.execute("UPDATE orders SET total_minor = 1250 WHERE id = 1")
        database.execute("UPDATE orders SET currency = 'ZMW' WHERE id = 2")
        database.executemany(
            "INSERT INTO order_lines (order_id, product_id, quantity) VALUES (?, ?, 2)",
            [(1, 1), (1, 2), (2, 2), (3, 1), (4, 1), (5, 1), (6, 1)],
        )
        # The one went back into stock before it left, the other came back.
        database.execute("UPDATE order_lines SET restocked_quantity = quantity WHERE order_id = 5")
        database.execute("UPDATE order_lines SET returned_quantity = quantity WHERE order_id = 6")
        database.executemany(
            "INSERT INTO products VALUES (?, ?, ?, ?, ?, ?)",
            [
                (1, "Mug", "Acme", "For tea", 11, None),
                (2, "Cup", None, None, 10, None),
                (3, "Bare", "", "", None, None),
                (4, "Gone", "", "", 10, day_one),
            ],
        )
        database.executemany(
            "INSERT INTO categories VALUES (?, ?, ?)", [(10, "Kitchen", None), (11, "Mugs", 10)]
        )
        database.executemany(
            "INSERT INTO behavior_events (user_id, visitor_id, kind, product_id, occurred_at)"
            " VALUES (?, ?, ?, ?, ?)",
            [
                (5, None, "VIEW", 1, day_one),
                (5, None, "VIEW", 1, day_two),
                (5, None, "ADD_TO_CART", 2, day_one),
                (5, None, "PURCHASE", 2, day_one),
                (5, None, "SEARCH", None, day_one),
                (None, "visitor", "VIEW", 1, day_one),
            ],
        )
    return f"sqlite:///{path}"


def make_selling_shop(path: Path, orders: int | None = None) -> str:
    """The small shop in a database, with as many of its orders as asked for."""
    dataset = make_dataset()
    lines, products = dataset.interactions, dataset.products
    kept = set(dict.fromkeys(lines.order_ids.tolist()[: None if orders is None else orders * 4]))
    rows = [
        row
        for row in zip(
            lines.order_ids.tolist(), lines.user_ids.tolist(), lines.product_ids.tolist(), strict=True
        )
        if row[0] in kept
    ]
    times = dict(zip(lines.order_ids.tolist(), lines.times.tolist(), strict=True))
    epoch = datetime(1970, 1, 1)  # noqa: DTZ001 - SQLite stores times without a zone
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(TABLES)
        database.executemany(
            "INSERT INTO orders (id, user_id, status, placed_at) VALUES (?, ?, 'DELIVERED', ?)",
            {(order, user, f"{epoch + timedelta(seconds=times[order])}.000000") for order, user, _ in rows},
        )
        database.executemany(
            "INSERT INTO order_lines (order_id, product_id, quantity) VALUES (?, ?, 1)",
            [(order, product) for order, _, product in rows],
        )
        database.executemany(
            "INSERT INTO products VALUES (?, ?, 'acme', '', ?, NULL)",
            zip(products.ids.tolist(), products.names, products.category_ids.tolist(), strict=True),
        )
        database.executemany(
            "INSERT INTO categories VALUES (?, ?, NULL)", sorted(products.category_names.items())
        )
    return f"sqlite:///{path}"
