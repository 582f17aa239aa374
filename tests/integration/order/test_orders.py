"""Placed orders through their public interface: who sees them, how they are listed, which step follows which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from functools import partial

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sanset.v1 import order_pb2 as pb
from sanset.v1 import order_service_pb2, tracking_pb2
from sqlalchemy import update
from support.page_by_page import page_by_page
from support.running_shop import Account, Refused, RunningShop, refusal

from server.order.models import Order, OrderEvent
from server.order.status import LEGAL

pytestmark = pytest.mark.either

STATUSES = sorted(LEGAL)
BY_HAND = ("PROCESSING", "SHIPPED", "DELIVERED")
"""What UpdateOrderStatus may do; the other steps belong to payments, cancellations and returns."""


def refused(call: Callable[[], object]) -> Refused:
    """How a call is refused."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return refusal(caught.value)


def get(shop: RunningShop, reader: Account, order_id: int) -> pb.Order:
    return shop.orders.GetOrder(
        order_service_pb2.GetOrderRequest(order_id=order_id), metadata=reader.metadata
    )


def page(shop: RunningShop, reader: Account, **fields: object) -> order_service_pb2.ListOrdersResponse:
    return shop.orders.ListOrders(order_service_pb2.ListOrdersRequest(**fields), metadata=reader.metadata)  # type: ignore[arg-type]


SORTS = order_service_pb2.ListOrdersRequest


@dataclass(frozen=True)
class History:
    """A buyer and the orders placed, the oldest first."""

    buyer: Account
    placed: list[pb.Order]

    @property
    def newest_first(self) -> list[int]:
        return [order.id for order in reversed(self.placed)]


@pytest.fixture(scope="module")
def histories() -> dict[int, History]:
    """The buyer of each shop, made once."""
    return {}


@pytest.fixture
def history(shop: RunningShop, histories: dict[int, History]) -> History:
    """A buyer with five orders, two of them placed at the same moment."""
    if shop.port not in histories:
        buyer = shop.customer()
        placed = [shop.order(buyer) for _ in range(5)]
        with shop.app.db.transaction() as tx:
            moment = placed[-1].create_time.ToDatetime(tzinfo=UTC)
            tx.execute(update(Order).where(Order.id == placed[-2].id).values(placed_at=moment))
        histories[shop.port] = History(buyer, placed)
    return histories[shop.port]


# Who sees an order


def test_get_order_returns_what_checkout_returned(shop: RunningShop) -> None:
    buyer = shop.customer()
    placed = shop.order(buyer)
    assert get(shop, buyer, placed.id) == placed == get(shop, shop.admin, placed.id)


READS: dict[str, Callable[[RunningShop, Account, int], object]] = {
    "GetOrder": get,
    "GetTracking": lambda shop, who, order_id: shop.orders.GetTracking(
        tracking_pb2.GetTrackingRequest(order_id=order_id), metadata=who.metadata
    ),
    "TrackOrder": lambda shop, who, order_id: next(
        shop.orders.TrackOrder(tracking_pb2.TrackOrderRequest(order_id=order_id), metadata=who.metadata)
    ),
}


@pytest.mark.parametrize("rpc", READS)
def test_someone_elses_order_is_as_absent(shop: RunningShop, rpc: str) -> None:
    order, stranger = shop.order(), shop.customer(address=False)
    theirs = refused(lambda: READS[rpc](shop, stranger, order.id))
    absent = refused(lambda: READS[rpc](shop, stranger, 2**62))
    assert (theirs.code, theirs.reason) == (grpc.StatusCode.NOT_FOUND, "ORDER_NOT_FOUND")
    assert theirs.message.replace(str(order.id), "") == absent.message.replace(str(2**62), "")
    assert READS[rpc](shop, shop.admin, order.id)


@pytest.mark.either
@pytest.mark.parametrize("order_id", [0, -1])
def test_an_id_that_cannot_be_is_refused(shop: RunningShop, order_id: int) -> None:
    answer = refused(lambda: get(shop, shop.admin, order_id))
    assert (answer.code, answer.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["order_id"])


def test_a_customer_cannot_move_an_order(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = shop.order(buyer)
    request = order_service_pb2.UpdateOrderStatusRequest(order_id=order.id, status=pb.Order.PROCESSING)
    answer = refused(lambda: shop.orders.UpdateOrderStatus(request, metadata=buyer.metadata))
    assert (answer.code, answer.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING")
    assert get(shop, buyer, order.id) == order


# Lists


@pytest.mark.parametrize("size", [1, 2, 4, 5, 100])
def test_pages_hold_every_order_once_and_the_newest_first(
    shop: RunningShop, history: History, size: int
) -> None:
    seen: list[int] = []
    for answer in page_by_page(lambda token: page(shop, history.buyer, page_size=size, page_token=token)):
        assert len(answer.items) <= size
        seen += [order.id for order in answer.items]
    assert seen == history.newest_first


def test_an_order_placed_meanwhile_does_not_shift_the_pages(shop: RunningShop) -> None:
    buyer = shop.customer()
    old = [shop.order(buyer).id for _ in range(3)]
    first = page(shop, buyer, page_size=2)
    shop.order(buyer)
    rest = page(shop, buyer, page_size=2, page_token=first.next_page_token)
    assert [order.id for order in (*first.items, *rest.items)] == old[::-1]


def test_listed_orders_are_whole(shop: RunningShop, history: History) -> None:
    listed = page(shop, history.buyer, view=pb.Order.FULL).items
    assert list(listed) == [get(shop, history.buyer, order_id) for order_id in history.newest_first]
    assert all(order.items for order in listed)


def test_a_list_shows_summaries_unless_all_is_asked_for(shop: RunningShop, history: History) -> None:
    for listed in page(shop, history.buyer).items:
        whole = get(shop, history.buyer, listed.id)
        assert whole.address.line1
        assert listed.item_count == sum(item.quantity for item in whole.items)
        for name in ("items", "address", "metadata"):
            whole.ClearField(name)
        assert listed == whole


def test_a_status_filters(shop: RunningShop) -> None:
    buyer = shop.customer()
    first, second = shop.order(buyer), shop.order(buyer)
    shop.move(first.id, pb.Order.PROCESSING)
    assert [order.id for order in page(shop, buyer, status=pb.Order.PROCESSING).items] == [first.id]
    assert [order.id for order in page(shop, buyer, status=pb.Order.CONFIRMED).items] == [second.id]
    assert not page(shop, buyer, status=pb.Order.RETURNED).items


def test_a_page_token_works_for_its_list_alone(shop: RunningShop, history: History) -> None:
    token = page(shop, history.buyer, page_size=2).next_page_token
    flipped = ("A" if token[20] != "A" else "B").join((token[:20], token[21:]))
    stranger = shop.customer(address=False)
    attempts = {
        "edited": lambda: page(shop, history.buyer, page_token=flipped),
        "cut": lambda: page(shop, history.buyer, page_token=token[:-3]),
        "garbage": lambda: page(shop, history.buyer, page_token="garbage"),
        "not ASCII": lambda: page(shop, history.buyer, page_token="é" * 10),
        "another filter": lambda: page(shop, history.buyer, page_token=token, status=pb.Order.CONFIRMED),
        "another order": lambda: page(shop, history.buyer, page_token=token, sort=SORTS.UPDATED),
        "another view": lambda: page(shop, history.buyer, page_token=token, view=pb.Order.FULL),
        "another user": lambda: page(shop, stranger, page_token=token),
        "an admin": lambda: page(shop, shop.admin, page_token=token, user_id=history.buyer.user_id),
        "everyone's": lambda: page(shop, shop.admin, page_token=token, all_users=True),
    }
    for name, attempt in attempts.items():
        answer = refused(attempt)
        assert (answer.code, answer.reason) == (
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_PAGE_TOKEN",
        ), name


def test_an_admin_lists_one_users_orders_or_everyones(shop: RunningShop, history: History) -> None:
    theirs = page(shop, shop.admin, user_id=history.buyer.user_id)
    assert [order.id for order in theirs.items] == history.newest_first
    newest = shop.order()
    assert page(shop, shop.admin, all_users=True, page_size=1).items[0].id == newest.id
    assert newest.id not in [order.id for order in page(shop, shop.admin).items]


def test_a_customer_lists_nobody_elses_orders(shop: RunningShop, history: History) -> None:
    stranger = shop.customer(address=False)
    theirs = refused(lambda: page(shop, stranger, user_id=history.buyer.user_id))
    assert (theirs.code, theirs.reason) == (grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND")
    everyones = refused(lambda: page(shop, stranger, all_users=True))
    assert (everyones.code, everyones.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING")
    assert not page(shop, stranger).items
    assert page(shop, history.buyer, user_id=history.buyer.user_id).items


# Query budgets


@pytest.mark.both
def test_reading_an_order_takes_two_queries_whatever_its_lines(shop: RunningShop) -> None:
    buyer = shop.customer()
    for _ in range(12):
        shop.add(buyer, shop.product().id)
    for order in (shop.order(), shop.checkout(buyer).order):
        with shop.counted_queries() as queries:
            get(shop, shop.admin, order.id)
        assert len(queries) == 2, queries


@pytest.mark.both
@pytest.mark.parametrize(("view", "queries"), [(pb.Order.SUMMARY, 1), (pb.Order.FULL, 2)])
@pytest.mark.parametrize("size", [1, 5])
def test_listing_orders_takes_a_query_and_whole_ones_two_whatever_their_number(
    shop: RunningShop, history: History, size: int, view: pb.Order.View.ValueType, queries: int
) -> None:
    with shop.counted_queries() as statements:
        assert len(page(shop, history.buyer, page_size=size, view=view).items) == size
    assert len(statements) == queries, statements


# Steps


def test_an_order_walks_to_its_delivery(shop: RunningShop) -> None:
    order = shop.order()
    for name in BY_HAND:
        before, order = order, shop.move(order.id, pb.Order.Status.Value(name))
        assert order.status == pb.Order.Status.Value(name)
        assert order.etag != before.etag
        assert order.update_time.ToNanoseconds() > before.update_time.ToNanoseconds()
    tracking = shop.orders.GetTracking(
        tracking_pb2.GetTrackingRequest(order_id=order.id), metadata=shop.admin.metadata
    )
    assert [step.sequence for step in tracking.events] == [1, 2, 3, 4, 5]
    names = [pb.Order.Status.Name(step.status) for step in tracking.events]
    assert names == ["PENDING_PAYMENT", "CONFIRMED", *BY_HAND]
    assert (tracking.status, tracking.tracking_number) == (pb.Order.DELIVERED, order.tracking_number)
    assert all(step.message for step in tracking.events)
    assert shop.move(order.id, pb.Order.DELIVERED) == order  # which is no step
    entries = shop.sql(
        "SELECT action, actor_id, details FROM audit_entries WHERE subject = :order ORDER BY id",
        order=f"order/{order.id}",
    )
    assert [(entry.action, entry.actor_id) for entry in entries] == [
        ("UpdateOrderStatus", shop.admin.user_id)
    ] * (len(BY_HAND) + 1)
    assert '"SHIPPED"' in str(entries[-2].details).replace("'", '"')


def test_a_step_says_what_the_staff_says(shop: RunningShop) -> None:
    order = shop.order()
    eta = Timestamp(seconds=order.eta.seconds + 3600, nanos=5000)
    moved = shop.move(order.id, pb.Order.PROCESSING, message="Nearly there.", location="Leeds", eta=eta)
    assert moved.eta == eta
    shop.move(order.id, pb.Order.SHIPPED)
    request = tracking_pb2.GetTrackingRequest(order_id=order.id)
    tracking = shop.orders.GetTracking(request, metadata=shop.admin.metadata)
    packed, shipped = tracking.events[2:]
    assert (packed.message, packed.location, packed.eta) == ("Nearly there.", "Leeds", eta)
    assert (shipped.location, shipped.eta, tracking.eta) == ("", eta, eta)


def put_at(shop: RunningShop, order_id: int, status: str) -> None:
    """Give an order a status without the steps that lead there."""
    with shop.app.db.transaction() as tx:
        tx.execute(update(Order).where(Order.id == order_id).values(status=status))
        newest = update(OrderEvent).where(OrderEvent.order_id == order_id, OrderEvent.sequence == 2)
        tx.execute(newest.values(status=status))


@pytest.mark.parametrize("before", STATUSES)
def test_only_legal_steps_are_taken(shop: RunningShop, before: str) -> None:
    order = shop.order()
    put_at(shop, order.id, before)
    # A return that is open ends by its own calls.
    legal = sorted(LEGAL[before].intersection(BY_HAND)) if before != "RETURN_REQUESTED" else []
    for wanted in STATUSES:
        if wanted in legal:
            continue
        if wanted == before:
            assert shop.move(order.id, pb.Order.Status.Value(wanted)).etag == order.etag
            continue
        answer = refused(partial(shop.move, order.id, pb.Order.Status.Value(wanted)))
        assert (answer.code, answer.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "ILLEGAL_TRANSITION")
        assert (answer.facts["status"], answer.facts["requested"]) == (before, wanted)
        assert answer.facts["legal"] == ", ".join(legal)
    for wanted in legal:
        assert shop.move(order.id, pb.Order.Status.Value(wanted)).status == pb.Order.Status.Value(wanted)
        put_at(shop, order.id, before)


def test_a_stale_etag_is_refused(shop: RunningShop) -> None:
    order = shop.order()
    moved = shop.move(order.id, pb.Order.PROCESSING, etag=order.etag)
    answer = refused(lambda: shop.move(order.id, pb.Order.SHIPPED, etag=order.etag))
    assert (answer.code, answer.reason) == (grpc.StatusCode.ABORTED, "STALE_ETAG")
    assert answer.facts == {"resource": "order"}
    assert shop.move(order.id, pb.Order.SHIPPED, etag=moved.etag).status == pb.Order.SHIPPED


def test_moving_an_order_that_is_not_there_is_refused(shop: RunningShop) -> None:
    answer = refused(lambda: shop.move(2**62, pb.Order.PROCESSING))
    assert (answer.code, answer.reason) == (grpc.StatusCode.NOT_FOUND, "ORDER_NOT_FOUND")


@pytest.mark.either
@pytest.mark.parametrize(
    ("field", "value"),
    [("status", 0), ("status", 77), ("message", "x" * 501), ("location", "x" * 201), ("etag", "x" * 65)],
)
def test_a_step_with_a_field_out_of_range_is_refused(shop: RunningShop, field: str, value: object) -> None:
    values = {"status": pb.Order.PROCESSING, field: value}
    answer = refused(lambda: shop.move(1, **values))  # type: ignore[arg-type]
    assert (answer.code, answer.fields) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


def test_two_staff_who_take_the_same_step_take_it_once(shop: RunningShop) -> None:
    order = shop.order()
    request = order_service_pb2.UpdateOrderStatusRequest(order_id=order.id, status=pb.Order.PROCESSING)
    calls = [shop.orders.UpdateOrderStatus.future(request, metadata=shop.admin.metadata) for _ in range(10)]
    assert {call.result(timeout=30).etag for call in calls} == {get(shop, shop.admin, order.id).etag}
    tracking = shop.orders.GetTracking(
        tracking_pb2.GetTrackingRequest(order_id=order.id), metadata=shop.admin.metadata
    )
    assert len(tracking.events) == 3


def test_the_numbers_people_see_are_not_alike(shop: RunningShop) -> None:
    buyer = shop.customer()
    orders = [shop.order(buyer) for _ in range(5)]
    assert len({order.number for order in orders}) == 5
