"""From a shown list to revenue, through the public interface."""

from __future__ import annotations

import uuid
from datetime import datetime

import pytest
from sanset.v1 import behavior_pb2, cart_pb2
from sanset.v1 import recommend_pb2 as pb
from support.cart_shop import cents
from support.running_shop import Account, RunningShop

from server.clock import utc_now
from server.recommend.feedback import online
from server.recommend.feedback.online import Online
from server.recommend.feedback.touches import Scope
from server.recommend.serving.recorder import POPULARITY

CLICK = behavior_pb2.BehaviorEvent.CLICK


def measured(shop: RunningShop, since: datetime) -> Online:
    """What the lists of the shop, which has no model, achieved."""
    shop.run(shop.app.rooms.recommend.impressions.flush())
    with shop.app.db.read() as connection:
        return online.measure(connection, Scope([POPULARITY], since))[POPULARITY]


def recommended(
    shop: RunningShop, account: Account | None = None, visitor_id: str = ""
) -> pb.GetRecommendationsResponse:
    """A list for somebody, with at least two products."""
    for _ in range(2):
        shop.product()
    shop.run(shop.app.rooms.recommend.serving.availability.changes.settled())
    request = pb.GetRecommendationsRequest(visitor_id=visitor_id, limit=2)
    found = shop.recommend.GetRecommendations(request, metadata=account.metadata if account else None)
    assert len(found.items) == 2
    return found


def click(
    shop: RunningShop,
    found: pb.GetRecommendationsResponse,
    account: Account | None = None,
    visitor_id: str = "",
) -> None:
    """Follow the first recommendation."""
    event = behavior_pb2.BehaviorEvent(
        kind=CLICK, product_id=found.items[0].product_id, attribution_token=found.attribution_token
    )
    request = behavior_pb2.TrackEventRequest(events=[event], visitor_id=visitor_id)
    reply = shop.recommend.TrackEvent(request, metadata=account.metadata if account else None)
    assert reply.accepted_count == 1


def test_a_recommendation_put_into_the_cart_and_bought_is_revenue_of_its_list(shop: RunningShop) -> None:
    since, buyer = utc_now(), shop.customer()
    found = recommended(shop, buyer)
    second = found.items[1].product_id
    request = cart_pb2.AddItemRequest(product_id=second, attribution_token=found.attribution_token)
    shop.cart.AddItem(request, metadata=buyer.metadata)
    order = shop.checkout(buyer).order
    achieved = measured(shop, since)
    assert (achieved.lists, achieved.impressions) == (1, 2)
    assert (achieved.clicks, achieved.cart_additions, achieved.purchases) == (0, 1, 1)
    revenue = {"USD": cents(order.items[0].price)}
    assert achieved.revenue == revenue
    assert achieved.positions[1].purchases == 0
    assert achieved.positions[2].revenue == revenue


def test_what_a_visitor_clicked_counts_for_the_account_that_they_turn_out_to_have(shop: RunningShop) -> None:
    since, visitor_id = utc_now(), uuid.uuid4().hex
    found = recommended(shop, visitor_id=visitor_id)
    click(shop, found, visitor_id=visitor_id)
    buyer, other = shop.customer(), shop.customer()
    for account in (buyer, other):
        shop.add(account, found.items[0].product_id)
        order = shop.checkout(account).order
    assert (measured(shop, since).clicks, measured(shop, since).purchases) == (1, 0)
    view = behavior_pb2.BehaviorEvent(
        kind=behavior_pb2.BehaviorEvent.VIEW, product_id=found.items[0].product_id
    )
    request = behavior_pb2.TrackEventRequest(events=[view], visitor_id=visitor_id)
    shop.recommend.TrackEvent(request, metadata=buyer.metadata)
    achieved = measured(shop, since)
    assert (achieved.clicks, achieved.purchases, achieved.revenue) == (
        1,
        1,
        {"USD": cents(order.items[0].price)},
    )


@pytest.mark.either
@pytest.mark.parametrize("token", ["", "rubbish", "A" * 512])
def test_a_forged_token_stops_nobody_and_counts_for_nothing(shop: RunningShop, token: str) -> None:
    since, buyer = utc_now(), shop.customer()
    found = recommended(shop, buyer)
    genuine = found.attribution_token
    forged = token or ("C" if genuine[0] == "B" else "B") + genuine[1:]
    product_id = found.items[0].product_id
    event = behavior_pb2.BehaviorEvent(kind=CLICK, product_id=product_id, attribution_token=forged)
    reply = shop.recommend.TrackEvent(behavior_pb2.TrackEventRequest(events=[event]), metadata=buyer.metadata)
    assert (reply.accepted_count, list(reply.errors)) == (1, [])
    request = cart_pb2.AddItemRequest(product_id=product_id, attribution_token=forged)
    assert len(shop.cart.AddItem(request, metadata=buyer.metadata).items) == 1
    shop.checkout(buyer)
    achieved = measured(shop, since)
    assert (achieved.lists, achieved.clicks, achieved.cart_additions, achieved.purchases) == (1, 0, 0, 0)


def test_every_list_is_logged_where_it_was_shown(shop: RunningShop) -> None:
    buyer, visitor_id = shop.customer(), uuid.uuid4().hex
    product_id, since = shop.product().id, utc_now()
    context = pb.GetRecommendationsRequest
    lists = [
        recommended(shop, buyer),
        recommended(shop, visitor_id=visitor_id),
        shop.recommend.GetRecommendations(
            context(context=context.PRODUCT, product_id=product_id), metadata=buyer.metadata
        ),
        shop.recommend.GetRecommendations(context(context=context.CART), metadata=buyer.metadata),
        shop.recommend.GetSimilarProducts(pb.GetSimilarProductsRequest(product_id=product_id)),
        shop.recommend.GetTrending(pb.GetTrendingRequest(), metadata=buyer.metadata),
    ]
    # Not the customer, but an admin looks at this one.
    other = context(user_id=buyer.user_id)
    assert shop.recommend.GetRecommendations(other, metadata=shop.admin.metadata).attribution_token
    shop.run(shop.app.rooms.recommend.impressions.flush())
    rows = shop.sql(
        "SELECT kind, user_id, visitor_id, product_ids FROM shown_lists WHERE shown_at >= :since"
        " ORDER BY shown_at",
        since=since if shop.app.db.is_postgresql else since.replace(tzinfo=None).isoformat(" "),
    )
    assert [tuple(row)[:3] for row in rows] == [
        ("HOMEPAGE", buyer.user_id, None),
        ("HOMEPAGE", None, visitor_id),
        ("PRODUCT", buyer.user_id, None),
        ("CART", buyer.user_id, None),
        ("SIMILAR", None, None),
        ("TRENDING", buyer.user_id, None),
    ]
    assert len(rows) == len(lists)
    if shop.app.db.is_postgresql:
        assert [row.product_ids for row in rows] == [
            [item.product_id for item in found.items] for found in lists
        ]


def test_a_warm_list_asks_the_database_nothing_though_it_is_logged(shop: RunningShop) -> None:
    buyer = shop.customer()
    recommended(shop, buyer)
    request = pb.GetRecommendationsRequest(limit=2)
    shop.recommend.GetRecommendations(request, metadata=buyer.metadata)
    with shop.counted_queries() as statements:
        for _ in range(20):
            shop.recommend.GetRecommendations(request, metadata=buyer.metadata)
    assert statements == []


def test_the_losses_of_the_log_are_exported(shop: RunningShop) -> None:
    assert shop.app.core.registry.get_sample_value("sanset_shown_lists_dropped_total") == 0
