"""Days that are over are in a worker's memory: what changes them later shows at the next question all the same."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from google.type.money_pb2 import Money
from sanset.v1 import analytics_pb2 as pb
from sanset.v1 import behavior_pb2, user_pb2
from support import refund_story as story
from support.counted_sales import count, placed_at, stored, utc
from support.module_shop import module_shop
from support.running_shop import PASSWORD, Account, RunningShop, refused

from server.analytics import rollup
from server.analytics.remembered import RememberedSales
from server.verify import verify

__all__ = ["module_shop"]

DAYS = 7
NOW = datetime.now(UTC)


def minor(money: Money) -> int:
    """Cents."""
    return money.units * 100 + money.nanos // 10_000_000


def dashboard(shop: RunningShop) -> pb.GetDashboardResponse:
    """The dashboard of the last week, when all is counted."""
    count(shop)
    request = pb.GetDashboardRequest(range=pb.SalesPeriod.LAST_7_DAYS)
    return shop.analytics.GetDashboard(request, metadata=shop.admin.metadata)


def lines_between(shop: RunningShop, first: date, last: date) -> list[Any]:
    """The lines of the orders that count, of some days."""
    rows = shop.sql(
        "SELECT l.*, o.user_id, o.placed_at FROM order_lines l JOIN orders o ON o.id = l.order_id "
        "WHERE o.status NOT IN ('PENDING_PAYMENT', 'CANCELLED') AND o.currency = 'USD'"
    )
    return [row for row in rows if first <= utc(row.placed_at).date() <= last]


def check(shop: RunningShop) -> None:
    """Compare a dashboard with plain arithmetic, twice: the second time the days are in memory."""
    for _ in range(2):
        reply = dashboard(shop)
        today = reply.period.end_time.ToDatetime().date() - timedelta(days=1)
        now = lines_between(shop, today - timedelta(days=DAYS - 1), today)
        before = lines_between(shop, today - timedelta(days=2 * DAYS - 1), today - timedelta(days=DAYS))
        assert reply.buyer_count == len({row.user_id for row in now})
        assert reply.previous_buyer_count == len({row.user_id for row in before})
        units, revenue = sums(now)
        earlier, earlier_revenue = sums(before)
        ranked = sorted((-number, product) for product, number in units.items() if number > 0)[:10]
        assert [each.product_id for each in reply.popular_products] == [product for _, product in ranked]
        for each in reply.popular_products:
            product = each.product_id
            assert (each.kept_unit_count, minor(each.revenue)) == (units[product], revenue[product])
            previous = (each.previous_kept_unit_count, minor(each.previous_revenue))
            assert previous == (earlier[product], earlier_revenue[product])


def sums(rows: list[Any]) -> tuple[Counter[int], Counter[int]]:
    """The kept units of each product, and what stayed of its lines."""
    units: Counter[int] = Counter()
    revenue: Counter[int] = Counter()
    for row in rows:
        units[row.product_id] += row.quantity - max(row.returned_quantity, row.restocked_quantity)
        revenue[row.product_id] += (
            row.total_minor - row.discount_minor + row.tax_minor + row.shipping_minor - row.refunded_minor
        )
    return units, revenue


def bought(shop: RunningShop, buyer: Account, products: dict[int, int], days_ago: int) -> Any:
    """An order of some days ago."""
    for product_id, quantity in products.items():
        shop.add(buyer, product_id, quantity)
    order = shop.checkout(buyer).order
    placed_at(shop, order.id, NOW - timedelta(days=days_ago))
    return order


def test_what_changes_a_day_that_is_over_shows_at_the_next_question(shop: RunningShop) -> None:
    loyal, others = shop.customer(), [shop.customer() for _ in range(3)]
    ids = [shop.product(units=5, stock=1_000).id for _ in range(12)]
    old = bought(shop, loyal, {ids[0]: 9, ids[1]: 2}, 3)
    cancelled = bought(shop, others[0], {ids[2]: 8}, 4)
    bought(shop, others[1], {ids[1]: 1, ids[4]: 5}, 9)
    bought(shop, loyal, {ids[4]: 3}, 0)
    check(shop)
    bought(shop, loyal, {ids[1]: 4}, 0)
    bought(shop, others[2], {ids[number]: 1 + number for number in range(5, 12)}, 0)
    check(shop)
    story.delivered(shop, old)
    story.sent_back(shop, loyal, old, 2)
    check(shop)
    story.refund(shop, old.id, amount=story.usd("1.23"))
    check(shop)
    story.cancel(shop, others[0], cancelled.id)
    check(shop)
    with shop.app.db.transaction() as tx:
        rollup.begin_rebuild(tx, "UTC")
    check(shop)


def test_active_users_of_days_that_are_over_are_those_of_their_last_count(shop: RunningShop) -> None:
    buyer, looker = shop.customer(), shop.customer()
    product = shop.product()
    for account in (buyer, looker):
        event = behavior_pb2.BehaviorEvent(kind=behavior_pb2.BehaviorEvent.VIEW, product_id=product.id)
        shop.recommend.TrackEvent(behavior_pb2.TrackEventRequest(events=[event]), metadata=account.metadata)
    job = shop.app.rooms.analytics.activity
    shop.run(job.run())
    before = dashboard(shop).active_user_count
    for account in (buyer, looker):
        bought(shop, account, {product.id: 1}, 0)
    newcomer = shop.customer()
    bought(shop, newcomer, {product.id: 1}, 2)
    shop.sql("UPDATE activity_days SET counted_at = '1970-01-01 00:00:00.000000'")
    for _ in range(DAYS):
        shop.run(job.run())
    assert dashboard(shop).active_user_count == before + 1


def test_what_recommendations_brought_is_corrected_when_a_day_changes_later(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product(units=30)
    list_id = story.new_id().replace("-", "")[:16]
    shown = NOW - timedelta(days=2, minutes=20)
    shop.sql(
        "INSERT INTO shown_lists (list_id, model_version, kind, user_id, product_ids, shown_at) "
        "VALUES (:id, 'a-model', 'HOMEPAGE', :u, :p, :at)",
        id=list_id, u=buyer.user_id, p=f"[{product.id}]", at=stored(shown),
    )  # fmt: skip
    shop.sql(
        "INSERT INTO behavior_events (user_id, kind, product_id, query, list_id, model_version, occurred_at) "
        "VALUES (:u, 'CLICK', :p, '', :id, 'a-model', :at)",
        id=list_id, u=buyer.user_id, p=product.id, at=stored(shown + timedelta(minutes=10)),
    )  # fmt: skip
    order = bought(shop, buyer, {product.id: 2}, 2)

    def brought() -> tuple[int, int]:
        count(shop)
        for _ in range(DAYS):
            shop.run(shop.app.rooms.analytics.activity.run())
        request = pb.GetRevenueRequest(range=pb.SalesPeriod.LAST_7_DAYS)
        reply = shop.analytics.GetRevenue(request, metadata=shop.admin.metadata)
        return reply.recommendations.order_count, minor(reply.recommendations.revenue)

    assert brought() == (1, 6000)
    story.refund(shop, order.id, items=story.units(order, 1))
    assert brought() == (1, 3000)
    story.refund(shop, order.id)
    assert brought() == (0, 0)


def test_orders_of_every_currency_end_a_funnel_and_revenue_is_of_one(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product(units=10)
    first, second = (bought(shop, buyer, {product.id: quantity}, 40) for quantity in (1, 2))
    shop.sql("UPDATE orders SET currency = 'EUR' WHERE id = :id", id=second.id)
    with shop.app.db.transaction() as tx:
        rollup.count_orders(tx, [second.id])

    def funnel(currency: str) -> pb.ListProductFunnelsResponse.Item:
        request = pb.ListProductFunnelsRequest(
            range=pb.SalesPeriod.LAST_90_DAYS, page_size=100, currency_code=currency
        )
        reply = shop.analytics.ListProductFunnels(request, metadata=shop.admin.metadata)
        return next(each for each in reply.items if each.product_id == product.id)

    for currency, order in (("USD", first), ("EUR", second)):
        item = funnel(currency)
        assert (item.funnel.order_count, item.kept_unit_count) == (2, 3)
        assert (item.revenue.currency_code, minor(item.revenue)) == (currency, minor(order.totals.total))
    shop.sql("UPDATE orders SET currency = 'USD' WHERE id = :id", id=second.id)
    with shop.app.db.transaction() as tx:
        rollup.count_orders(tx, [second.id])
    assert not [each for each in verify(shop.app.db.engine) if each.rule.startswith("sales-")]


def test_accounts_that_were_deleted_are_no_customers(shop: RunningShop) -> None:
    def customers() -> int:
        with shop.app.db.read() as connection:
            return RememberedSales().customers(connection, datetime.now(UTC))

    before = customers()
    leaving = shop.customer()
    assert customers() == before + 1
    request = user_pb2.DeleteMyAccountRequest(current_password=PASSWORD)
    shop.users.DeleteMyAccount(request, metadata=leaving.metadata)
    assert customers() == before


@pytest.mark.parametrize("call", ["GetUserActivity", "GetVendorSales"])
def test_where_each_day_is_shown_there_may_be_a_thousand(shop: RunningShop, call: str) -> None:
    request = getattr(pb, f"{call}Request")()
    request.start_time.FromDatetime(NOW - timedelta(days=1_000))
    got = refused(getattr(shop.analytics, call), request, shop.admin)
    assert (got.code.name, got.reason, got.fields) == ("INVALID_ARGUMENT", "RANGE_TOO_LONG", ["start_time"])
    assert "1001 days" in got.message.replace(",", "")
    request.start_time.FromDatetime(NOW - timedelta(days=998))
    getattr(shop.analytics, call)(request, metadata=shop.admin.metadata)
