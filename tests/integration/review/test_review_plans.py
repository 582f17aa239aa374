"""Lists of reviews are short walks along an index, however much was said of a product."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from support.query_plans import Explained, nodes

from server.catalog.models import Product
from server.db.database import Database
from server.review import queries
from server.review.models import Review
from server.user.models import User

NOW = datetime(2026, 6, 1, tzinfo=UTC)
COUNT, LIMIT = 2_000, 21


@pytest.fixture(scope="module")
def reviewed(module_database_url: str) -> Iterator[tuple[Database, int]]:
    """A shop with a product of which much is said, and little that waits."""
    db = Database(module_database_url, pool_size=1)
    times = {"created_at": NOW, "updated_at": NOW}
    with db.transaction() as tx:
        facts = {"name": "A", "price_minor": 1, "currency": "USD", **times}
        products = [{"sku": f"A{number}", "slug": f"a-{number}", **facts} for number in range(200)]
        product_id = tx.execute(insert(Product).returning(Product.id), products).scalars().all()[-1]
        names = [f"{number}@shop.test" for number in range(COUNT)]
        users = [{"email": name, "email_key": name, "full_name": "Ann Buyer", **times} for name in names]
        ids = tx.execute(insert(User).returning(User.id), users).scalars().all()
        tx.execute(insert(Review), [_review(product_id, user_id, n) for n, user_id in enumerate(ids)])
    with db.read() as connection:
        connection.exec_driver_sql("ANALYZE")
    yield db, product_id
    db.close()


def _review(product_id: int, user_id: int, number: int) -> dict[str, object]:
    moment = NOW + timedelta(minutes=number)
    return {
        "product_id": product_id,
        "user_id": user_id,
        "rating": 1 + number % 5,
        "status": "PENDING" if number % 100 == 0 else "PUBLISHED",
        "created_at": moment,
        "updated_at": moment,
    }


@pytest.mark.parametrize("sort", ["NEWEST", "HIGHEST", "LOWEST"])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_page_of_a_product_is_a_short_walk(
    reviewed: tuple[Database, int], sort: str, is_first: bool
) -> None:
    db, product_id = reviewed
    after = None if is_first else [3, NOW + timedelta(minutes=1000), 1000]
    with db.read() as connection, Explained(connection) as plans:
        assert len(queries.published_page(connection, product_id, sort, after, LIMIT)) == LIMIT
    _assert_short(plans[0])


def test_a_page_of_what_waits_is_a_short_walk(reviewed: tuple[Database, int]) -> None:
    db, _ = reviewed
    with db.read() as connection, Explained(connection) as plans:
        queries.pending_page(connection, None, LIMIT)
    _assert_short(plans[0])


def _assert_short(plan: Any) -> None:
    if isinstance(plan, list):
        steps = [step for _, _, step in plan]
        assert not [step for step in steps if "ORDER BY" in step], steps
        assert not [step for step in steps if step.startswith("SCAN") and "USING" not in step], steps
        return
    for scan in nodes(plan, "Scan"):
        assert scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0) <= 2 * LIMIT, plan
