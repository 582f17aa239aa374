"""What a user did: read back by GetHistory, and told by carts, orders and events to every worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sanset.v1 import behavior_pb2, cart_pb2
from sanset.v1 import recommend_pb2 as pb
from support.page_by_page import page_by_page
from support.running_shop import Account, RunningShop, refused

from server.recommend.feedback.history import History

VIEW, CLICK, SEARCH = (
    behavior_pb2.BehaviorEvent.VIEW,
    behavior_pb2.BehaviorEvent.CLICK,
    behavior_pb2.BehaviorEvent.SEARCH,
)


@pytest.fixture
def neighbour(shop: RunningShop) -> Iterator[RunningShop]:
    """A second worker on the same database."""
    other = RunningShop(shop.settings)
    yield other
    other.stop()


def _track(
    shop: RunningShop, account: Account | None, *events: behavior_pb2.BehaviorEvent, visitor_id: str = ""
) -> Any:
    request = behavior_pb2.TrackEventRequest(events=events, visitor_id=visitor_id)
    return shop.recommend.TrackEvent(request, metadata=account.metadata if account else None)


def _page(shop: RunningShop, account: Account, **fields: Any) -> behavior_pb2.GetHistoryResponse:
    return shop.recommend.GetHistory(behavior_pb2.GetHistoryRequest(**fields), metadata=account.metadata)


def _past(shop: RunningShop, account: Account) -> History:
    history = shop.run(shop.app.rooms.recommend.serving.histories.of_user(account.user_id))
    assert history is not None
    return history


def _visit(shop: RunningShop, visitor_id: str) -> History:
    return shop.run(shop.app.rooms.recommend.serving.histories.of_visitor(visitor_id))


def _until(holds: Callable[[], bool], seconds: float = 1.0) -> None:
    """Wait for something that another worker is promised to know within a second."""
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.01)


# ── GetHistory


def _at(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def test_what_was_done_is_read_back_latest_first_in_pages_that_neither_skip_nor_repeat(
    shop: RunningShop,
) -> None:
    buyer, product = shop.customer(address=False), shop.product()
    start = datetime(2026, 3, 1, tzinfo=UTC)
    # Three at a time, so that pages end between events of one moment
    times = [start + timedelta(hours=number // 3) for number in range(11)]
    _track(
        shop,
        buyer,
        *(behavior_pb2.BehaviorEvent(kind=VIEW, product_id=product.id, time=_at(t)) for t in times),
    )
    _track(shop, buyer, behavior_pb2.BehaviorEvent(kind=SEARCH, query="mugs"))
    found: list[behavior_pb2.BehaviorEvent] = []
    for page in page_by_page(lambda token: _page(shop, buyer, page_size=4, page_token=token)):
        assert len(page.items) <= 4
        found += page.items
    assert (found[0].kind, found[0].query, found[0].product_id) == (SEARCH, "mugs", 0)
    assert [event.time.ToDatetime(tzinfo=UTC) for event in found[1:]] == sorted(times, reverse=True)
    assert {event.product_id for event in found[1:]} == {product.id}


def test_a_history_can_be_asked_for_one_kind(shop: RunningShop) -> None:
    buyer, product = shop.customer(address=False), shop.product()
    _track(
        shop,
        buyer,
        behavior_pb2.BehaviorEvent(kind=VIEW, product_id=product.id),
        behavior_pb2.BehaviorEvent(kind=CLICK, product_id=product.id),
        behavior_pb2.BehaviorEvent(kind=SEARCH, query="mugs"),
    )
    assert [event.kind for event in _page(shop, buyer, kind=CLICK).items] == [CLICK]
    assert len(_page(shop, buyer).items) == 3
    first = _page(shop, buyer, page_size=1).next_page_token
    answer = refused(
        shop.recommend.GetHistory, behavior_pb2.GetHistoryRequest(kind=VIEW, page_token=first), buyer
    )
    assert (answer.code, answer.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")


def test_a_history_is_its_users_and_an_admins(shop: RunningShop) -> None:
    owner, other, product = shop.customer(address=False), shop.customer(address=False), shop.product()
    _track(shop, owner, behavior_pb2.BehaviorEvent(kind=VIEW, product_id=product.id))
    asked = behavior_pb2.GetHistoryRequest(user_id=owner.user_id)
    assert [event.product_id for event in _page(shop, owner, user_id=owner.user_id).items] == [product.id]
    assert [event.product_id for event in _page(shop, shop.admin, user_id=owner.user_id).items] == [
        product.id
    ]
    for account, code, reason in (
        (other, grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"),
        (shop.vendor(), grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"),
        (None, grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING"),
    ):
        answer = refused(shop.recommend.GetHistory, asked, account)
        assert (answer.code, answer.reason) == (code, reason)
    missing = refused(shop.recommend.GetHistory, behavior_pb2.GetHistoryRequest(user_id=2**60), shop.admin)
    assert (missing.code, missing.reason) == (grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND")
    assert not _page(shop, other).items
    assert not _page(shop, shop.admin, user_id=other.user_id).items


@pytest.mark.parametrize("events", [1, 60])
def test_reading_a_history_is_one_query_whatever_its_length(shop: RunningShop, events: int) -> None:
    buyer, product = shop.customer(address=False), shop.product()
    _track(shop, buyer, *[behavior_pb2.BehaviorEvent(kind=VIEW, product_id=product.id)] * events)
    with shop.counted_queries() as queries:
        assert len(_page(shop, buyer, page_size=100).items) == events
    assert len(queries) == 1, queries


# ── The cart


def test_the_cart_tells_every_worker_what_it_holds(shop: RunningShop, neighbour: RunningShop) -> None:
    buyer, first, second = shop.customer(address=False), shop.product(), shop.product()
    both = (shop, neighbour)
    assert [_past(worker, buyer).in_cart for worker in both] == [frozenset(), frozenset()]
    shop.add(buyer, first.id)
    assert _past(shop, buyer).in_cart == {first.id}, "the very next call on the same worker knows"
    assert _past(shop, buyer).recent == (first.id,)
    _until(lambda: _past(neighbour, buyer).in_cart == {first.id})
    neighbour.add(buyer, second.id)
    assert _past(neighbour, buyer).in_cart == {first.id, second.id}
    assert _past(neighbour, buyer).recent == (second.id, first.id)
    _until(lambda: _past(shop, buyer).in_cart == {first.id, second.id})
    shop.cart.RemoveItem(cart_pb2.RemoveItemRequest(product_id=first.id), metadata=buyer.metadata)
    assert _past(shop, buyer).in_cart == {second.id}
    _until(lambda: _past(neighbour, buyer).in_cart == {second.id})
    shop.cart.ClearCart(cart_pb2.ClearCartRequest(), metadata=buyer.metadata)
    assert _past(shop, buyer).in_cart == frozenset()
    _until(lambda: not _past(neighbour, buyer).in_cart)


def test_what_is_put_into_the_cart_is_kept_as_behaviour_with_the_list_it_came_from(shop: RunningShop) -> None:
    buyer, product = shop.customer(address=False), shop.product()
    shown = shop.recommend.GetRecommendations(pb.GetRecommendationsRequest(), metadata=buyer.metadata)
    for token in (shown.attribution_token, "forged"):
        request = cart_pb2.AddItemRequest(product_id=product.id, attribution_token=token)
        shop.cart.AddItem(request, metadata=buyer.metadata)
    rows = shop.sql(
        "SELECT kind, product_id, model_version, list_id IS NULL, LENGTH(origin) FROM behavior_events"
        " WHERE user_id = :user ORDER BY id",
        user=buyer.user_id,
    )
    assert [tuple(row) for row in rows] == [  # the account is new, so that its address counts
        ("ADD_TO_CART", product.id, shown.model_version, False, 16),
        ("ADD_TO_CART", product.id, "", True, 16),
    ]


def test_what_the_cart_refuses_is_no_behaviour(shop: RunningShop) -> None:
    buyer, product = shop.customer(address=False), shop.product(stock=1)
    refused(shop.cart.AddItem, cart_pb2.AddItemRequest(product_id=product.id, quantity=2), buyer)
    refused(shop.cart.AddItem, cart_pb2.AddItemRequest(product_id=2**60), buyer)
    assert not _page(shop, buyer).items
    assert not _past(shop, buyer).recent


def test_an_order_empties_the_cart_and_is_bought_on_every_worker(
    shop: RunningShop, neighbour: RunningShop
) -> None:
    buyer, first, second = shop.customer(), shop.product(), shop.product()
    shop.add(buyer, first.id, 2)
    shop.add(buyer, second.id, 1)
    _until(lambda: len(_past(neighbour, buyer).in_cart) == 2)
    order_id = shop.checkout(buyer).order_id
    past = _past(shop, buyer)
    assert (past.in_cart, past.bought) == (frozenset(), {first.id, second.id})
    assert past.recent_bought == {first.id, second.id}
    purchases = past.purchases
    assert dict(zip(purchases.product_ids.tolist(), purchases.quantities.tolist(), strict=True)) == {
        first.id: 2.0,
        second.id: 1.0,
    }
    assert set(purchases.order_ids.tolist()) == {order_id}
    assert all(abs(moment - time.time()) < 60 for moment in purchases.times.tolist())
    _until(lambda: _past(neighbour, buyer).bought == {first.id, second.id})


def test_a_declined_payment_puts_the_cart_back_into_the_history(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product()
    shop.add(buyer, product.id)
    with pytest.raises(grpc.RpcError):
        shop.checkout(buyer, payment_token="tok_decline")
    assert _past(shop, buyer).in_cart == {product.id}
    assert _past(shop, buyer).bought == frozenset()


# ── Visitors who sign in


def test_what_a_visitor_did_becomes_the_users_on_every_worker(
    shop: RunningShop, neighbour: RunningShop
) -> None:
    visitor_id = "visitor-" + "x" * 56  # as long as it may be
    buyer, first, second = shop.customer(address=False), shop.product(), shop.product()
    assert _visit(neighbour, visitor_id).recent == ()
    _track(shop, None, behavior_pb2.BehaviorEvent(kind=VIEW, product_id=first.id), visitor_id=visitor_id)
    assert _visit(shop, visitor_id).recent == (first.id,)
    _until(lambda: _visit(neighbour, visitor_id).recent == (first.id,))
    assert _past(neighbour, buyer).recent == ()
    _track(shop, buyer, behavior_pb2.BehaviorEvent(kind=VIEW, product_id=second.id), visitor_id=visitor_id)
    assert _past(shop, buyer).recent == (second.id, first.id)
    assert _visit(shop, visitor_id).recent == ()
    _until(lambda: _past(neighbour, buyer).recent == (second.id, first.id))
    _until(lambda: _visit(neighbour, visitor_id).recent == ())
    assert [event.product_id for event in _page(shop, buyer).items] == [second.id, first.id]


def test_a_visitor_who_signed_in_elsewhere_is_not_taken_from_them(shop: RunningShop) -> None:
    visitor_id = "shared-browser"
    first, second, product = shop.customer(address=False), shop.customer(address=False), shop.product()
    view = behavior_pb2.BehaviorEvent(kind=VIEW, product_id=product.id)
    _track(shop, None, view, visitor_id=visitor_id)
    _track(shop, first, behavior_pb2.BehaviorEvent(kind=SEARCH, query="mine"), visitor_id=visitor_id)
    _track(shop, second, behavior_pb2.BehaviorEvent(kind=SEARCH, query="yours"), visitor_id=visitor_id)
    assert [event.kind for event in _page(shop, first).items] == [SEARCH, VIEW]
    assert [event.kind for event in _page(shop, second).items] == [SEARCH]


def test_taking_over_happens_even_when_no_event_is_kept(shop: RunningShop) -> None:
    buyer, product = shop.customer(address=False), shop.product()
    _track(
        shop, None, behavior_pb2.BehaviorEvent(kind=VIEW, product_id=product.id), visitor_id="visitor-lost"
    )
    reply = _track(
        shop, buyer, behavior_pb2.BehaviorEvent(kind=VIEW, product_id=2**60), visitor_id="visitor-lost"
    )
    assert reply.accepted_count == 0
    assert [event.product_id for event in _page(shop, buyer).items] == [product.id]
    assert _past(shop, buyer).recent == (product.id,)
