"""What sold most, who bought and came again, funnels, and a vendor's own sales: as plain arithmetic has them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from sanset.v1 import analytics_pb2 as pb
from sanset.v1 import behavior_pb2, order_pb2
from support import refund_story as story
from support.counted_sales import count, placed_at, stored, utc
from support.module_shop import module_shop
from support.running_shop import Account, RunningShop, refused

__all__ = ["module_shop"]

BEGIN = datetime(2023, 1, 15, 9, tzinfo=UTC)
END = BEGIN + timedelta(days=500)
WIRE = pb.ListTopSalesRequest


@pytest.fixture(scope="module")
def sold(shop: RunningShop) -> RunningShop:
    """A shop with orders of a year and a half, by three customers, of products of a brand and a vendor."""
    buyers = [shop.customer() for _ in range(3)]
    vendor = shop.vendor()
    products = [shop.product(units=5 + 3 * number, brand=f"Brand {number % 2}") for number in range(4)]
    shop.sql("UPDATE products SET vendor_id = :v WHERE id = :p", v=vendor.user_id, p=products[1].id)
    for number in range(15):
        buyer = buyers[number % 3 if number < 9 else 0]
        for index in {number % 4, number % 3}:
            shop.add(buyer, products[index].id, 1 + number % 3)
        order = shop.checkout(buyer).order
        placed_at(shop, order.id, BEGIN + timedelta(days=33 * number))
        if number % 4 == 2:
            story.refund(shop, order.id, items=story.units(order, 1))
    count(shop)
    return shop


def timestamp(moment: datetime) -> Timestamp:
    """A time on the wire."""
    result = Timestamp()
    result.FromDatetime(moment)
    return result


RANGE: dict[str, Any] = {"start_time": timestamp(BEGIN), "end_time": timestamp(END)}


def minor(money: Money) -> int:
    """Cents."""
    return money.units * 100 + money.nanos // 10_000_000


def lines(shop: RunningShop) -> list[Any]:
    """The lines of the orders that count."""
    rows = shop.sql(
        "SELECT l.*, o.user_id, o.placed_at, p.brand, p.vendor_id FROM order_lines l "
        "JOIN orders o ON o.id = l.order_id JOIN products p ON p.id = l.product_id "
        "WHERE o.status NOT IN ('PENDING_PAYMENT', 'CANCELLED')"
    )
    return [row for row in rows if BEGIN <= utc(row.placed_at) < END]


def revenue(row: Any) -> int:
    """What stays of a line."""
    return row.total_minor - row.discount_minor + row.tax_minor + row.shipping_minor - row.refunded_minor


def tops(shop: RunningShop, page_size: int = 100, **fields: Any) -> list[pb.ListTopSalesResponse.Item]:
    """A whole ranking, page by page."""
    items: list[pb.ListTopSalesResponse.Item] = []
    token = ""
    while True:
        request = WIRE(page_size=page_size, page_token=token, **(RANGE | fields))
        reply = shop.analytics.ListTopSales(request, metadata=shop.admin.metadata)
        items.extend(reply.items)
        token = reply.next_page_token
        if not token:
            return items


@pytest.mark.parametrize(
    ("dimension", "column"), [(WIRE.PRODUCT, "product_id"), (WIRE.BRAND, "brand")], ids=["product", "brand"]
)
def test_tops_of_lines_are_ranked_by_what_stays(sold: RunningShop, dimension: Any, column: str) -> None:
    shall: Counter[Any] = Counter()
    units: Counter[Any] = Counter()
    for row in lines(sold):
        shall[getattr(row, column)] += revenue(row)
        units[getattr(row, column)] += row.quantity - max(row.returned_quantity, row.restocked_quantity)
    items = tops(sold, dimension=dimension)
    assert {item.id or item.name: minor(item.revenue) for item in items} == shall
    assert {item.id or item.name: item.unit_count for item in items} == units
    ranked = [minor(item.revenue) for item in items]
    assert ranked == sorted(ranked, reverse=True)
    assert [item.id for item in tops(sold, page_size=1, dimension=dimension)] == [item.id for item in items]
    by_units = tops(sold, page_size=1, dimension=dimension, measure=WIRE.UNITS)
    assert [item.unit_count for item in by_units] == sorted(units.values(), reverse=True)


def test_products_without_a_brand_are_of_none(shop: RunningShop) -> None:
    buyer = shop.customer()
    for brand in ("", "Lone brand"):
        shop.add(buyer, shop.product(units=5, brand=brand).id)
    placed_at(shop, shop.checkout(buyer).order.id, END + timedelta(days=30))
    count(shop)
    days = {
        "start_time": timestamp(END + timedelta(days=30)),
        "end_time": timestamp(END + timedelta(days=31)),
    }
    items = tops(shop, dimension=WIRE.BRAND, **days)
    assert [(item.name, item.unit_count) for item in items] == [("Lone brand", 1)]


def test_customers_and_countries_are_ranked_by_whole_orders(sold: RunningShop) -> None:
    orders = sold.sql(
        "SELECT o.user_id, o.total_minor - p.refunded_minor AS stays, o.placed_at FROM orders o "
        "JOIN payments p ON p.order_id = o.id WHERE o.status NOT IN ('PENDING_PAYMENT', 'CANCELLED')"
    )
    shall: Counter[int] = Counter()
    for row in orders:
        if BEGIN <= utc(row.placed_at) < END:
            shall[row.user_id] += row.stays
    items = tops(sold, dimension=WIRE.USER, page_size=2)
    assert {item.id: minor(item.revenue) for item in items} == shall
    assert {item.name for item in items} == {"Ann Buyer"}
    (country,) = tops(sold, dimension=WIRE.COUNTRY)
    assert (country.name, minor(country.revenue)) == ("US", shall.total())
    assert tops(sold, dimension=WIRE.COUPON) == []
    assert tops(sold, dimension=WIRE.CATEGORY) == []
    assert tops(sold, currency_code="JPY") == []


def test_a_page_token_is_of_its_own_ranking(sold: RunningShop) -> None:
    metadata = sold.admin.metadata
    token = sold.analytics.ListTopSales(WIRE(page_size=1, **RANGE), metadata=metadata).next_page_token
    other = WIRE(page_size=1, page_token=token, measure=WIRE.UNITS, **RANGE)
    assert refused(sold.analytics.ListTopSales, other, sold.admin).reason == "INVALID_PAGE_TOKEN"
    later = RANGE | {"end_time": timestamp(END + timedelta(days=1))}
    other = WIRE(page_size=1, page_token=token, **later)
    assert refused(sold.analytics.ListTopSales, other, sold.admin).reason == "INVALID_PAGE_TOKEN"


def test_vendors_see_the_sales_of_their_own_products_alone(sold: RunningShop) -> None:
    (vendor_id,) = {row.vendor_id for row in lines(sold) if row.vendor_id}
    vendor = sold.sign_in(sold.sql("SELECT email FROM users WHERE id = :id", id=vendor_id)[0].email)
    own = [row for row in lines(sold) if row.vendor_id == vendor_id]
    request = pb.GetVendorSalesRequest(**RANGE)
    reply = sold.analytics.GetVendorSales(request, metadata=vendor.metadata)
    assert minor(reply.totals.revenue) == sum(map(revenue, own)) > 0
    assert reply.totals.unit_count == sum(row.quantity for row in own)
    by_day: Counter[str] = Counter()
    for row in own:
        by_day[f"{utc(row.placed_at):%Y-%m-%d}"] += revenue(row)
    got = {f"{day.start_time.ToDatetime():%Y-%m-%d}": minor(day.totals.revenue) for day in reply.days}
    assert len(reply.days) == 501
    assert {day: amount for day, amount in got.items() if amount} == by_day
    assert [each.product_id for each in reply.popular_products] == [own[0].product_id]
    stranger = sold.analytics.GetVendorSales(request, metadata=sold.vendor().metadata)
    assert stranger.totals.order_count == 0
    assert refused(sold.analytics.GetVendorSales, request, sold.customer()).code.name == "PERMISSION_DENIED"
    assert refused(sold.analytics.ListTopSales, WIRE(**RANGE), vendor).code.name == "PERMISSION_DENIED"


def test_vendors_list_the_order_lines_of_their_own_products_alone(sold: RunningShop) -> None:
    (vendor_id,) = {row.vendor_id for row in lines(sold) if row.vendor_id}
    vendor = sold.sign_in(sold.sql("SELECT email FROM users WHERE id = :id", id=vendor_id)[0].email)
    own = [row for row in lines(sold) if row.vendor_id == vendor_id]
    own.sort(key=lambda row: (utc(row.placed_at), row.order_id), reverse=True)

    def listed(page_size: int) -> list[pb.ListVendorOrderLinesResponse.Item]:
        items: list[pb.ListVendorOrderLinesResponse.Item] = []
        token = ""
        while True:
            request = pb.ListVendorOrderLinesRequest(page_size=page_size, page_token=token, **RANGE)
            reply = sold.analytics.ListVendorOrderLines(request, metadata=vendor.metadata)
            items.extend(reply.items)
            token = reply.next_page_token
            if not token:
                return items

    items = listed(100)
    assert items == listed(2)
    assert [(item.order_id, item.sku, item.quantity) for item in items] == [
        (row.order_id, row.sku, row.quantity) for row in own
    ]
    assert [minor(item.paid) - minor(item.refunded) for item in items] == [revenue(row) for row in own]
    assert {item.order_status for item in items} <= set(order_pb2.Order.Status.values()[2:])
    request = pb.ListVendorOrderLinesRequest(page_size=1, **RANGE)
    stranger = sold.vendor()
    assert not sold.analytics.ListVendorOrderLines(request, metadata=stranger.metadata).items
    token = sold.analytics.ListVendorOrderLines(request, metadata=vendor.metadata).next_page_token
    request.page_token = token
    assert refused(sold.analytics.ListVendorOrderLines, request, stranger).reason == "INVALID_PAGE_TOKEN"
    denied = refused(sold.analytics.ListVendorOrderLines, request, sold.customer())
    assert denied.code.name == "PERMISSION_DENIED"


def test_cohorts_tell_who_came_again(shop: RunningShop) -> None:
    now = datetime.now(UTC).replace(day=1)
    month = [now]
    for _ in range(3):
        month.append((month[-1] - timedelta(days=1)).replace(day=1))
    loyal, once = shop.customer(), shop.customer()
    for buyer, moments in ((loyal, (month[3], month[1], month[1])), (once, (month[3],))):
        for moment in moments:
            placed_at(shop, story.bought(shop, buyer, (50, 0, 1)).id, moment)
    count(shop)
    request = pb.GetCohortsRequest(months=4)
    reply = shop.analytics.GetCohorts(request, metadata=shop.admin.metadata)
    cohort = next(each for each in reply.cohorts if each.start_time.ToDatetime().month == month[3].month)
    assert cohort.customer_count == 2
    assert [(each.number, each.customer_count, each.order_count) for each in cohort.months] == [
        (0, 2, 2),
        (2, 1, 2),
    ]
    assert [each.retention for each in cohort.months] == [1.0, 0.5]
    assert reply.complete
    request = pb.GetCohortsRequest(months=2, end_time=timestamp(month[2]))
    earlier = shop.analytics.GetCohorts(request, metadata=shop.admin.metadata)
    (cohort,) = [each for each in earlier.cohorts if each.start_time.ToDatetime().month == month[3].month]
    assert [(each.number, each.customer_count) for each in cohort.months] == [(0, 2)]
    before = len(reply.cohorts)
    request = pb.GetCohortsRequest(months=1)
    assert len(shop.analytics.GetCohorts(request, metadata=shop.admin.metadata).cohorts) <= before


def seen(shop: RunningShop, account: Account | None, kind: Any, product_id: int, visitor: str = "") -> None:
    """Report that somebody did something."""
    event = behavior_pb2.BehaviorEvent(kind=kind, product_id=product_id)
    request = behavior_pb2.TrackEventRequest(events=[event], visitor_id=visitor)
    shop.recommend.TrackEvent(request, metadata=account.metadata if account else None)


def test_funnels_and_activity_are_counted_from_what_people_did(shop: RunningShop) -> None:
    kinds = behavior_pb2.BehaviorEvent
    admin = shop.admin.metadata
    product = shop.product(units=7)
    buyer, looker = shop.customer(), shop.customer()
    for account, visitor, times in ((buyer, "", 2), (looker, "", 1), (None, "visitor-1", 1)):
        for _ in range(times):
            seen(shop, account, kinds.VIEW, product.id, visitor)
    shop.add(buyer, product.id, 2)
    seen(shop, looker, kinds.ADD_TO_CART, product.id)
    order = shop.checkout(buyer).order
    unpaid = story.bought(shop, buyer, (3, 0, 1))
    story.cancel(shop, buyer, unpaid.id)
    count(shop)
    for _ in range(2):
        shop.run(shop.app.rooms.analytics.activity.run())
    request = pb.ListProductFunnelsRequest(range=pb.SalesPeriod.TODAY, page_size=100)
    reply = shop.analytics.ListProductFunnels(request, metadata=admin)
    item = next(each for each in reply.items if each.product_id == product.id)
    additions = shop.sql(
        "SELECT COUNT(*) AS n FROM behavior_events WHERE kind = 'ADD_TO_CART' AND product_id = :p",
        p=product.id,
    )[0].n
    assert (item.funnel.view_count, item.viewer_count) == (4, 3)
    assert 1 <= item.funnel.cart_addition_count <= additions  # those of carts are written in the background
    assert (item.funnel.checkout_count, item.funnel.order_count, item.kept_unit_count) == (1, 1, 2)
    assert item.revenue == order.totals.total
    assert item.funnel.conversion_rate == pytest.approx(1 / 4)
    assert reply.funnel.checkout_count > reply.funnel.order_count >= 1
    users = shop.analytics.GetUserActivity(
        pb.GetUserActivityRequest(range=pb.SalesPeriod.TODAY), metadata=admin
    )
    (day,) = users.days
    assert day.active_user_count == users.active_user_count >= 2
    assert day.visitor_count >= 1
    assert day.new_user_count == users.new_user_count >= 2
    assert day.buyer_count == users.buyer_count >= 1
    dashboard = shop.analytics.GetDashboard(
        pb.GetDashboardRequest(range=pb.SalesPeriod.TODAY), metadata=admin
    )
    assert dashboard.active_user_count == users.active_user_count
    first = shop.analytics.ListProductFunnels(
        pb.ListProductFunnelsRequest(range=pb.SalesPeriod.TODAY, page_size=1), metadata=admin
    )
    assert first.items[0] == reply.items[0]


def test_what_followed_from_recommendations_has_its_share(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product(units=30)
    now = datetime.now(UTC)
    list_id = story.new_id().replace("-", "")[:16]
    shop.sql(
        "INSERT INTO shown_lists (list_id, model_version, kind, user_id, product_ids, shown_at) "
        "VALUES (:id, 'a-model', 'HOMEPAGE', :u, :p, :at)",
        id=list_id, u=buyer.user_id, p=f"[{product.id}]", at=stored(now - timedelta(minutes=20)),
    )  # fmt: skip
    shop.sql(
        "INSERT INTO behavior_events (user_id, kind, product_id, query, list_id, model_version, occurred_at) "
        "VALUES (:u, 'CLICK', :p, '', :id, 'a-model', :at)",
        id=list_id, u=buyer.user_id, p=product.id, at=stored(now - timedelta(minutes=10)),
    )  # fmt: skip
    shop.add(buyer, product.id, 1)
    shop.checkout(buyer)
    count(shop)
    shop.run(shop.app.rooms.analytics.activity.run())
    request = pb.GetRevenueRequest(range=pb.SalesPeriod.LAST_7_DAYS)
    reply = shop.analytics.GetRevenue(request, metadata=shop.admin.metadata)
    assert (reply.recommendations.order_count, minor(reply.recommendations.revenue)) == (1, 3000)
    assert 0 < reply.recommendations.revenue_share <= 1
