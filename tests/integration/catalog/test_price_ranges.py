"""A page of a range of prices reads few entries of an index, in every order, in a list of 100,000 products."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text
from support.query_plans import Explained, nodes

from server.catalog.listing_queries import (
    COUNTED_UP_TO,
    FEW,
    ProductFilter,
    count_products,
    product_page,
    sorts_by_price,
)
from server.db.database import Database

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PRODUCTS = 100_000
LIMIT = 21
SORTS = ["NEWEST", "PRICE_ASC", "PRICE_DESC", "NAME", "POPULARITY", "RATING"]

MAX_ENTRIES = 5_000
"""That a page reads: an entry takes PostgreSQL 0.1 to 0.3 µs."""
STEPS = 100
MAX_STEPS = 75_000
"""Instructions of SQLite's machine, which takes about 10 ns for each."""

# Prices are 1 to PRODUCTS, each once.
RANGES = {
    "20 products": (50_001, 50_020),
    "as many as are sorted": (30_001, 30_000 + FEW),
    "one more than are sorted": (30_001, 30_001 + FEW),
    "2 % of the products": (70_001, 72_000),
    "half of the products": (25_001, 75_000),
}


@pytest.fixture(scope="module")
def huge(module_database_url: str) -> Iterator[Database]:
    """A database with a list of 100,000 products, in which no order runs with another."""
    engine = create_engine(module_database_url)
    with engine.begin() as tx:
        if engine.dialect.name == "postgresql":
            # As SQLite does unless it is told otherwise, it does not ask for the products that are listed.
            tx.execute(text("SET LOCAL session_replication_role = replica"))
        # A multiple of a prime, modulo another one, is as good as drawn at random.
        tx.execute(
            text(
                "INSERT INTO product_listings (list_key, product_id, phase, in_stock, created_at, price_minor,"
                " name_key, sold, rating)"
                " WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < :count)"
                " SELECT 'all', id, 0, id % 20 > 0, CURRENT_TIMESTAMP, id * 7919 % :count + 1,"
                " 'name ' || id * 4729 % 99991, id * 5387 % 997, id * 6113 % 50 / 10.0 FROM n"
            ).bindparams(count=PRODUCTS)
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(
            "VACUUM ANALYZE product_listings" if engine.dialect.name == "postgresql" else "ANALYZE"
        )
    engine.dispose()
    db = Database(module_database_url, pool_size=1)
    yield db
    db.close()


@pytest.mark.parametrize("bounds", RANGES.values(), ids=RANGES)
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("in_stock", [None, True, False], ids=["all", "in stock", "sold out"])
def test_a_page_of_a_range_of_prices_reads_few_entries_of_an_index(
    huge: Database, in_stock: bool | None, sort: str, bounds: tuple[int, int]
) -> None:
    low, high = bounds
    wanted = ProductFilter(min_price_minor=low, max_price_minor=high, in_stock=in_stock)
    with huge.read() as connection:
        few = not sorts_by_price(sort) and count_products(connection, wanted, NOW) <= FEW
        first = product_page(connection, wanted, sort, None, LIMIT, NOW, few=few)
        after = [first[-1].sort_key, first[-1].product_id] if first else None
        for start in (None, after):
            with Explained(connection) as plans:
                product_page(connection, wanted, sort, start, LIMIT, NOW, few=few)
            _assert_index_alone(plans[0])
            if not huge.is_postgresql:
                with _few_steps(connection):
                    product_page(connection, wanted, sort, start, LIMIT, NOW, few=few)


@pytest.mark.parametrize("bounds", RANGES.values(), ids=RANGES)
def test_a_total_of_a_range_reads_few_entries_of_an_index(huge: Database, bounds: tuple[int, int]) -> None:
    low, high = bounds
    wanted = ProductFilter(min_price_minor=low, max_price_minor=high)
    with huge.read() as connection:
        with Explained(connection) as plans:
            total = count_products(connection, wanted, NOW)
        _assert_index_alone(plans[0])
    assert total == min(high - low + 1, COUNTED_UP_TO)


def _assert_index_alone(plan: Any) -> None:
    if isinstance(plan, list):
        reads = [step for _, _, step in plan if "product_listings" in step]
        assert reads, plan
        assert all("USING COVERING INDEX ix_product_listings_" in step for step in reads), plan
        return
    scans = [scan for scan in nodes(plan, "Scan") if scan.get("Relation Name") == "product_listings"]
    assert {scan["Node Type"] for scan in scans} == {"Index Only Scan"}, plan
    read = [scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0) for scan in scans]
    assert sum(read) <= MAX_ENTRIES, plan


@contextmanager
def _few_steps(connection: Connection) -> Iterator[None]:
    """Fail when SQLite takes too many steps meanwhile: its plans do not tell how many entries it reads."""
    driver: Any = connection.connection.driver_connection
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += STEPS
        return 0

    driver.set_progress_handler(count, STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)
    assert steps <= MAX_STEPS
