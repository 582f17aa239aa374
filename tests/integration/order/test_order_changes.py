"""Whatever changes what is shown of an order moves its `update_time`, by which other systems follow the shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sanset.v1 import order_pb2 as pb
from sanset.v1 import order_service_pb2, payment_pb2
from support.payment_shop import let_expire, report, stuck, sweep, tell
from support.refund_story import (
    approve,
    ask_return,
    bought,
    cancel,
    delivered,
    get,
    receive,
    refund,
    refunded_by,
    reject,
    try_again,
    units,
    usd,
)
from support.running_shop import RunningShop, test_settings


@pytest.fixture(scope="module", name="shop")
def brisk_shop(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A shop that soon gives up waiting for a gateway, on each database in turn."""
    home = tmp_path_factory.mktemp("brisk")
    running = RunningShop(test_settings(module_database_url, home, payment_timeout_seconds=0.3))
    yield running
    running.stop()


Story = Callable[[RunningShop], Iterator[int]]
"""Gives the id of an order before the first change of it, and after each."""


def fulfilment(shop: RunningShop) -> Iterator[int]:
    order = shop.order(quantity=3)
    yield order.id
    shop.move(order.id, pb.Order.PROCESSING)
    yield order.id
    parcel = pb.Shipment(tracking_number="1", items=units(order, 1))
    shop.move(order.id, pb.Order.SHIPPED, shipment=parcel)
    yield order.id
    shop.move(order.id, pb.Order.SHIPPED, shipment=pb.Shipment(tracking_number="2", items=units(order, 2)))
    yield order.id
    parcel.id = 1
    parcel.carrier = "DHL"
    shop.move(order.id, pb.Order.SHIPPED, shipment=parcel)
    yield order.id
    shop.move(order.id, pb.Order.DELIVERED)
    yield order.id


def metadata(shop: RunningShop) -> Iterator[int]:
    order = shop.order()
    yield order.id
    request = order_service_pb2.UpdateOrderRequest(order=pb.Order(id=order.id, metadata={"erp": "7"}))
    shop.orders.UpdateOrder(request, metadata=shop.admin.metadata)
    yield order.id


def refund_that_is_settled_later(shop: RunningShop) -> Iterator[int]:
    order = shop.order()
    yield order.id
    with refunded_by(shop, "PENDING"):
        refund(shop, order.id, amount=usd("1.00"))
    yield order.id
    try_again(shop)
    yield order.id
    refund(shop, order.id)
    yield order.id


def refund_that_fails(shop: RunningShop) -> Iterator[int]:
    order = shop.order()
    yield order.id
    with refunded_by(shop, "PENDING"):
        refund(shop, order.id, amount=usd("1.00"))
    yield order.id
    with refunded_by(shop, "FAILED"):
        try_again(shop)
    yield order.id


def return_that_arrives(shop: RunningShop) -> Iterator[int]:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 2)))
    yield order.id
    returned = ask_return(shop, buyer, order.id, units(order, 1))
    yield order.id
    approve(shop, returned.id)
    yield order.id
    receive(shop, returned.id)
    yield order.id


def return_that_is_refused(shop: RunningShop) -> Iterator[int]:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 2)))
    yield order.id
    returned = ask_return(shop, buyer, order.id)
    yield order.id
    reject(shop, returned.id)
    yield order.id


def cancellation(shop: RunningShop) -> Iterator[int]:
    order = shop.order()
    yield order.id
    with refunded_by(shop, "PENDING"):
        cancel(shop, shop.admin, order.id)
    yield order.id
    try_again(shop)
    yield order.id


def payment_that_is_captured(shop: RunningShop) -> Iterator[int]:
    _, _, order, _ = stuck(shop)
    yield order.id
    tell(shop, *report(shop, order.number))
    yield order.id


def payment_that_is_given_up(shop: RunningShop) -> Iterator[int]:
    _, _, order, _ = stuck(shop)
    yield order.id
    let_expire(shop, order.id)
    sweep(shop)
    yield order.id


def payment_that_comes_too_late(shop: RunningShop) -> Iterator[int]:
    buyer, _, order, _ = stuck(shop)
    yield order.id
    cancel(shop, buyer, order.id)
    yield order.id
    tell(shop, *report(shop, order.number))
    yield order.id


STORIES: list[Story] = [
    fulfilment,
    metadata,
    refund_that_is_settled_later,
    refund_that_fails,
    return_that_arrives,
    return_that_is_refused,
    cancellation,
    payment_that_is_captured,
    payment_that_is_given_up,
    payment_that_comes_too_late,
]


@pytest.mark.either
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_each_change_of_an_order_is_told_by_its_update_time(shop: RunningShop, story: Story) -> None:
    changes = story(shop)
    order_id = next(changes)
    before = get(shop, shop.admin, order_id)
    for number, _ in enumerate(changes, start=1):
        after = get(shop, shop.admin, order_id)
        assert nanos(after.update_time) > nanos(before.update_time), number
        moved = nanos(after.payment.update_time) - nanos(before.payment.update_time)
        assert moved >= 0
        assert moved or content(after.payment) == content(before.payment), number
        assert order_id in changed_since(shop, after)
        before = after


def nanos(moment: Timestamp) -> int:
    return moment.ToNanoseconds()


def content(payment: payment_pb2.Payment) -> payment_pb2.Payment:
    """A payment without the time of its last change."""
    copy = payment_pb2.Payment()
    copy.CopyFrom(payment)
    copy.ClearField("update_time")
    return copy


def changed_since(shop: RunningShop, order: pb.Order) -> set[int]:
    """The orders that changed when this one did, or later."""
    request = order_service_pb2.ListOrdersRequest(all_users=True, updated_since=order.update_time)
    return {one.id for one in shop.orders.ListOrders(request, metadata=shop.admin.metadata).items}
