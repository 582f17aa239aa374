"""A variant's first units at a location, while others wait for its stock.

On PostgreSQL a statement that waits for a row does not see rows that came meanwhile; SQLite has no two writers.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from google.type.money_pb2 import Money
from sanset.v1 import product_pb2
from sanset.v1.location_pb2 import Location
from sqlalchemy import text
from support.running_shop import RunningShop
from support.stock_places import MAIN, count, new_location, stock

from server.inventory_sync.rows import StockRow
from server.inventory_sync.sync import _apply
from server.verify import verify

T = TypeVar("T")
FIRST_UNITS = 5


@pytest.fixture
def store(postgres_shop: RunningShop) -> Location:
    """A location that has nothing yet."""
    return new_location(postgres_shop, priority=4)


def _while_synced(
    shop: RunningShop, product: product_pb2.Product, store: Location, call: Callable[[], T]
) -> T:
    """Run a call that waits for a product's stock, which gets its first units at a store by the inventory sync."""
    blocked = text("SELECT count(*) FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
    with ThreadPoolExecutor(1) as client, shop.app.db.engine.begin() as tx:
        assert _apply(tx, [StockRow(2, product.sku, store.name, FIRST_UNITS)]).changed == 1
        waiting = client.submit(call)
        while not waiting.done() and not tx.execute(blocked).scalar_one():
            pass
        tx.commit()
        return waiting.result()


def _sound(shop: RunningShop, product: product_pb2.Product) -> None:
    variant_id = product.default_variant_id
    about = f"product {product.id}:", f"variant {variant_id} ", f"variant {variant_id}:"
    assert [str(one) for one in verify(shop.app.db.engine) if one.sentence.startswith(about)] == []


def test_two_first_counts_at_a_location_follow_each_other(
    postgres_shop: RunningShop, store: Location
) -> None:
    shop, product = postgres_shop, postgres_shop.product(stock=1)
    _while_synced(shop, product, store, lambda: count(shop, product.id, 7, store.id))
    assert stock(shop, product.id) == {MAIN: 1, store.id: 7}
    _sound(shop, product)


def test_a_count_that_waits_for_a_first_one_knows_it(postgres_shop: RunningShop, store: Location) -> None:
    shop, product = postgres_shop, postgres_shop.product(stock=1)
    _while_synced(
        shop, product, store, lambda: count(shop, product.id, 8, store.id, expected_quantity=FIRST_UNITS)
    )
    assert stock(shop, product.id) == {MAIN: 1, store.id: 8}


def test_a_sale_of_the_last_units_elsewhere_leaves_the_product_in_stock(
    postgres_shop: RunningShop, store: Location
) -> None:
    shop, product, buyer = postgres_shop, postgres_shop.product(stock=1), postgres_shop.customer()
    shop.add(buyer, product.id, 1)
    _while_synced(shop, product, store, lambda: shop.checkout(buyer))
    assert stock(shop, product.id) == {MAIN: 0, store.id: FIRST_UNITS}
    _sound(shop, product)


def test_a_product_that_is_changed_meanwhile_is_listed_as_in_stock(
    postgres_shop: RunningShop, store: Location
) -> None:
    shop, product = postgres_shop, postgres_shop.product(stock=0)
    request = product_pb2.UpdateProductRequest(
        product=product_pb2.Product(id=product.id, price=Money(currency_code="USD", units=3))
    )
    _while_synced(
        shop, product, store, lambda: shop.catalog.UpdateProduct(request, metadata=shop.admin.metadata)
    )
    _sound(shop, product)
