"""What people bought is told by the lines of their orders: units that came back, and money that went back."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sanset.v1 import category_pb2, order_pb2, segment_pb2
from support.page_by_page import page_by_page
from support.refund_story import bought, delivered, refund, sent_back, state, usd
from support.running_shop import Account, RunningShop

from ml.data import interactions
from server.clock import utc_now
from server.recommend.feedback import history_queries
from server.recommend.feedback.history import History, history_of
from server.recommend.serving import queries
from server.recommend.serving.trending import trend_queries

pytestmark = pytest.mark.either


def member_of(shop: RunningShop, buyer: Account, **rules: Any) -> segment_pb2.SegmentMember | None:
    """A buyer as a member of the segment that rules define; None when they are none."""
    made = shop.segments.CreateSegment(
        segment_pb2.CreateSegmentRequest(
            segment=segment_pb2.Segment(
                name=f"Segment {uuid.uuid4().hex}", rules=segment_pb2.SegmentRules(**rules)
            )
        ),
        metadata=shop.admin.metadata,
    )

    def read(token: str) -> segment_pb2.ListSegmentMembersResponse:
        request = segment_pb2.ListSegmentMembersRequest(segment_id=made.id, page_size=100, page_token=token)
        return shop.segments.ListSegmentMembers(request, metadata=shop.admin.metadata)

    found = [one for page in page_by_page(read) for one in page.items if one.user_id == buyer.user_id]
    shop.segments.DeleteSegment(
        segment_pb2.DeleteSegmentRequest(segment_id=made.id), metadata=shop.admin.metadata
    )
    return found[0] if found else None


def cents(money: Any) -> int:
    """An amount in cents."""
    return int(money.units * 100 + money.nanos // 10_000_000)


def history(shop: RunningShop, buyer: Account) -> History:
    """What the recommendations know of a buyer."""
    with shop.app.db.read() as connection:
        found = history_of(history_queries.of_user(connection, buyer.user_id))
    assert found is not None
    return found


def trained_on(shop: RunningShop, buyer: Account) -> tuple[dict[int, float], list[int]]:
    """What a training reads of a buyer: units by product, and what stayed paid for each order."""
    read = interactions.read(shop.settings.url)
    lines, orders = read.interactions, read.orders
    mine = lines.where(lines.user_ids == buyer.user_id)
    units = dict(zip(mine.product_ids.tolist(), mine.quantities.tolist(), strict=True))
    return units, orders.totals[orders.user_ids == buyer.user_id].tolist()


def trending(shop: RunningShop) -> dict[int, int]:
    """What sells."""
    now = utc_now()
    with shop.app.db.read() as connection:
        return dict(trend_queries.sales(connection, now - timedelta(hours=1), now))


def products(order: order_pb2.Order) -> list[int]:
    """The products of an order's lines."""
    return [item.product_id for item in order.items]


def test_one_unit_of_ten_that_comes_back_leaves_the_nine_bought(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (100, 0, 9), (30, 0, 1)))
    big, small = products(order)
    before = member_of(shop, buyer, min_orders=1)
    assert before is not None
    score = trending(shop)
    sent_back(shop, buyer, order, 0, 1)
    assert state(shop, order.id) == "RETURNED"

    after = member_of(shop, buyer, min_orders=1)
    assert after is not None
    paid_back = cents(order.items[1].total)
    assert cents(after.spent) < cents(before.spent)
    assert cents(before.spent) - cents(after.spent) >= paid_back - 1
    assert member_of(shop, buyer, min_spent=usd("800.00")) is not None

    past = history(shop, buyer)
    assert past.bought == {big, small}, "neither is recommended as new"
    assert past.recent_bought == {big}, "and only what was kept is a sign of taste"
    assert past.purchases.product_ids.tolist() == [big]
    units, totals = trained_on(shop, buyer)
    assert units == {big: 9.0}
    assert totals == [cents(after.spent)]
    now = trending(shop)
    assert now[big] == score[big]
    assert now.get(small, 0) < score[small]


def test_a_part_of_a_line_that_comes_back_leaves_the_rest_of_it(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 3)))
    [product] = products(order)
    sent_back(shop, buyer, order, 2, restock=False)
    assert trained_on(shop, buyer)[0] == {product: 1.0}
    assert history(shop, buyer).recent_bought == {product}


@pytest.mark.parametrize("restock", [True, False])
def test_what_came_back_whole_is_not_bought(shop: RunningShop, restock: bool) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 2)))
    sent_back(shop, buyer, order, 2, restock=restock)
    assert member_of(shop, buyer, min_orders=1) is None
    assert trained_on(shop, buyer) == ({}, [])
    past = history(shop, buyer)
    assert past.bought == set(products(order))
    assert past.recent_bought == set()
    assert past.purchases.product_ids.tolist() == []


def test_money_that_went_back_without_goods_was_not_spent(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (900, 0, 1)))
    total = cents(order.totals.total)
    refund(shop, order.id, amount=usd(f"{(total - 2200) / 100:.2f}"))
    assert member_of(shop, buyer, min_spent=usd("500.00")) is None
    member = member_of(shop, buyer, max_spent=usd("22.00"), min_orders=1)
    assert member is not None
    assert cents(member.spent) == 2200
    units, totals = trained_on(shop, buyer)
    assert (units, totals) == ({products(order)[0]: 1.0}, [2200])
    assert history(shop, buyer).recent_bought == set(products(order)), "the goods were kept"


def test_what_comes_back_was_never_bought_together(shop: RunningShop) -> None:
    goods = [shop.product(units=10).id for _ in range(3)]
    for back in (1, 2):
        buyer = shop.customer()
        for product in goods:
            shop.add(buyer, product)
        order = delivered(shop, shop.checkout(buyer).order)
        quantities = [int(product == goods[back]) for product in products(order)]
        sent_back(shop, buyer, order, *quantities)
    with shop.app.db.read() as connection:
        shares = dict(queries.bought_with(connection, goods[0], 10))
    assert shares == {goods[1]: 0.5, goods[2]: 0.5}
    with shop.app.db.read() as connection:
        assert dict(queries.bought_with(connection, goods[1], 10)) == {goods[0]: 1.0}


def test_a_category_of_which_everything_came_back_makes_no_member(shop: RunningShop) -> None:
    buyer = shop.customer()
    name = f"Shelf {uuid.uuid4().hex[:8]}"
    category = category_pb2.CreateCategoryRequest(category=category_pb2.Category(name=name))
    slug = shop.catalog.CreateCategory(category, metadata=shop.admin.metadata).slug
    inside, outside = shop.product(units=10, category=slug).id, shop.product(units=10).id
    for product in (inside, outside):
        shop.add(buyer, product)
    order = delivered(shop, shop.checkout(buyer).order)
    assert member_of(shop, buyer, bought_category=slug) is not None
    sent_back(shop, buyer, order, *(int(product == inside) for product in products(order)))
    assert member_of(shop, buyer, bought_category=slug) is None
    assert member_of(shop, buyer, min_orders=1) is not None
