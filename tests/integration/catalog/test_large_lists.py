"""A page of any list is a short walk along an index, in every order, in a shop of 100,000 products."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
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


# The lists beside that of everything: of how many products one stands on it, with a prime that draws them.
LISTS = {
    "category 1": (4, 6947),
    "brand acme": (10, 3571),
    "tag new": (10, 5039),
    "tag red": (5, 7127),
    "vendor 7": (20, 2861),
}

DENSE = ("category 2", "brand big", "tag big", "vendor 8")
"""Lists with the same products."""
ON_DENSE = 3_000

FILTERS = {
    "everything": ProductFilter(),
    "a category with all below it": ProductFilter(category_id=1),
    "a brand": ProductFilter(brand="Acme"),
    "a tag": ProductFilter(tags=("red",)),
    "two tags": ProductFilter(tags=("red", "new")),
    "a vendor": ProductFilter(vendor_id=7),
    "a brand of a category": ProductFilter(category_id=1, brand="Acme"),
    "a few prices": ProductFilter(min_price_minor=50_001, max_price_minor=50_900),
    "most prices": ProductFilter(min_price_minor=20_001),
    "a brand and most prices": ProductFilter(brand="Acme", max_price_minor=80_000),
    "everything at once": ProductFilter(2, "Big", ("big",), 20_001, 80_000, None, 8),
}
MAX_PASSED_OVER = 40
"""Entries that a page reads for each of its own, where a list is filtered by something else than its order."""


@pytest.fixture(scope="module")
def huge(module_database_url: str) -> Iterator[Database]:
    """A database with lists of up to 100,000 products, in which no order runs with another."""
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
        for key, (share, prime) in LISTS.items():
            _put(tx, key, f"product_id * {prime} % 9973 % {share} = 0")
        for key in DENSE:
            _put(tx, key, f"product_id <= {ON_DENSE}")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(
            "VACUUM ANALYZE product_listings" if engine.dialect.name == "postgresql" else "ANALYZE"
        )
    engine.dispose()
    db = Database(module_database_url, pool_size=1)
    yield db
    db.close()


def _put(tx: Connection, key: str, which: str) -> None:
    columns = "product_id, phase, in_stock, created_at, price_minor, name_key, sold, rating"
    tx.execute(
        text(
            f"INSERT INTO product_listings (list_key, {columns})"
            f" SELECT :key, {columns} FROM product_listings WHERE list_key = 'all' AND {which}"
        ).bindparams(key=key)
    )


STOCKS = pytest.mark.parametrize("in_stock", [None, True, False], ids=["all", "in stock", "sold out"])


@STOCKS
@pytest.mark.parametrize("filters", FILTERS.values(), ids=FILTERS)
def test_a_page_of_any_list_is_a_short_walk_along_an_index_in_any_order(
    huge: Database, filters: ProductFilter, in_stock: bool | None
) -> None:
    filters = replace(filters, in_stock=in_stock)
    with huge.read() as connection:
        for sort in SORTS:
            few = _sorts_few(connection, filters, sort)
            first = product_page(connection, filters, sort, None, LIMIT, NOW, few=few)
            assert len(first) == LIMIT
            for after in (None, [first[-1].sort_key, first[-1].product_id]):
                with Explained(connection) as plans:
                    product_page(connection, filters, sort, after, LIMIT, NOW, few=few)
                _assert_short(plans[0], few=few)


@STOCKS
@pytest.mark.parametrize("filters", FILTERS.values(), ids=FILTERS)
def test_a_total_is_counted_no_further_than_it_is_told(
    huge: Database, filters: ProductFilter, in_stock: bool | None
) -> None:
    with huge.read() as connection, Explained(connection) as plans:
        count_products(connection, replace(filters, in_stock=in_stock), NOW)
    _assert_index_alone(plans[0], most=None)


def test_a_database_without_statistics_walks_along_the_index_as_well(huge: Database) -> None:
    """As it is after an import, until PostgreSQL has looked at what came."""
    if not huge.is_postgresql:
        pytest.skip("SQLite goes by its rules alone")
    with huge.engine.connect() as connection, connection.begin() as transaction:
        table = "'product_listings'::regclass"
        connection.execute(text(f"DELETE FROM pg_statistic WHERE starelid = {table}"))
        connection.execute(text(f"UPDATE pg_class SET reltuples = -1, relallvisible = 0 WHERE oid = {table}"))
        for name in ("everything", "a category with all below it", "a brand", "a tag", "a vendor"):
            for in_stock, sort in itertools.product((None, True, False), SORTS):
                filters = replace(FILTERS[name], in_stock=in_stock)
                with Explained(connection) as plans:
                    product_page(connection, filters, sort, None, LIMIT, NOW)
                _assert_short(plans[0], few=False)
        transaction.rollback()


def _sorts_few(connection: Connection, filters: ProductFilter, sort: str) -> bool:
    """Whether the products of a list are so few that they are sorted, as ListProducts decides."""
    if sorts_by_price(sort) or not filters.bounds_prices:
        return False
    return count_products(connection, filters, NOW) <= FEW


def _assert_short(plan: Any, *, few: bool) -> None:
    if isinstance(plan, list):
        assert not [step for _, _, step in plan if step.startswith("SCAN product_listings")], plan
        walks = [parent for _, parent, step in plan if "USING COVERING INDEX ix_product_listings_" in step]
        assert walks, plan
        # Each half comes in its order; what is sorted are its first rows, when the halves are put together.
        assert not [parent for _, parent, step in plan if "ORDER BY" in step and parent in walks], plan
        return
    assert not nodes(plan, "Seq Scan"), plan
    assert few or not nodes(plan, "Sort"), plan
    for scan in nodes(plan, "Scan"):
        if scan.get("Relation Name") == "product_listings":
            rows = scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)
            assert rows * scan["Actual Loops"] <= (FEW if few else MAX_PASSED_OVER * LIMIT), plan


@pytest.mark.parametrize("bounds", RANGES.values(), ids=RANGES)
@pytest.mark.parametrize("sort", SORTS)
@STOCKS
def test_a_page_of_a_range_of_prices_reads_few_entries_of_an_index(
    huge: Database, in_stock: bool | None, sort: str, bounds: tuple[int, int]
) -> None:
    low, high = bounds
    wanted = ProductFilter(min_price_minor=low, max_price_minor=high, in_stock=in_stock)
    with huge.read() as connection:
        few = _sorts_few(connection, wanted, sort)
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


def _assert_index_alone(plan: Any, most: int | None = MAX_ENTRIES) -> None:
    if isinstance(plan, list):
        reads = [step for _, _, step in plan if "product_listings" in step]
        assert reads, plan
        assert all("USING COVERING INDEX" in step for step in reads), plan
        return
    scans = [scan for scan in nodes(plan, "Scan") if scan.get("Relation Name") == "product_listings"]
    assert {scan["Node Type"] for scan in scans} == {"Index Only Scan"}, plan
    read = [scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0) for scan in scans]
    assert most is None or sum(read) <= most, plan


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
