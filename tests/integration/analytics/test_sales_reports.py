"""Sales, revenue and the dashboard say what plain arithmetic over the orders says, for any range."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from sanset.v1 import analytics_pb2 as pb
from support import refund_story as story
from support.counted_sales import count, placed_at, utc
from support.module_shop import module_shop
from support.running_shop import RunningShop, refused

__all__ = ["module_shop"]

GRANULARITY = pb.GetSalesRequest.Granularity
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def sold(shop: RunningShop) -> RunningShop:
    """A shop with orders of two years, of which some were paid back, cancelled, or bought with a coupon."""
    buyers = [shop.customer() for _ in range(3)]
    for number in range(24):
        buyer = buyers[number % 3]
        order = story.bought(shop, buyer, (10 + number, 35, 1 + number % 4), (3, 99, 2))
        placed_at(shop, order.id, BEGIN + timedelta(days=29 * number, hours=7 * number, minutes=13))
        if number % 5 == 1:
            story.refund(shop, order.id, items=story.units(order, 1))
        if number % 7 == 3:
            story.cancel(shop, buyer, order.id)
        if number == 11:
            story.refund(shop, order.id)
    count(shop)
    return shop


def timestamp(moment: datetime) -> Timestamp:
    """A time on the wire."""
    result = Timestamp()
    result.FromDatetime(moment)
    return result


def minor(money: Money) -> int:
    """Cents."""
    return money.units * 100 + money.nanos // 10_000_000


def ask(shop: RunningShop, granularity: Any = GRANULARITY.DAY, **fields: Any) -> pb.GetSalesResponse:
    """Sales, as an admin sees them."""
    request = pb.GetSalesRequest(granularity=granularity, **fields)
    return shop.analytics.GetSales(request, metadata=shop.admin.metadata)


def rows_of(shop: RunningShop) -> list[Any]:
    """The orders that count."""
    return shop.sql(
        "SELECT o.*, COALESCE(p.refunded_minor, 0) AS back, "
        "(SELECT SUM(quantity) FROM order_lines l WHERE l.order_id = o.id) AS units "
        "FROM orders o LEFT JOIN payments p ON p.order_id = o.id "
        "WHERE o.status NOT IN ('PENDING_PAYMENT', 'CANCELLED')"
    )


def first_of(moment: datetime, granularity: Any, begin: datetime) -> datetime:
    """The beginning of a point, by plain arithmetic."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    match granularity:
        case GRANULARITY.HOUR:
            return moment.replace(minute=0, second=0, microsecond=0)
        case GRANULARITY.WEEK:
            day -= timedelta(days=day.weekday())
        case GRANULARITY.MONTH:
            day = day.replace(day=1)
        case GRANULARITY.YEAR:
            day = day.replace(day=1, month=1)
    return max(day, begin)


@pytest.mark.either
@pytest.mark.parametrize("granularity", GRANULARITY.values()[1:], ids=GRANULARITY.keys()[1:])
@pytest.mark.parametrize(("offset", "length"), [(0, 731), (17, 40), (100, 1), (3, 27), (300, 365), (800, 5)])
def test_sales_of_any_range_are_those_of_its_orders(
    sold: RunningShop, granularity: Any, offset: int, length: int
) -> None:
    if granularity == GRANULARITY.HOUR:
        length = min(length, 40)
    start = BEGIN + timedelta(days=offset)
    end = start + timedelta(days=length)
    reply = ask(sold, granularity, start_time=timestamp(start), end_time=timestamp(end))
    orders: Counter[datetime] = Counter()
    revenue: Counter[datetime] = Counter()
    for row in rows_of(sold):
        placed = utc(row.placed_at)
        if start <= placed < end:
            orders[first_of(placed, granularity, start)] += 1
            revenue[first_of(placed, granularity, start)] += row.total_minor - row.back
    points = {point.start_time.ToDatetime(tzinfo=UTC): point.totals for point in reply.points}
    assert {at: each.order_count for at, each in points.items() if each.order_count} == orders
    assert {at: minor(each.revenue) for at, each in points.items() if each.order_count} == revenue
    assert list(points) == sorted(points)
    assert next(iter(points)) == start
    assert reply.totals.order_count == orders.total()
    assert minor(reply.totals.revenue) == revenue.total()
    assert minor(reply.totals.paid) == revenue.total() + minor(reply.totals.refunded)
    before = [row for row in rows_of(sold) if start - (end - start) <= utc(row.placed_at) < start]
    assert reply.previous_totals.order_count == len(before)
    assert reply.previous_totals.unit_count == sum(row.units for row in before)
    assert reply.previous_period.end_time == reply.period.start_time == timestamp(start)
    assert reply.period.end_time == timestamp(end)
    assert (reply.period.time_zone, reply.period.complete) == ("UTC", True)


def test_every_day_is_a_point_also_those_without_sales(sold: RunningShop) -> None:
    reply = ask(sold, start_time=timestamp(BEGIN), end_time=timestamp(BEGIN + timedelta(days=10)))
    assert [point.start_time.ToDatetime().date() for point in reply.points] == [
        date(2024, 1, day) for day in range(1, 11)
    ]
    assert [point.totals.order_count for point in reply.points] == [1] + [0] * 9


def test_a_currency_in_which_nothing_was_sold_has_zeros(sold: RunningShop) -> None:
    end = timestamp(BEGIN + timedelta(days=9))
    reply = ask(sold, currency_code="JPY", start_time=timestamp(BEGIN), end_time=end)
    assert reply.totals.order_count == 0
    assert reply.totals.revenue == Money(currency_code="JPY")


def test_the_parts_of_a_revenue_add_up_to_it(sold: RunningShop) -> None:
    request = pb.GetRevenueRequest(
        start_time=timestamp(BEGIN), end_time=timestamp(BEGIN + timedelta(days=730))
    )
    reply = sold.analytics.GetRevenue(request, metadata=sold.admin.metadata)
    rows = [row for row in rows_of(sold) if BEGIN <= utc(row.placed_at) < BEGIN + timedelta(days=730)]
    split = {field.name: minor(value) for field, value in reply.revenue.ListFields()}
    refunds = sold.sql(
        "SELECT SUM(r.tax_minor) AS tax, SUM(r.shipping_minor) AS shipping FROM refunds r "
        "JOIN orders o ON o.id = r.order_id WHERE r.status <> 'FAILED' AND o.status <> 'CANCELLED' "
        "AND o.placed_at < :until",
        until=(BEGIN + timedelta(days=730)).replace(tzinfo=None),
    )[0]
    assert split["list_price"] == sum(row.subtotal_minor for row in rows)
    assert split["tax"] == sum(row.tax_minor for row in rows)
    assert split["shipping"] == sum(row.shipping_minor for row in rows)
    assert split["refunded"] == sum(row.back for row in rows) > 0
    assert (split["refunded_tax"], split["refunded_shipping"]) == (refunds.tax, refunds.shipping)
    discounts = sum(value for name, value in split.items() if name.endswith("_discount"))
    assert split["paid"] == split["list_price"] - discounts + split["tax"] + split["shipping"]
    assert split["revenue"] == split["paid"] - split["refunded"]
    assert reply.coupons.order_count == 0
    assert minor(reply.previous_revenue.revenue) == 0


def test_orders_with_a_coupon_have_their_share(shop: RunningShop) -> None:
    code = f"C{story.new_id()[:8].upper()}"
    shop.sql(
        "INSERT INTO coupons (code, percent_bp, description, created_at, updated_at) "
        "VALUES (:code, 1000, '', '2020-01-01 00:00:00.000000', '2020-01-01 00:00:00.000000')",
        code=code,
    )
    buyer = shop.customer()
    shop.add(buyer, shop.product(units=40).id)
    order = shop.checkout(buyer, coupon_code=code).order
    moment = datetime(2021, 6, 1, 12, tzinfo=UTC)
    placed_at(shop, order.id, moment)
    other = story.bought(shop, buyer, (36, 0, 1))
    placed_at(shop, other.id, moment)
    request = pb.GetRevenueRequest(
        start_time=timestamp(moment), end_time=timestamp(moment + timedelta(hours=1))
    )
    reply = shop.analytics.GetRevenue(request, metadata=shop.admin.metadata)
    assert reply.coupons.order_count == 1
    assert reply.coupons.revenue == order.totals.total
    assert minor(reply.revenue.coupon_discount) == 400
    whole = minor(order.totals.total) + minor(other.totals.total)
    assert reply.coupons.revenue_share == pytest.approx(minor(order.totals.total) / whole)


def test_the_dashboard_tells_of_now_and_of_the_days_before(shop: RunningShop) -> None:
    metadata = shop.admin.metadata
    before = shop.analytics.GetDashboard(
        pb.GetDashboardRequest(range=pb.SalesPeriod.TODAY), metadata=metadata
    )
    buyer = shop.customer()
    product = shop.product(units=5, stock=1000, name="Best seller")
    shop.add(buyer, product.id, 90)
    order = shop.checkout(buyer).order
    shop.add(buyer, shop.product(units=5, stock=3).id, 1)
    unpaid = shop.checkout(buyer).order
    shop.sql("UPDATE orders SET status = 'PENDING_PAYMENT' WHERE id = :id", id=unpaid.id)
    try:
        count(shop)
        now = shop.analytics.GetDashboard(
            pb.GetDashboardRequest(range=pb.SalesPeriod.TODAY), metadata=metadata
        )
    finally:
        shop.sql("UPDATE orders SET status = 'CONFIRMED' WHERE id = :id", id=unpaid.id)
    assert now.sales.order_count == before.sales.order_count + 1
    assert minor(now.sales.revenue) == minor(before.sales.revenue) + minor(order.totals.total)
    assert now.buyer_count == before.buyer_count + 1
    assert now.new_user_count == before.new_user_count + 1
    assert now.user_count == before.user_count + 1
    assert now.pending_order_count == before.pending_order_count + 1
    assert now.low_stock_count == before.low_stock_count + 1
    best = now.popular_products[0]
    assert (best.product_id, best.name, best.kept_unit_count) == (product.id, "Best seller", 90)
    assert now.previous_period.end_time == now.period.start_time
    count(shop)


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"start_time": timestamp(BEGIN), "end_time": timestamp(BEGIN)}, "INVALID_FIELD", "start_time"),
    ({"end_time": timestamp(BEGIN)}, "INVALID_FIELD", "start_time"),
    ({"range": pb.SalesPeriod.TODAY, "start_time": timestamp(BEGIN)}, "INVALID_FIELD", "range"),
    ({"start_time": timestamp(BEGIN - timedelta(days=3661)), "end_time": timestamp(BEGIN)},
     "RANGE_TOO_LONG", "start_time"),
    ({"start_time": timestamp(BEGIN), "end_time": timestamp(BEGIN + timedelta(days=1001))},
     "TOO_MANY_POINTS", "granularity"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "reason", "field"), BAD)
def test_a_range_that_cannot_be_answered_is_refused(
    shop: RunningShop, fields: dict[str, Any], reason: str, field: str
) -> None:
    got = refused(shop.analytics.GetSales, pb.GetSalesRequest(**fields), shop.admin)
    assert (got.code.name, got.fields) == ("INVALID_ARGUMENT", [field])
    assert got.reason == reason


def test_an_unknown_granularity_or_range_is_refused_with_those_there_are(shop: RunningShop) -> None:
    got = refused(shop.analytics.GetSales, pb.GetSalesRequest(granularity=99, range=99), shop.admin)  # type: ignore[arg-type]
    assert (got.code.name, got.reason, sorted(got.fields)) == (
        *("INVALID_ARGUMENT", "INVALID_FIELD"),
        ["granularity", "range"],
    )
    assert "HOUR, DAY, WEEK, MONTH or YEAR" in got.message
    assert all(name in got.message for name in pb.SalesPeriod.Range.keys()[1:])


def test_times_beyond_any_calendar_are_refused_with_those_that_may_be(shop: RunningShop) -> None:
    request = pb.GetSalesRequest(start_time=Timestamp(seconds=-60_000_000_000), end_time=timestamp(BEGIN))
    got = refused(shop.analytics.GetSales, request, shop.admin)
    assert (got.code.name, got.fields) == ("INVALID_ARGUMENT", ["start_time"])
    assert "must lie between 1900-01-01 and 20" in got.message


def test_a_question_costs_the_same_whatever_was_sold(sold: RunningShop) -> None:
    with sold.counted_queries() as statements:
        ask(sold, start_time=timestamp(BEGIN), end_time=timestamp(BEGIN + timedelta(days=366)))
    own = [each for each in statements if "audit" not in each]  # that somebody asked is recorded beside it
    assert len(own) == 3
    assert not any(table in statement for statement in statements for table in ("orders ", "order_lines"))
