"""A page of what a location with few goods has is read from its side, in a shop of many products."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from support.query_plans import Explained, nodes

from server.catalog.listing_queries import (
    COUNTED_UP_TO,
    LocationGoods,
    ProductFilter,
    count_products,
    goods_at,
    located_page,
)
from server.db.database import Database
from server.search.upkeep.queries import stocked_at

pytestmark = pytest.mark.either

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PRODUCTS, LIMIT = 20_000, 21
MAIN, STORE, EMPTY, CLOSED = 1, 2, 3, 4
IN_STORE = 40
MAX_READ = 6 * IN_STORE
"""Rows of a table: of the store's goods, once for a count and a few times for a page."""
TABLES = ("inventory_levels", "product_listings", "variants", "locations")

FILTERS = {
    "everything": ProductFilter(),
    "a brand": ProductFilter(brand="Acme"),
    "prices": ProductFilter(min_price_minor=1_000),
    "in stock": ProductFilter(in_stock=True),
}


@pytest.fixture(scope="module")
def huge(module_database_url: str) -> Iterator[Database]:
    """A database of many products, all of which the main warehouse has, and few the store."""
    engine = create_engine(module_database_url)
    with engine.begin() as tx:
        if engine.dialect.name == "postgresql":
            # As SQLite does unless it is told otherwise, it does not ask for the products.
            tx.execute(text("SET LOCAL session_replication_role = replica"))
        for location_id, active in ((STORE, True), (EMPTY, True), (CLOSED, False)):
            tx.execute(
                text("INSERT INTO locations (id, name, active) VALUES (:id, :name, :active)").bindparams(
                    id=location_id, name=f"Location {location_id}", active=active
                )
            )
        numbers = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < :count)"
        for key in ("all", "brand acme"):
            tx.execute(
                text(
                    "INSERT INTO product_listings (list_key, product_id, phase, in_stock, created_at,"
                    f" price_minor, name_key, sold, rating) {numbers} SELECT :key, id, 0, true,"
                    " '2026-05-01 00:00:00.000000', id * 7919 % :count + 1, 'name ' || id * 4729 % 99991,"
                    " id % 997, 0 FROM n"
                ).bindparams(count=PRODUCTS, key=key)
            )
        tx.execute(
            text(
                f"INSERT INTO variants (id, product_id, sku, options, is_default) {numbers}"
                " SELECT id, id, 'sku ' || id, '[]', true FROM n"
            ).bindparams(count=PRODUCTS)
        )
        for location_id, units, share in ((MAIN, 5, 1), (STORE, 5, PRODUCTS // IN_STORE), (EMPTY, 0, 4)):
            tx.execute(
                text(
                    "INSERT INTO inventory_levels (variant_id, location_id, product_id, available, received)"
                    f" {numbers} SELECT id, :location, id, :units, :units FROM n WHERE id % :share = 0"
                ).bindparams(count=PRODUCTS, location=location_id, units=units, share=share)
            )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE")
    engine.dispose()
    db = Database(module_database_url, pool_size=1)
    yield db
    db.close()


@pytest.mark.both
def test_what_a_location_has_is_known_without_a_look_at_the_products(huge: Database) -> None:
    with huge.read() as connection:
        with Explained(connection) as plans:
            goods = [goods_at(connection, each) for each in (MAIN, STORE, EMPTY, CLOSED, 99)]
        few = LocationGoods(serves=True, few=True)
        closed = LocationGoods(serves=False, few=True)
        assert goods == [LocationGoods(serves=True, few=False), few, few, closed, None]
        assert all(_read(plans[i]) <= COUNTED_UP_TO for i in (0, 1, 3, 4))


@pytest.mark.both
@pytest.mark.parametrize("filters", FILTERS.values(), ids=FILTERS)
def test_a_page_reads_what_the_location_has_alone(huge: Database, filters: ProductFilter) -> None:
    there = replace(filters, location_id=STORE)
    with huge.read() as connection:
        for sort in ("NEWEST", "PRICE_DESC", "NAME"):
            first = located_page(connection, there, sort, None, LIMIT, NOW)
            after = [first[-1].sort_key, first[-1].product_id]
            with Explained(connection) as plans:
                second = located_page(connection, there, sort, after, LIMIT, NOW)
            assert len(first) == LIMIT
            assert 0 < len(second) < LIMIT
            assert _read(plans[0]) <= MAX_READ, plans
        with Explained(connection) as plans:
            total = count_products(connection, there, NOW, few_there=True)
        assert total == len(first) + len(second)
        assert _read(plans[0]) <= MAX_READ, plans


@pytest.mark.both
def test_a_total_of_a_location_with_much_is_counted_no_further_than_it_is_told(huge: Database) -> None:
    with huge.read() as connection, Explained(connection) as plans:
        assert count_products(connection, ProductFilter(location_id=MAIN), NOW) == COUNTED_UP_TO
    assert _read(plans[0]) <= 4 * COUNTED_UP_TO, plans


@pytest.mark.both
def test_searches_read_what_the_location_has_alone(huge: Database) -> None:
    with huge.read() as connection, Explained(connection) as plans:
        assert len(stocked_at(connection, STORE, None)) == IN_STORE
        assert stocked_at(connection, CLOSED, None) == ()
    assert all(_read(plan) <= MAX_READ for plan in plans), plans


def _read(plan: Any) -> int:
    """The rows of tables that a plan read; of SQLite's it is only known that each is found by an index."""
    if isinstance(plan, list):
        steps = [step for _, _, step in plan]
        assert not [step for step in steps if step.startswith("SCAN") and step.split()[1] in TABLES], steps
        assert not [step for step in steps if "product_listings" in step and "product_id=?" not in step], (
            steps
        )
        return 0
    scans = [
        scan
        for scan in nodes(plan, "Scan")
        if "Relation Name" in scan and scan["Relation Name"] != "locations"
    ]
    return sum(
        (scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)) * scan["Actual Loops"] for scan in scans
    )
