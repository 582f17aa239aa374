"""The data of a large shop: products, 5,000 customers with orders of four lines, one of whom orders a lot."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from bench.dataset import MATERIALS, SHELVES
from server.catalog.listings import relist
from server.catalog.models import DEFAULT_LOCATION_ID
from server.db.bulk import reserve_ids, write_rows
from server.db.engine import connect
from server.db.schema import metadata

CUSTOMERS = 5_000
COLLECTOR = CUSTOMERS - 1
"""The customer with many orders."""
LINES = 4
STOCK = 1_000
CATEGORIES = 200
COMPANIONS = 60
"""Products that the same people like: neighbouring ids of a group of this size."""
LIKED_GROUPS = 3
SEED = 23
DAYS = 365


@dataclass(frozen=True)
class Size:
    """How much a shop has."""

    products: int
    orders: int
    collected: int = 0
    """Orders of one customer besides."""


LARGE = Size(products=40_000, orders=50_000)


def write(url: str, size: Size) -> tuple[Sequence[int], Sequence[int]]:
    """Fill the database and return the ids of its products and customers."""
    engine, draw = connect(url, pool_size=1), random.Random(SEED)
    try:
        with engine.begin() as tx:
            products = write_products(tx, draw, size.products)
            customers = _write_customers(tx)
            _write_orders(tx, draw, size, products, customers)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE"))
    finally:
        engine.dispose()
    return [product_id for product_id, _ in products], customers


def write_products(tx: Connection, draw: random.Random, count: int) -> list[tuple[int, int]]:
    """Write products with stock; give the ids of each and its variant."""
    now = datetime.now(UTC) - timedelta(days=DAYS)
    tables = metadata.tables
    categories = reserve_ids(tx, tables["categories"], CATEGORIES)
    shelves = list(SHELVES.values())
    names = [f"{shelves[index % len(shelves)][0]} {index}" for index in range(CATEGORIES)]
    write_rows(
        tx,
        tables["categories"],
        ("id", "name", "name_key", "slug", "description"),
        (
            (each, name, name.lower(), name.lower().replace(" ", "-"), "")
            for each, name in zip(categories, names, strict=True)
        ),
    )
    products = reserve_ids(tx, tables["products"], count)
    variants = reserve_ids(tx, tables["variants"], count)
    rows: list[tuple[Any, ...]] = []
    for index, product_id in enumerate(products):
        category = index // COMPANIONS % CATEGORIES
        material, noun = draw.choice(MATERIALS), draw.choice(shelves[category % len(shelves)][1])
        words = (f"{material} {noun} {index}", f"A {noun.lower()} of {material.lower()}, made to last.")
        price = draw.randint(199, 9_999)
        rows.append(
            (
                *(product_id, f"L{index}", f"l-{index}", *words, categories[category], "", price, "USD"),
                *(99, {}, [], "", "", now, now),
            )
        )
    sales = [int(draw.paretovariate(1.1)) - 1 for _ in rows]
    write_rows(tx, tables["products"], _PRODUCT, rows)
    write_rows(
        tx,
        tables["variants"],
        ("id", "product_id", "sku", "options", "is_default"),
        ((variant, row[0], row[1], {}, True) for variant, row in zip(variants, rows, strict=True)),
    )
    write_rows(
        tx,
        tables["inventory_levels"],
        ("variant_id", "location_id", "product_id", "available", "received", "sold"),
        (
            (variant, DEFAULT_LOCATION_ID, row[0], STOCK, STOCK + sold, sold)
            for variant, row, sold in zip(variants, rows, sales, strict=True)
        ),
    )
    relist(tx, products, now)
    return list(zip(products, variants, strict=True))


def _write_customers(tx: Connection) -> Sequence[int]:
    now = datetime.now(UTC) - timedelta(days=DAYS)
    customers = reserve_ids(tx, metadata.tables["users"], CUSTOMERS)
    columns = ("id", "email", "email_key", "full_name", "phone", "role", "preferences")
    emails = [f"customer{number}@example.com" for number in range(CUSTOMERS)]
    write_rows(
        tx,
        metadata.tables["users"],
        (*columns, "created_at", "updated_at"),
        (
            (user_id, email, email, "A Customer", "", "CUSTOMER", {}, now, now)
            for user_id, email in zip(customers, emails, strict=True)
        ),
    )
    return customers


def _write_orders(
    tx: Connection,
    draw: random.Random,
    size: Size,
    products: Sequence[tuple[int, int]],
    customers: Sequence[int],
) -> None:
    tables = metadata.tables
    order_ids = reserve_ids(tx, tables["orders"], size.orders + size.collected)
    groups = [draw.sample(range(size.products // COMPANIONS), LIKED_GROUPS) for _ in customers]
    now = datetime.now(UTC)
    orders: list[tuple[Any, ...]] = []
    lines: list[tuple[Any, ...]] = []
    for number, order_id in enumerate(order_ids):
        customer = number % CUSTOMERS if number < size.orders else COLLECTOR
        placed_at = now - timedelta(days=DAYS * draw.random())
        orders.append(
            (
                *(order_id, f"L-{number}", customers[customer], "DELIVERED", "USD", 0, 0, 0, 0, 0),
                *({"country": "US"}, "STANDARD", "", 1, placed_at, placed_at),
            )
        )
        for position, index in enumerate(_basket(draw, size.products, groups[customer]), 1):
            product_id, variant_id = products[index]
            lines.append((order_id, position, product_id, variant_id, f"L{index}", "", 1, 100, 100))
    write_rows(tx, tables["orders"], _ORDER, orders)
    write_rows(tx, tables["order_lines"], _LINE, lines)


def _basket(draw: random.Random, products: int, groups: Sequence[int]) -> set[int]:
    """Three products of a group that the customer likes, the first ones most often, and one from anywhere."""
    first = draw.choice(groups) * COMPANIONS
    basket = {first + int(COMPANIONS * draw.random() ** 2) for _ in range(LINES - 1)}
    while len(basket) < LINES:
        basket.add(int(products * draw.random() ** 3))
    return basket


_PRODUCT = (
    *("id", "sku", "slug", "name", "description", "category_id", "brand", "price_minor", "currency"),
    *("max_quantity", "attributes", "tags", "seo_title", "seo_description", "created_at", "updated_at"),
)
_ORDER = (
    *("id", "number", "user_id", "status", "currency", "subtotal_minor", "discount_minor", "tax_minor"),
    *("shipping_minor", "total_minor", "address", "delivery_option", "tracking_number", "last_sequence"),
    *("placed_at", "updated_at"),
)
_LINE = (
    *("order_id", "position", "product_id", "variant_id", "sku", "name", "quantity", "price_minor"),
    "total_minor",
)
