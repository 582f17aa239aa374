"""Orders from before prices had parts: the migration gives each line its part of tax and shipping."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from support.old_schemas import taken_back

from server.db import migrate
from server.db.engine import connect
from server.verify import verify

ORDER = (
    "INSERT INTO orders (id, number, status, currency, subtotal_minor, discount_minor, tax_minor, shipping_minor, "
    "total_minor, address, delivery_option, tracking_number, last_sequence, placed_at, updated_at) VALUES "
    "({id}, 'SO-{id}', 'CANCELLED', 'USD', {goods}, 0, {tax}, {shipping}, {goods} + {tax} + {shipping}, '{{}}', "
    "'STANDARD', '', 2, '2026-01-01 10:00:00', '2026-01-01 10:00:00')"
)
EVENT = (
    "INSERT INTO order_events (order_id, sequence, status, message, location, occurred_at) VALUES "
    "({id}, {sequence}, '{status}', '', '', '2026-01-01 10:00:00')"
)
LINE = (
    "INSERT INTO order_lines (order_id, position, product_id, variant_id, sku, name, quantity, price_minor, "
    "total_minor) VALUES ({id}, {position}, 1, 1, 'M', 'Mug', 1, {price}, {price})"
)
PRODUCT = (
    "INSERT INTO products (id, sku, slug, name, description, brand, price_minor, currency, max_quantity, "
    "attributes, tags, seo_title, seo_description, created_at, updated_at) "
    "VALUES (1, 'M', 'm', 'Mug', '', '', 100, 'USD', 99, '{}', '[]', '', '', '2026-01-01 10:00:00', "
    "'2026-01-01 10:00:00')"
)
VARIANT = "INSERT INTO variants (id, product_id, sku, options, is_default) VALUES (1, 1, 'M', '{}', true)"
STOCK = (
    "INSERT INTO inventory_levels (variant_id, location_id, product_id, available, received, sold) "
    "VALUES (1, 1, 1, 0, 0, 0)"
)


@pytest.fixture
def old_url(database_url: str) -> str:
    """The URL of a database of the schema before, with three orders."""
    statements = [PRODUCT, VARIANT, STOCK]
    orders: list[tuple[int, list[int], int, int]] = [
        (1, [7, 7, 7], 3, 599),
        (2, [1000, 2500], 280, 0),
        (3, [500], 0, 0),
    ]
    for order_id, prices, tax, shipping in orders:
        statements.append(ORDER.format(id=order_id, goods=sum(prices), tax=tax, shipping=shipping))
        for sequence, status in enumerate(("PENDING_PAYMENT", "CANCELLED"), 1):
            statements.append(EVENT.format(id=order_id, sequence=sequence, status=status))
        for position, price in enumerate(prices, 1):
            statements.append(LINE.format(id=order_id, position=position, price=price))
    with taken_back(database_url, "0002", statements):
        return database_url


def test_old_orders_get_prices_in_parts_that_add_up(old_url: str) -> None:
    migrate.upgrade(old_url)
    engine = connect(old_url, pool_size=1)
    with engine.connect() as connection:
        found: list[Any] = [
            tuple(row)
            for row in connection.execute(
                text(
                    "SELECT order_id, list_price_minor, discount_minor, tax_minor, shipping_minor "
                    "FROM order_lines ORDER BY order_id, position"
                )
            )
        ]
    assert found == [
        (1, 7, 0, 1, 200),
        (1, 7, 0, 1, 200),
        (1, 7, 0, 1, 199),
        (2, 1000, 0, 80, 0),
        (2, 2500, 0, 200, 0),
        (3, 500, 0, 0, 0),
    ]
    assert verify(engine) == []
    engine.dispose()


def test_the_way_back_keeps_orders_as_they_were(old_url: str) -> None:
    migrate.upgrade(old_url)
    migrate.downgrade(old_url, "0002")
    engine = connect(old_url, pool_size=1)
    with engine.connect() as connection:
        totals = connection.execute(text("SELECT total_minor FROM orders ORDER BY id")).scalars().all()
        lines = connection.execute(text("SELECT COUNT(*) FROM order_lines")).scalar()
    assert (list(totals), lines) == ([623, 3780, 500], 6)
    engine.dispose()
