"""Roll-ups: whatever becomes of orders, they are the sums that plain arithmetic over the rows comes to."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sanset.v1 import order_pb2
from support import refund_story as story
from support.counted_sales import count, placed_at, utc
from support.module_shop import module_shop
from support.running_shop import Account, RunningShop

from server.analytics import keeper as keepers
from server.analytics import rollup
from server.analytics.models import DAY, MONTH
from server.db.database import Database
from server.progress import silent
from server.verify import verify

__all__ = ["module_shop"]

BERLIN = "Europe/Berlin"
SUMS = ("orders", "units", "kept_units", "paid_minor", "refunded_minor")


def rows(shop: RunningShop, table: str, keys: str, numbers: tuple[str, ...], where: str = "1 = 1") -> Any:
    """The rows of a roll-up that are not zero, by their keys."""
    found = shop.sql(f"SELECT {keys}, {', '.join(numbers)} FROM {table} WHERE {where}")
    width = len(keys.split(","))
    return {
        tuple(str(one)[:19] for one in row[:width]): tuple(row[width:]) for row in found if any(row[width:])
    }


def expected(shop: RunningShop, zone: str) -> dict[str, dict[tuple[str, ...], tuple[int, ...]]]:
    """What the roll-ups must hold, by plain arithmetic over orders, lines and payments."""
    orders = shop.sql(
        "SELECT o.id, o.user_id, o.currency, o.placed_at, o.total_minor AS paid, p.refunded_minor AS back, "
        "o.coupon_id FROM orders o LEFT JOIN payments p ON p.order_id = o.id "
        "WHERE o.status NOT IN ('PENDING_PAYMENT', 'CANCELLED')"
    )
    lines = defaultdict(list)
    for line in shop.sql("SELECT * FROM order_lines"):
        lines[line.order_id].append(line)
    days: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * 5)
    hours: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * 5)
    products: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * 5)
    firsts: dict[tuple[int, str], str] = {}
    months: Counter[tuple[int, str, str]] = Counter()
    for order in orders:
        placed = utc(order.placed_at).astimezone(ZoneInfo(zone))
        hour = utc(order.placed_at).replace(minute=0, second=0, microsecond=0)  # as in zones of whole hours
        own = lines[order.id]
        kept = {
            id(line): line.quantity - max(line.returned_quantity, line.restocked_quantity) for line in own
        }
        whole = (1, sum(line.quantity for line in own), sum(kept.values()), order.paid, order.back or 0)
        for sums, key in (
            (days, (placed.date().isoformat(), order.currency)),
            (hours, (f"{hour:%Y-%m-%d %H:%M:%S}", order.currency)),
        ):
            sums[key] = [a + b for a, b in zip(sums[key], whole, strict=True)]
        for line in own:
            cost = line.total_minor - line.discount_minor + line.tax_minor + line.shipping_minor
            key = (placed.date().isoformat(), order.currency, str(line.product_id))
            one = (1, line.quantity, kept[id(line)], cost, line.refunded_minor)
            products[key] = [a + b for a, b in zip(products[key], one, strict=True)]
        if order.user_id is not None:
            who, month = (order.user_id, order.currency), f"{placed:%Y-%m}-01"
            firsts[who] = min(firsts.get(who, month), month)
            months[(*who, month)] += 1
    cohorts: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    for (user_id, currency, month), bought in months.items():
        row = cohorts[firsts[user_id, currency], month, currency]
        row[0] += 1
        row[1] += bought
    every = {"days": days, "hours": hours, "products": products, "cohorts": cohorts}
    return {name: {key: tuple(row) for key, row in sums.items()} for name, sums in every.items()}


def check(shop: RunningShop, zone: str = "UTC") -> None:
    """Compare every roll-up."""
    shall = expected(shop, zone)
    assert rows(shop, "sales_days", "day, currency", SUMS) == shall["days"]
    assert rows(shop, "sales_hours", "hour, currency", SUMS) == shall["hours"]
    of_days = f"span = {DAY}"
    assert rows(shop, "product_sales", "day, currency, product_id", SUMS, of_days) == shall["products"]
    assert rows(shop, "sales_cohorts", "cohort, month, currency", ("customers", "orders")) == shall["cohorts"]
    assert {each.rule for each in verify(shop.app.db.engine) if each.rule.startswith("sales-")} == set()


def units_of(order: order_pb2.Order, count: int) -> list[order_pb2.LineQuantity]:
    """Units of the first line of an order."""
    return [order_pb2.LineQuantity(variant_id=order.items[0].variant_id, quantity=count)]


@pytest.fixture
def buyer(shop: RunningShop) -> Account:
    """A customer."""
    return shop.customer()


def test_refunds_returns_and_cancellations_correct_the_day_of_their_order(
    shop: RunningShop, buyer: Account
) -> None:
    plain = story.bought(shop, buyer, (10, 0, 2), (3, 33, 5))
    count(shop)
    check(shop)
    old = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    placed_at(shop, plain.id, old)
    story.refund(shop, plain.id, items=units_of(plain, 1))
    cancelled = story.bought(shop, buyer, (7, 1, 1))
    story.cancel(shop, buyer, cancelled.id)
    whole = story.bought(shop, shop.customer(), (50, 0, 1))
    story.refund(shop, whole.id)
    returned = story.delivered(shop, story.bought(shop, buyer, (20, 0, 3)))
    story.sent_back(shop, buyer, returned, 2)
    amount = story.bought(shop, buyer, (40, 0, 1))
    story.refund(shop, amount.id, amount=story.usd("12.34"))
    count(shop)
    check(shop)
    (row,) = shop.sql("SELECT * FROM sales_days WHERE day = '2026-03-29'")
    assert (row.orders, row.units) == (1, 7)
    assert row.refunded_minor > 1000
    assert shop.sql("SELECT * FROM order_facts WHERE order_id = :id", id=cancelled.id) == []


def test_an_earlier_order_moves_a_customer_to_an_earlier_cohort(shop: RunningShop, buyer: Account) -> None:
    first, second = (story.bought(shop, buyer, (5, 0, 1)) for _ in range(2))
    count(shop)
    placed_at(shop, first.id, datetime(2024, 2, 29, 12, tzinfo=UTC))
    placed_at(shop, second.id, datetime(2024, 5, 1, tzinfo=UTC))
    check(shop)
    cohort = "cohort = '2024-02-01' AND currency = 'USD'"
    assert rows(shop, "sales_cohorts", "month", ("customers", "orders"), cohort) == {
        ("2024-02-01",): (1, 1),
        ("2024-05-01",): (1, 1),
    }
    story.cancel(shop, buyer, first.id)
    count(shop)
    check(shop)
    assert rows(shop, "sales_cohorts", "month", ("customers",), cohort) == {}


def test_another_time_zone_has_everything_counted_anew_with_the_nights_in_which_clocks_are_set(
    shop: RunningShop, buyer: Account
) -> None:
    moments = (
        datetime(2025, 3, 30, 0, 59, 59, tzinfo=UTC),  # 01:59 before the hour that is skipped
        datetime(2025, 3, 30, 1, 0, tzinfo=UTC),  # 03:00
        datetime(2025, 10, 26, 0, 30, tzinfo=UTC),  # 02:30 for the first time
        datetime(2025, 10, 26, 1, 30, tzinfo=UTC),  # 02:30 for the second time
        datetime(2025, 10, 25, 22, 0, tzinfo=UTC),  # midnight
        datetime(2025, 10, 26, 22, 59, tzinfo=UTC),  # of the same day, 25 hours long
        datetime(2025, 10, 26, 23, 0, tzinfo=UTC),
    )
    for moment in moments:
        placed_at(shop, story.bought(shop, buyer, (5, 0, 1)).id, moment)
    count(shop)
    check(shop)
    count(shop, BERLIN)
    check(shop, BERLIN)
    days = rows(shop, "sales_days", "day", ("orders",), "day BETWEEN '2025-03-01' AND '2025-10-31'")
    assert days == {("2025-03-30",): (2,), ("2025-10-26",): (4,), ("2025-10-27",): (1,)}
    night = "hour BETWEEN '2025-10-26 00:00:00' AND '2025-10-26 01:30:00'"
    assert len(rows(shop, "sales_hours", "hour", ("orders",), night)) == 2
    count(shop, "UTC")
    check(shop)


def test_a_rebuild_beside_the_running_shop_comes_to_the_same(shop: RunningShop, buyer: Account) -> None:
    orders = [story.bought(shop, buyer, (5, 0, 2)) for _ in range(3)]
    count(shop)
    with closing(Database(shop.settings.url, pool_size=1)) as db:
        shop.sql("UPDATE sales_days SET orders = orders + 1")
        assert {each.rule for each in verify(db.engine)} >= {"sales-days", "sales-hours"}
        with db.transaction() as tx:
            rollup.begin_rebuild(tx, "UTC")
            rollup.fill(tx, 2)
        story.refund(shop, orders[0].id, items=units_of(orders[0], 1))
        story.bought(shop, buyer, (6, 0, 1))
        count(shop)
        check(shop)
        reports: list[tuple[int, int]] = []
        counted = keepers.rebuild(db, "UTC", lambda _, done, total: reports.append((done, total)))
    check(shop)
    assert counted == reports[-1][0] > 3
    assert counted == shop.sql("SELECT COUNT(*) AS n FROM orders")[0].n


def test_counting_again_changes_nothing(shop: RunningShop, buyer: Account) -> None:
    order = story.bought(shop, buyer, (5, 0, 2))
    count(shop)
    before = shop.sql("SELECT * FROM sales_days ORDER BY day, currency")
    with shop.app.db.transaction() as tx:
        rollup.count_orders(tx, [order.id])
        rollup.count_orders(tx, [order.id, order.id])
        rollup.count_orders(tx, [])
    assert shop.sql("SELECT * FROM sales_days ORDER BY day, currency") == before


def test_verify_finds_an_order_that_is_counted_wrongly(shop: RunningShop, buyer: Account) -> None:
    order = story.bought(shop, buyer, (5, 0, 2))
    count(shop)
    shop.sql("UPDATE order_facts SET refunded_minor = 7 WHERE order_id = :id", id=order.id)
    try:
        assert {each.rule for each in verify(shop.app.db.engine)} >= {"sales-counted", "sales-days"}
    finally:
        shop.sql("UPDATE order_facts SET refunded_minor = 0 WHERE order_id = :id", id=order.id)
    check(shop)


def test_months_are_whole(shop: RunningShop) -> None:
    count(shop)
    of_months = rows(shop, "region_sales", "day, country", ("orders",), f"span = {MONTH}")
    assert all(date.fromisoformat(day).day == 1 for day, _ in of_months)


def test_an_empty_shop_is_rebuilt(database_url: str) -> None:
    with closing(Database(database_url, pool_size=1)) as db:
        assert keepers.rebuild(db, BERLIN, silent) == 0
        assert verify(db.engine) == []
