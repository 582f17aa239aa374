"""Segments of customers: who belongs by which rules, what training found, and what is refused."""

from __future__ import annotations

import threading
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.money_pb2 import Money
from sanset.v1 import category_pb2, model_pb2, model_service_pb2
from sanset.v1 import segment_pb2 as pb
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from support import recommend_data as data
from support.cart_shop import cents
from support.page_by_page import page_by_page
from support.refund_story import usd
from support.running_shop import RunningShop, refused, test_settings

from ml.artifacts.schema import Contents
from server.catalog.models import Category, Product
from server.clock import utc_now
from server.db.database import Database
from server.order.models import Order, OrderLine
from server.order.status import LEGAL, PAID
from server.segment import queries, service
from server.segment.models import SegmentMember, SegmentRow
from server.segment.trained import replace_trained
from server.user.models import User

pytestmark = pytest.mark.either

NOT_FOUND, INVALID = grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT
CLOSED, VENDOR, POOR, EVER = 5, 6, 7, 8
"""Users who left, who sell, who paid in another currency, and one with an order in each state."""


def fill(db: Database, now: datetime) -> None:
    """The small shop, with everything in it that must not be counted."""
    with db.transaction() as tx:
        data.fill(tx, now=now)
        tx.execute(update(User).where(User.id == CLOSED).values(is_active=False))
        tx.execute(update(User).where(User.id == VENDOR).values(role="VENDOR"))
        tx.execute(update(Order).where(Order.user_id == POOR).values(currency="EUR"))
        tx.execute(update(Order).where(Order.user_id % 4 == 0).values(address={"country": "DE"}))
        for user_id in range(1, data.USERS + 1):
            old = now - timedelta(days=user_id, minutes=1)
            tx.execute(update(User).where(User.id == user_id).values(created_at=old))
            if user_id % 3 == 0:  # they stopped
                recent = Order.placed_at > now - timedelta(days=10)
                lost = update(Order).where(Order.user_id == user_id, recent)
                tx.execute(lost.values(status="CANCELLED"))
        for status in sorted(LEGAL):
            data.place_order(tx, EVER, [1, 7], now - timedelta(hours=5), status)
        data.place_order(tx, None, [1, 2, 3], now - timedelta(hours=1))
        coffee = tx.scalar(select(Category.id).where(Category.slug == "coffee"))
        beans = insert(Category).values(name="Beans", slug="beans", parent_id=coffee).returning(Category.id)
        tx.execute(update(Product).where(Product.id.in_([1, 2])).values(category_id=tx.scalar(beans)))


@pytest.fixture(scope="module")
def market(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A running worker over the small shop; the tests of this module alone use it."""
    db = Database(module_database_url)
    fill(db, utc_now())
    db.close()
    shop = RunningShop(test_settings(module_database_url, tmp_path_factory.mktemp("market")))
    yield shop
    shop.stop()


@pytest.fixture(autouse=True)
def _no_segments(market: RunningShop) -> Iterator[None]:
    yield
    market.sql("DELETE FROM segment_members")
    market.sql("DELETE FROM segments")


def create(shop: RunningShop, name: str = "", description: str = "", **rules: Any) -> pb.Segment:
    """Define a segment, as the admin."""
    name = name or f"Segment {uuid.uuid4().hex}"
    request = creation(name, description=description, **rules)
    return shop.segments.CreateSegment(request, metadata=shop.admin.metadata)


def creation(name: str, *, description: str = "", **rules: Any) -> pb.CreateSegmentRequest:
    """A request to define a segment."""
    segment = pb.Segment(name=name, description=description, rules=pb.SegmentRules(**rules))
    return pb.CreateSegmentRequest(segment=segment)


def get(shop: RunningShop, segment_id: int) -> pb.Segment:
    """Read a segment, as the admin."""
    return shop.segments.GetSegment(pb.GetSegmentRequest(segment_id=segment_id), metadata=shop.admin.metadata)


def analyze(shop: RunningShop, segment_id: int) -> pb.SegmentAnalysis:
    """Analyze a segment, as the admin."""
    request = pb.AnalyzeSegmentRequest(segment_id=segment_id)
    return shop.segments.AnalyzeSegment(request, metadata=shop.admin.metadata)


def listed(shop: RunningShop, size: int = 100) -> list[pb.Segment]:
    """All segments, page by page."""

    def read(token: str) -> pb.ListSegmentsResponse:
        request = pb.ListSegmentsRequest(page_size=size, page_token=token)
        return shop.segments.ListSegments(request, metadata=shop.admin.metadata)

    found: list[pb.Segment] = []
    for page in page_by_page(read):
        assert len(page.items) == size or not page.next_page_token
        found += page.items
    return found


def members(shop: RunningShop, segment_id: int, size: int = 100) -> list[pb.SegmentMember]:
    """All members, page by page."""

    def read(token: str) -> pb.ListSegmentMembersResponse:
        request = pb.ListSegmentMembersRequest(segment_id=segment_id, page_size=size, page_token=token)
        return shop.segments.ListSegmentMembers(request, metadata=shop.admin.metadata)

    found: list[pb.SegmentMember] = []
    for page in page_by_page(read):
        assert len(page.items) == size or not page.next_page_token
        found += page.items
    return found


# ── Rules, told a second time in Python ─────────────────────────────────────────────────────────────────


@dataclass
class Buyer:
    """A customer with the orders that count."""

    created_at: datetime
    orders: list[Any]
    bought: set[int]

    @property
    def spent(self) -> int:
        return sum(order.total_minor for order in self.orders if order.currency == "USD")

    def ordered_within(self, days: int) -> bool:
        return any(order.placed_at >= utc_now() - timedelta(days=days) for order in self.orders)


def buyers(shop: RunningShop) -> dict[int, Buyer]:
    """Every customer of the shop."""
    with shop.app.db.read() as connection:
        users = connection.execute(select(User).where(User.is_active, User.role == "CUSTOMER")).all()
        found = {user.id: Buyer(user.created_at, [], set()) for user in users}
        by_id = {}
        for order in connection.execute(select(Order)):
            if order.user_id in found and order.status in PAID:
                found[order.user_id].orders.append(order)
                by_id[order.id] = order
        for line in connection.execute(select(OrderLine)):
            if line.order_id in by_id:
                found[by_id[line.order_id].user_id].bought.add(line.product_id)
    return found


Fits = Callable[[Buyer], bool]
RULES: dict[str, tuple[dict[str, Any], Fits]] = {
    "everyone": ({"min_orders": 0}, lambda _: True),
    "who never ordered": ({"max_orders": 0}, lambda one: not one.orders),
    "who ordered four times": ({"min_orders": 4, "max_orders": 4}, lambda one: len(one.orders) == 4),
    "who spent much": ({"min_spent": usd("11.00")}, lambda one: one.spent >= 1_100),
    "who spent between": (
        {"min_spent": usd("0.01"), "max_spent": usd("10.0")},
        lambda one: 1 <= one.spent <= 1_000,
    ),
    "who spent nothing": ({"max_spent": usd("0")}, lambda one: one.spent == 0),
    "lately": ({"ordered_within_days": 3}, lambda one: one.ordered_within(3)),
    "not lately": ({"not_ordered_for_days": 3}, lambda one: not one.ordered_within(3)),
    "between the two": (
        {"ordered_within_days": 16, "not_ordered_for_days": 9},
        lambda one: one.ordered_within(16) and not one.ordered_within(9),
    ),
    "new here": (
        {"registered_within_days": 10},
        lambda one: one.created_at >= utc_now() - timedelta(days=10),
    ),
    "a category with those below it": (
        {"bought_category": "coffee"},
        lambda one: bool(one.bought & set(range(1, 7))),
    ),
    "a category by name": ({"bought_category": "Beans"}, lambda one: bool(one.bought & {1, 2})),
    "a country": (
        {"country": "DE"},
        lambda one: any(order.address.get("country") == "DE" for order in one.orders),
    ),
    "a country without customers": ({"country": "FR"}, lambda _: False),
    "all at once": (
        {
            "min_orders": 2,
            "max_spent": usd("99.99"),
            "ordered_within_days": 30,
            "registered_within_days": 25,
            "bought_category": "garden",
            "country": "DE",
        },
        lambda one: (
            len(one.orders) >= 2
            and one.spent <= 9_999
            and one.ordered_within(30)
            and one.created_at >= utc_now() - timedelta(days=25)
            and bool(one.bought & set(range(7, 13)))
            and any(order.address.get("country") == "DE" for order in one.orders)
        ),
    ),
}


@pytest.mark.both
@pytest.mark.parametrize("rules", RULES.values(), ids=list(RULES))
def test_members_are_the_customers_who_match_the_rules(
    market: RunningShop, rules: tuple[dict[str, Any], Fits]
) -> None:
    everybody = buyers(market)
    wanted = [user_id for user_id, buyer in sorted(everybody.items()) if rules[1](buyer)]
    segment = create(market, **rules[0])
    assert segment.member_count == len(wanted)
    assert get(market, segment.id).member_count == len(wanted)
    found = members(market, segment.id, size=7)
    assert [member.user_id for member in found] == wanted
    for member in found:
        buyer = everybody[member.user_id]
        assert (member.order_count, cents(member.spent)) == (len(buyer.orders), buyer.spent)
        assert member.HasField("last_order_time") == bool(buyer.orders)
        if buyer.orders:
            last = max(order.placed_at for order in buyer.orders)
            assert member.last_order_time.ToDatetime(tzinfo=UTC) == last


def test_the_shop_of_these_tests_has_every_sort_of_customer(market: RunningShop) -> None:
    """Without them the tests above would be about nothing."""
    everybody = buyers(market)
    sizes = {name: sum(map(fits, everybody.values())) for name, (_, fits) in RULES.items()}
    assert sizes.pop("everyone") == data.NEW_USER - 2
    assert sizes.pop("a country without customers") == 0
    assert all(0 < size < len(everybody) for size in sizes.values()), sizes
    assert {CLOSED, VENDOR}.isdisjoint(everybody)
    assert len(everybody[EVER].orders) == 4 + len(PAID)
    assert everybody[POOR].orders
    assert everybody[POOR].spent == 0


@pytest.mark.both
@pytest.mark.parametrize("rules", RULES.values(), ids=list(RULES))
def test_an_analysis_sums_up_the_members(market: RunningShop, rules: tuple[dict[str, Any], Fits]) -> None:
    everybody = buyers(market)
    inside = [buyer for buyer in everybody.values() if rules[1](buyer)]
    found = analyze(market, create(market, **rules[0]).id)
    orders = [order for buyer in inside for order in buyer.orders]
    priced = [order.total_minor for order in orders if order.currency == "USD"]
    assert found.segment.member_count == len(inside)
    assert found.customer_share == pytest.approx(len(inside) / len(everybody))
    assert (found.order_count, cents(found.revenue)) == (len(orders), sum(priced))
    assert found.average_order_count == pytest.approx(len(orders) / max(len(inside), 1))
    assert abs(cents(found.average_spent) - sum(priced) / max(len(inside), 1)) <= 0.5
    assert abs(cents(found.average_order_value) - sum(priced) / max(len(priced), 1)) <= 0.5
    ages = [
        (utc_now() - max(order.placed_at for order in buyer.orders)) / timedelta(days=1)
        for buyer in inside
        if buyer.orders
    ]
    assert found.average_days_since_order == pytest.approx(sum(ages) / max(len(ages), 1), abs=0.01)


@pytest.mark.both
def test_favourites_are_what_most_members_bought(market: RunningShop) -> None:
    with market.app.db.read() as connection:
        lines = connection.execute(
            select(Order.user_id, Order.id, OrderLine.product_id, Product.category_id)
            .join(OrderLine, OrderLine.order_id == Order.id)
            .join(Product, Product.id == OrderLine.product_id)
            .join(User, User.id == Order.user_id)
            .where(Order.status.in_(PAID), User.is_active, User.role == "CUSTOMER")
        ).all()
        names = {row.id: row.name for row in connection.execute(select(Product.id, Product.name))}
        shelves = {row.id: row.name for row in connection.execute(select(Category.id, Category.name))}
    found = analyze(market, create(market, min_orders=1).id)
    for favourites, column, called in ((found.products, 2, names), (found.categories, 3, shelves)):
        users, orders = defaultdict(set), defaultdict(set)
        for line in lines:
            users[line[column]].add(line[0])
            orders[line[column]].add(line[1])
        ranked = sorted(users, key=lambda thing: (-len(users[thing]), -len(orders[thing]), thing))[:10]
        assert [(each.id, each.name, each.member_count, each.order_count) for each in favourites] == [
            (thing, called[thing], len(users[thing]), len(orders[thing])) for thing in ranked
        ]
    assert len(found.products) == 10


@pytest.mark.both
def test_a_segment_without_members_can_be_analyzed(market: RunningShop) -> None:
    found = analyze(market, create(market, country="FR").id)
    assert (found.customer_share, found.order_count, found.average_days_since_order) == (0, 0, 0)
    assert not found.categories
    assert cents(found.average_order_value) == 0


# ── Defining ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_segment_is_returned_as_it_was_defined(market: RunningShop) -> None:
    made = create(
        market,
        name="  Straße ",
        description=" They love beans. ",
        min_orders=0,
        max_orders=9,
        min_spent=usd("1.5"),
        max_spent=usd("1000000.00"),
        ordered_within_days=30,
        not_ordered_for_days=1,
        registered_within_days=365,
        bought_category="COFFEE",
        country="DE",
    )
    assert (made.name, made.description, made.kind) == ("Straße", "They love beans.", pb.Segment.RULES)
    assert made.rules == pb.SegmentRules(
        min_orders=0,
        max_orders=9,
        min_spent=usd("1.50"),
        max_spent=usd("1000000.00"),
        ordered_within_days=30,
        not_ordered_for_days=1,
        registered_within_days=365,
        bought_category="coffee",
        country="DE",
    )
    read = get(market, made.id)
    assert made.update_time.seconds <= read.update_time.seconds
    read.update_time.CopyFrom(made.update_time)
    assert read == made


def test_membership_is_computed_at_each_read(market: RunningShop) -> None:
    segment = create(market, name="Tenfold", min_orders=10)
    buyer = next(user_id for user_id, one in buyers(market).items() if len(one.orders) == 4)
    assert buyer not in {member.user_id for member in members(market, segment.id)}
    with market.app.db.transaction() as tx:
        placed = [data.place_order(tx, buyer, [3], utc_now()) for _ in range(6)]
    assert buyer in {member.user_id for member in members(market, segment.id)}
    assert get(market, segment.id).member_count == segment.member_count + 1
    market.sql("UPDATE users SET is_active = false WHERE id = :id", id=buyer)
    assert get(market, segment.id).member_count == segment.member_count
    market.sql("UPDATE users SET is_active = true WHERE id = :id", id=buyer)
    for order_id in placed:
        market.sql("DELETE FROM order_lines WHERE order_id = :id", id=order_id)
        market.sql("DELETE FROM orders WHERE id = :id", id=order_id)


def test_a_rule_follows_its_category_and_matches_nobody_when_it_is_deleted(market: RunningShop) -> None:
    with market.app.db.transaction() as tx:
        shelf = insert(Category).values(name="Tools", slug="tools").returning(Category.id)
        tools = tx.scalar(shelf)
        tx.execute(update(Product).where(Product.id == 11).values(category_id=tools))
    segment = create(market, bought_category="tools")
    assert segment.member_count == sum(11 in buyer.bought for buyer in buyers(market).values()) > 0
    market.sql("UPDATE categories SET slug = 'gear', name = 'Gear' WHERE id = :id", id=tools)
    assert get(market, segment.id).member_count == segment.member_count
    garden = market.sql("SELECT id FROM categories WHERE slug = 'garden'")[0][0]
    market.sql("UPDATE products SET category_id = :garden WHERE id = 11", garden=garden)
    market.sql("DELETE FROM categories WHERE id = :id", id=tools)
    assert get(market, segment.id).member_count == 0


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({}, "segment.rules"),
        ({"bought_category": ""}, "segment.rules"),
        ({"min_orders": 3, "max_orders": 2}, "segment.rules.max_orders"),
        ({"min_spent": usd("10"), "max_spent": usd("9.99")}, "segment.rules.max_spent"),
        ({"ordered_within_days": 7, "not_ordered_for_days": 7}, "segment.rules.not_ordered_for_days"),
        ({"min_orders": -1}, "segment.rules.min_orders"),
        ({"ordered_within_days": 36_501}, "segment.rules.ordered_within_days"),
        ({"country": "Germany"}, "segment.rules.country"),
        ({"country": "UK"}, "segment.rules.country"),
        ({"country": "xx"}, "segment.rules.country"),
    ],
)
def test_rules_that_make_no_sense_are_refused_by_field(
    market: RunningShop, rules: dict[str, Any], field: str
) -> None:
    request = creation("Odd", **rules)
    answer = refused(market.segments.CreateSegment, request, market.admin)
    assert (answer.code, answer.reason, answer.fields) == (INVALID, "INVALID_FIELD", [field])
    assert not listed(market)


@pytest.mark.either
@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 101])
def test_a_name_must_be_a_name(market: RunningShop, name: str) -> None:
    request = creation(name, min_orders=1)
    answer = refused(market.segments.CreateSegment, request, market.admin)
    assert (answer.code, answer.fields) == (INVALID, ["segment.name"])


@pytest.mark.parametrize(
    "amount",
    [
        Money(units=10, nanos=5_000_000),
        Money(units=-1),
        Money(currency_code="EUR", units=1),
        Money(units=10**15),
    ],
    ids=["finer than a cent", "below zero", "in another currency", "too large"],
)
@pytest.mark.parametrize("bound", ["min_spent", "max_spent"])
def test_a_bound_is_an_amount_of_the_shop(market: RunningShop, bound: str, amount: Money) -> None:
    request = creation("Odd", **{bound: amount})
    answer = refused(market.segments.CreateSegment, request, market.admin)
    assert (answer.code, answer.reason) == (INVALID, "INVALID_MONEY")
    assert answer.fields == [f"segment.rules.{bound}"]


def test_an_unknown_category_is_refused(market: RunningShop) -> None:
    request = creation("Lost", bought_category="atlantis")
    answer = refused(market.segments.CreateSegment, request, market.admin)
    assert (answer.code, answer.reason) == (NOT_FOUND, "CATEGORY_NOT_FOUND")


@pytest.mark.both
def test_a_name_is_taken_whatever_its_case(market: RunningShop) -> None:
    create(market, name="Straße", min_orders=1)
    request = creation(" STRASSE ", min_orders=2)
    answer = refused(market.segments.CreateSegment, request, market.admin)
    assert (answer.code, answer.reason) == (grpc.StatusCode.ALREADY_EXISTS, "SEGMENT_TAKEN")


def change(shop: RunningShop, segment: pb.Segment, *paths: str) -> pb.Segment:
    """Change a segment, as the admin."""
    request = pb.UpdateSegmentRequest(segment=segment, update_mask=FieldMask(paths=paths) if paths else None)
    return shop.segments.UpdateSegment(request, metadata=shop.admin.metadata)


@pytest.mark.both
def test_an_update_changes_what_it_names_and_the_members_at_once(market: RunningShop) -> None:
    made = create(market, name="Buyers", description="They buy.", min_orders=1, country="us")
    renamed = change(market, pb.Segment(id=made.id, name=" Fans "))
    assert (renamed.name, renamed.description, renamed.rules) == ("Fans", "They buy.", made.rules)
    ruled = change(market, pb.Segment(id=made.id, rules=pb.SegmentRules(bought_category="Coffee")))
    expected = create(market, bought_category="coffee")
    assert (ruled.rules, ruled.member_count) == (expected.rules, expected.member_count)
    assert ruled.member_count != made.member_count
    cleared = change(market, pb.Segment(id=made.id), "description")
    assert (cleared.name, cleared.description, cleared.rules) == ("Fans", "", ruled.rules)
    assert get(market, made.id).rules == ruled.rules


def test_what_an_update_of_a_segment_may_not_do_is_refused(market: RunningShop) -> None:
    made, other = create(market, name="Buyers", min_orders=1), create(market, name="Others", min_orders=2)

    def refusal(segment: pb.Segment, *paths: str) -> tuple[str, list[str]]:
        request = pb.UpdateSegmentRequest(segment=segment, update_mask=FieldMask(paths=paths))
        answer = refused(market.segments.UpdateSegment, request, market.admin)
        return answer.reason, answer.fields

    assert refusal(pb.Segment(id=made.id, name="OTHERS"))[0] == "SEGMENT_TAKEN"
    assert refusal(pb.Segment(id=made.id, name=" ")) == ("INVALID_FIELD", ["segment.name"])
    assert refusal(pb.Segment(id=made.id), "rules") == ("INVALID_FIELD", ["segment.rules"])
    assert refusal(pb.Segment(id=made.id), "member_count")[0] == "INVALID_UPDATE_MASK"
    assert refusal(pb.Segment(id=2**62, name="Nobody"))[0] == "SEGMENT_NOT_FOUND"
    market.sql(f"UPDATE segments SET kind = 'TRAINED', rules = NULL WHERE id = {other.id}")
    assert refusal(pb.Segment(id=other.id, name="Mine"))[0] == "SEGMENT_IS_TRAINED"
    assert get(market, made.id).name == "Buyers"


@pytest.mark.both
def test_of_simultaneous_segments_of_one_name_one_is_created(market: RunningShop) -> None:
    def attempt(number: int) -> str:
        try:
            create(market, name="Only one", min_orders=number)
        except grpc.RpcError as error:
            return error.code().name  # type: ignore[attr-defined]
        return "OK"

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(attempt, range(16))) == {"OK": 1, "ALREADY_EXISTS": 15}
    assert len(listed(market)) == 1


@pytest.mark.both
def test_a_name_that_grows_without_case_fits(market: RunningShop) -> None:
    names = [f"{'ΐ' * 95} {number}" for number in range(5)]
    for name in names:
        create(market, name=name, min_orders=1)
    assert [segment.name for segment in listed(market, size=2)] == names


# ── Lists ───────────────────────────────────────────────────────────────────────────────────────────────


def test_segments_are_listed_by_name_in_pages(market: RunningShop) -> None:
    names = ["alpha", "Bravo", "charlie", "Delta", "echo", "Foxtrot", "golf"]
    for name in reversed(names):
        create(market, name=name, min_orders=len(name))
    for size in (1, 2, 3, 7, 100):
        assert [segment.name for segment in listed(market, size=size)] == names
    everybody = buyers(market).values()
    for segment in listed(market):
        fitting = [buyer for buyer in everybody if len(buyer.orders) >= len(segment.name)]
        assert segment.member_count == len(fitting)


def test_a_page_token_is_for_its_own_list(market: RunningShop) -> None:
    first, second = create(market, min_orders=0), create(market, min_orders=0)
    page = market.segments.ListSegmentMembers(
        pb.ListSegmentMembersRequest(segment_id=first.id, page_size=2), metadata=market.admin.metadata
    )
    other = pb.ListSegmentMembersRequest(segment_id=second.id, page_token=page.next_page_token)
    assert refused(market.segments.ListSegmentMembers, other, market.admin).code == INVALID
    segments = pb.ListSegmentsRequest(page_token=page.next_page_token)
    assert refused(market.segments.ListSegments, segments, market.admin).code == INVALID


AUDITED = 1
"""Each call of the staff's leaves an entry in the audit log."""


@pytest.mark.both
def test_no_list_asks_more_of_the_database_when_it_is_longer(market: RunningShop) -> None:
    names = list(RULES)
    for name in names:
        create(market, name=name, **RULES[name][0])
    keep(market, found_segments({"Champions": [1, 2], "New": [3]}))
    with market.counted_queries() as statements:
        assert len(listed(market)) == len(names) + 2
    assert len(statements) <= 3 + AUDITED
    with market.counted_queries() as statements:
        analyze(market, listed(market)[0].id)
    assert len(statements) <= 3 + 4 + 2 * AUDITED
    everyone = next(segment for segment in listed(market) if segment.name == "everyone")
    for size in (2, 100):
        request = pb.ListSegmentMembersRequest(segment_id=everyone.id, page_size=size)
        with market.counted_queries() as statements:
            market.segments.ListSegmentMembers(request, metadata=market.admin.metadata)
        assert len(statements) <= 3 + AUDITED


@pytest.mark.parametrize("method", ["GetSegment", "DeleteSegment", "AnalyzeSegment", "ListSegmentMembers"])
def test_an_unknown_segment_is_not_found(market: RunningShop, method: str) -> None:
    request = getattr(pb, f"{method}Request")(segment_id=999_999)
    answer = refused(getattr(market.segments, method), request, market.admin)
    assert (answer.code, answer.reason, answer.facts) == (
        NOT_FOUND,
        "SEGMENT_NOT_FOUND",
        {"segment_id": "999999"},
    )


@pytest.mark.both
def test_others_write_while_the_members_of_a_segment_are_counted(
    market: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, counting, written = queries.member_counts, threading.Event(), threading.Event()

    def slow(*arguments: Any) -> dict[int, int]:
        counting.set()
        assert written.wait(60)
        return count(*arguments)

    segment = create(market, min_orders=1)
    monkeypatch.setattr(queries, "member_counts", slow)
    change = pb.UpdateSegmentRequest(
        segment=pb.Segment(id=segment.id, rules=pb.SegmentRules(max_orders=0)),
        update_mask=FieldMask(paths=["rules"]),
    )
    for call, request in (
        (market.segments.CreateSegment, creation("Slow", min_orders=2)),
        (market.segments.UpdateSegment, change),
    ):
        counting.clear()
        written.clear()
        with ThreadPoolExecutor(1) as thread:
            reply = thread.submit(call, request, metadata=market.admin.metadata)
            assert counting.wait(60)
            market.sql("UPDATE segments SET description = 'Who buys' WHERE id = :id", id=segment.id)
            written.set()
            assert reply.result().member_count == len(members(market, reply.result().id)) > 0


def test_a_repeat_is_answered_although_the_category_of_the_rules_is_gone(market: RunningShop) -> None:
    category = category_pb2.Category(name=f"Shelf {uuid.uuid4().hex}")
    made = market.catalog.CreateCategory(
        category_pb2.CreateCategoryRequest(category=category), metadata=market.admin.metadata
    )
    request = creation(uuid.uuid4().hex, bought_category=made.slug)
    request.request_id = str(uuid.uuid4())
    first = market.segments.CreateSegment(request, metadata=market.admin.metadata)
    change = pb.UpdateSegmentRequest(
        segment=pb.Segment(id=first.id, rules=request.segment.rules), request_id=str(uuid.uuid4())
    )
    second = market.segments.UpdateSegment(change, metadata=market.admin.metadata)
    market.catalog.DeleteCategory(
        category_pb2.DeleteCategoryRequest(category_id=made.id), metadata=market.admin.metadata
    )
    assert market.segments.CreateSegment(request, metadata=market.admin.metadata) == first
    assert market.segments.UpdateSegment(change, metadata=market.admin.metadata) == second
    named = pb.UpdateSegmentRequest(segment=pb.Segment(id=first.id, description="Gone"))
    changed = market.segments.UpdateSegment(named, metadata=market.admin.metadata)
    assert (changed.description, changed.member_count) == ("Gone", 0), "which names no rules"


@pytest.mark.both
def test_of_two_repeats_at_once_the_later_is_not_refused_for_the_etag_that_the_first_has_changed(
    market: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = create(market, min_orders=1)
    request = pb.UpdateSegmentRequest(
        segment=pb.Segment(id=segment.id, description="Who buys", etag=segment.etag),
        request_id=str(uuid.uuid4()),
    )
    firsts: list[pb.Segment] = []
    forecast = service.forecast_change

    def overtaken(*args: Any) -> service.Forecast:
        monkeypatch.setattr(service, "forecast_change", forecast)
        firsts.append(market.segments.UpdateSegment(request, metadata=market.admin.metadata))
        return forecast(*args)

    monkeypatch.setattr(service, "forecast_change", overtaken)
    assert market.segments.UpdateSegment(request, metadata=market.admin.metadata) == firsts[0]
    request.request_id = str(uuid.uuid4())
    assert refused(market.segments.UpdateSegment, request, market.admin).reason == "STALE_ETAG"


def test_a_deleted_segment_is_gone_and_its_customers_stay(market: RunningShop) -> None:
    segment, before = create(market, min_orders=1), len(buyers(market))
    request = pb.DeleteSegmentRequest(segment_id=segment.id)
    market.segments.DeleteSegment(request, metadata=market.admin.metadata)
    assert refused(market.segments.DeleteSegment, request, market.admin).code == NOT_FOUND
    assert not listed(market)
    assert len(buyers(market)) == before


# ── What training found ─────────────────────────────────────────────────────────────────────────────────


def found_segments(segments: dict[str, list[int]]) -> Contents:
    """What a training that found these members would publish."""
    pairs = sorted((user, row) for row, users in enumerate(segments.values()) for user in users)
    users, labels = np.array(pairs, np.int64).reshape(-1, 2).T
    return Contents(
        {
            "segments_user_ids": users,
            "segments_labels": labels.astype(np.int32),
            "segments_recency": (users % 30).astype(np.int32),
            "segments_frequency": (users % 5).astype(np.int32),
            "segments_monetary": users * 10**12,
        },
        {
            "segments_names": list(segments),
            "segments_descriptions": [f"They are {name.lower()}." for name in segments],
        },
    )


def keep(shop: RunningShop, contents: Contents) -> None:
    """Store them, as the conductor of a training does."""
    with shop.app.db.transaction() as tx:
        replace_trained(tx, contents, utc_now())


def test_trained_segments_have_the_members_that_training_found(market: RunningShop) -> None:
    keep(market, found_segments({"Champions": [1, 2, CLOSED, VENDOR], "New": [3, 4], "Loyal": []}))
    segments = {segment.name: segment for segment in listed(market)}
    assert list(segments) == ["Champions", "Loyal", "New"]
    champions = segments["Champions"]
    assert (champions.kind, champions.description) == (pb.Segment.TRAINED, "They are champions.")
    assert not champions.HasField("rules")
    assert {name: segment.member_count for name, segment in segments.items()} == {
        "Champions": 2,
        "New": 2,
        "Loyal": 0,
    }
    assert [member.user_id for member in members(market, champions.id, size=1)] == [1, 2]
    assert members(market, champions.id)[0].order_count == len(buyers(market)[1].orders)
    assert analyze(market, champions.id).order_count == sum(len(buyers(market)[i].orders) for i in (1, 2))
    with market.app.db.read() as connection:
        row = connection.execute(select(SegmentMember).where(SegmentMember.user_id == 2)).one()
    assert (row.recency_days, row.order_count, row.spent_minor) == (2, 2, 2 * 10**12)


def test_the_next_training_replaces_the_segments_of_the_previous_one(market: RunningShop) -> None:
    keep(market, found_segments({"Champions": [1, 2], "New": [3, 4]}))
    before = {segment.name: segment for segment in listed(market)}
    keep(market, found_segments({"Champions": [3], "At risk": [1]}))
    after = {segment.name: segment for segment in listed(market)}
    assert list(after) == ["At risk", "Champions"]
    assert after["Champions"].id == before["Champions"].id, "bookmarks stay good"
    assert after["Champions"].create_time == before["Champions"].create_time
    assert after["Champions"].update_time.ToNanoseconds() > before["Champions"].update_time.ToNanoseconds()
    assert [member.user_id for member in members(market, after["Champions"].id)] == [3]
    keep(market, found_segments({}))
    assert not listed(market)


def test_training_leaves_the_segments_of_people_alone(market: RunningShop) -> None:
    mine = create(market, name="CHAMPIONS", min_orders=1)
    also = create(market, name="champions (Trained)", min_orders=2)
    for _ in range(2):
        keep(market, found_segments({"Champions": [1]}))
        segments = {segment.name: segment for segment in listed(market)}
        assert segments.keys() == {"CHAMPIONS", "champions (Trained)", "Champions (trained 2)"}
        assert segments["CHAMPIONS"].rules == mine.rules
        assert segments["champions (Trained)"].rules == also.rules
        assert segments["Champions (trained 2)"].member_count == 1


def test_members_who_are_gone_are_left_out(market: RunningShop) -> None:
    keep(market, found_segments({"Champions": [1, 888_888]}))
    assert [member.user_id for member in members(market, listed(market)[0].id)] == [1]


def test_a_trained_segment_cannot_be_deleted_and_keeps_its_name(market: RunningShop) -> None:
    keep(market, found_segments({"Champions": [1]}))
    request = pb.DeleteSegmentRequest(segment_id=listed(market)[0].id)
    answer = refused(market.segments.DeleteSegment, request, market.admin)
    assert (answer.code, answer.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SEGMENT_IS_TRAINED")
    namesake = creation("champions", min_orders=1)
    assert refused(market.segments.CreateSegment, namesake, market.admin).reason == "SEGMENT_TAKEN"


@pytest.mark.both
def test_readers_never_see_half_of_a_training(market: RunningShop) -> None:
    keep(market, found_segments({"Champions": [1, 2]}))

    def stopped_half_way() -> None:
        with market.app.db.transaction() as tx:
            replace_trained(tx, found_segments({"New": [1]}), utc_now())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped_half_way()
    assert [segment.name for segment in listed(market)] == ["Champions"]
    assert [member.user_id for member in members(market, listed(market)[0].id)] == [1, 2]
    with market.app.db.read() as connection:
        assert connection.scalar(select(SegmentRow.kind)) == "TRAINED"


def test_a_training_counts_as_a_change_of_the_segments_that_it_renews(market: RunningShop) -> None:
    for users in ([1, 2], [3]):
        keep(market, found_segments({"Champions": users}))
    [row] = market.sql("SELECT version FROM segments WHERE name = 'Champions'")
    assert row.version == 2


@pytest.mark.usefixtures("forked_models")
def test_a_training_makes_segments(market: RunningShop) -> None:
    admin = market.admin.metadata
    wanted = model_service_pb2.TrainModelRequest(model_type=model_pb2.Model.SEGMENTS)
    training = market.models.TrainModel(wanted, metadata=admin)
    watched = model_service_pb2.WatchTrainingRequest(training_id=training.id)
    *_, last, end = market.models.WatchTraining(watched, metadata=admin, timeout=120)
    assert end.end.status == model_pb2.Training.SUCCEEDED, last.training.message
    found = listed(market)
    assert len(found) > 1
    assert {segment.kind for segment in found} == {pb.Segment.TRAINED}
    users = [member.user_id for segment in found for member in members(market, segment.id)]
    bought = [user_id for user_id, buyer in sorted(buyers(market).items()) if buyer.orders]
    assert sorted(users) == bought, "each customer who ordered is in one segment"
    for segment in found:
        assert segment.description
        assert analyze(market, segment.id).customer_share == pytest.approx(
            segment.member_count / len(buyers(market))
        )


@pytest.mark.both
def test_rows_that_a_constraint_refuses_are_one_kind_of_error_on_both_databases(market: RunningShop) -> None:
    with pytest.raises(IntegrityError), market.app.db.transaction() as tx:
        queries.insert_members(tx, [(10**9, 1, 0, 1, 100)])
