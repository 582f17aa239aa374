"""Returns through their public interface: asked for, agreed to or refused, received and paid back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from sanset.v1 import order_pb2, tracking_pb2
from sanset.v1 import refund_service_pb2 as pb
from sanset.v1.refund_pb2 import Refund, Return
from support.cart_shop import cents
from support.page_by_page import page_by_page
from support.payment_shop import sound
from support.refund_story import (
    approve,
    ask_return,
    audited,
    bought,
    cancel,
    delivered,
    get,
    new_id,
    receive,
    refund,
    refunded_by,
    refunds,
    reject,
    sent_back,
    state,
    steps,
    stock,
    try_again,
    units,
    usd,
)
from support.running_shop import Account, Refused, RunningShop, refusal, refused

pytestmark = pytest.mark.either

CODE = grpc.StatusCode


def refused_return(shop: RunningShop, who: Account, order_id: int, **fields: Any) -> Refused:
    """How a return is refused; of everything when nothing is said."""
    fields = fields if "items" in fields else {"all": True} | fields
    request = pb.RequestReturnRequest(order_id=order_id, **({"reason": "Too small"} | fields))
    return refused(shop.refunds.RequestReturn, request, who)


def listed(shop: RunningShop, who: Account, **fields: Any) -> list[Return]:
    """A page of returns."""
    return list(shop.refunds.ListReturns(pb.ListReturnsRequest(**fields), metadata=who.metadata).items)


def test_a_return_of_some_units_goes_all_the_way(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 3), (4, 0, 1)))
    asked = ask_return(shop, buyer, order.id, units(order, 2))
    assert (asked.status, asked.reason, asked.refund_id) == (Return.REQUESTED, "Too small", 0)
    assert state(shop, order.id) == "RETURN_REQUESTED"
    agreed = approve(shop, asked.id)
    assert (agreed.status, agreed.comment) == (Return.APPROVED, "Use the label inside.")
    arrived = receive(shop, asked.id, units(order, 1))
    assert arrived.status == Return.RECEIVED
    (paid,) = refunds(shop, buyer, order.id)
    assert (paid.id, paid.status, paid.items) == (arrived.refund_id, Refund.SUCCEEDED, asked.items)
    assert cents(paid.amount) - cents(paid.shipping) == 2160
    assert stock(shop, order) == [98, 99]
    assert [status for status, _ in steps(shop, buyer, order.id)][4:] == [
        "DELIVERED",
        "RETURN_REQUESTED",
        "RETURN_REQUESTED",
        "RETURNED",
    ]
    assert audited(shop, order.id)[3:] == ["RequestReturn", "ApproveReturn", "ReceiveReturn"]
    assert sound(shop)


@pytest.mark.both
def test_a_return_and_its_refund_can_be_read_by_their_ids(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 2)))
    arrived = sent_back(shop, buyer, order, 1)
    for reader in (buyer, shop.admin):
        by_id = pb.GetReturnRequest(return_id=arrived.id)
        assert shop.refunds.GetReturn(by_id, metadata=reader.metadata) == arrived
        (paid,) = refunds(shop, buyer, order.id)
        with shop.counted_queries() as queries:
            read = shop.refunds.GetRefund(pb.GetRefundRequest(refund_id=paid.id), metadata=reader.metadata)
        assert (read, len(queries)) == (paid, 3)
    stranger = shop.customer(address=False)
    not_found = refused(shop.refunds.GetReturn, pb.GetReturnRequest(return_id=arrived.id), stranger)
    assert not_found.reason == "RETURN_NOT_FOUND"
    not_found = refused(shop.refunds.GetRefund, pb.GetRefundRequest(refund_id=paid.id), stranger)
    assert not_found.reason == "REFUND_NOT_FOUND"


def test_a_return_moves_only_from_where_it_was_seen(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 1)))
    asked = ask_return(shop, buyer, order.id)
    seen = {"return_id": asked.id, "etag": asked.etag}
    agreed = shop.refunds.ApproveReturn(pb.ApproveReturnRequest(**seen), metadata=shop.admin.metadata)
    assert agreed.etag != asked.etag
    again = shop.refunds.ApproveReturn(pb.ApproveReturnRequest(**seen), metadata=shop.admin.metadata)
    assert again == agreed, "a repeat is no second step"
    stale = refused(shop.refunds.RejectReturn, pb.RejectReturnRequest(comment="No", **seen), shop.admin)
    assert (stale.code, stale.reason) == (CODE.ABORTED, "STALE_ETAG")
    stale = refused(shop.refunds.ReceiveReturn, pb.ReceiveReturnRequest(**seen), shop.admin)
    assert (stale.code, stale.reason) == (CODE.ABORTED, "STALE_ETAG")
    fresh = pb.ReceiveReturnRequest(return_id=asked.id, etag=agreed.etag)
    assert shop.refunds.ReceiveReturn(fresh, metadata=shop.admin.metadata).status == Return.RECEIVED


def test_a_return_of_everything_pays_everything_back(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 3), (3, 33, 2)))
    sent_back(shop, buyer, order, 3, 2)
    assert state(shop, order.id) == "REFUNDED"
    assert [status for status, _ in steps(shop, buyer, order.id)][-2:] == ["RETURNED", "REFUNDED"]
    assert refunds(shop, buyer, order.id)[0].amount == order.totals.total
    assert stock(shop, order) == [100, 100]
    assert sound(shop)


def test_returns_one_after_the_other_pay_everything_back(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (9, 99, 3), (3, 33, 2)))
    sent_back(shop, buyer, order, 1, 0)
    assert state(shop, order.id) == "RETURNED"
    sent_back(shop, buyer, order, 1, 2, restock=False)
    assert refused_return(shop, buyer, order.id, items=units(order, 2)).facts["available"] == "1"
    sent_back(shop, buyer, order)
    assert state(shop, order.id) == "REFUNDED"
    paid = refunds(shop, buyer, order.id)
    assert sum(cents(one.amount) for one in paid) == cents(order.totals.total)
    assert stock(shop, order) == [99, 98]
    assert sound(shop)


def test_a_refused_return_leaves_the_order_delivered_and_can_be_asked_for_again(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 1)))
    asked = ask_return(shop, buyer, order.id)
    refusal_ = reject(shop, asked.id)
    assert (refusal_.status, refusal_.comment) == (Return.REJECTED, "It was worn.")
    assert reject(shop, asked.id) == refusal_
    assert state(shop, order.id) == "DELIVERED"
    assert steps(shop, buyer, order.id)[-1][1] == "Your return was refused: It was worn."
    again = ask_return(shop, buyer, order.id)
    approve(shop, again.id)
    reject(shop, again.id)  # the goods never came
    assert state(shop, order.id) == "DELIVERED"
    assert sound(shop)


def test_an_order_that_did_not_arrive_cannot_be_sent_back(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 1))
    answer = refused_return(shop, buyer, order.id)
    assert (answer.code, answer.reason) == (CODE.FAILED_PRECONDITION, "NOT_DELIVERED")
    cancel(shop, buyer, order.id)
    assert refused_return(shop, buyer, order.id).reason == "NOT_DELIVERED"


def test_thirty_days_after_the_delivery_it_is_too_late(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 1)))
    move = "UPDATE orders SET delivered_at = :at WHERE id = :id"
    shop.sql(move, at="2020-01-01 00:00:00+00:00", id=order.id)
    answer = refused_return(shop, buyer, order.id)
    assert (answer.code, answer.reason) == (CODE.FAILED_PRECONDITION, "RETURN_TOO_LATE")
    assert answer.facts["until"].startswith("2020-01-31")


def test_the_order_says_when_it_was_delivered(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 1))
    assert not order.HasField("deliver_time")
    assert delivered(shop, order).HasField("deliver_time")


def test_only_one_return_of_an_order_is_open(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 3)))
    ask_return(shop, buyer, order.id, units(order, 1))
    answer = refused_return(shop, buyer, order.id, items=units(order, 1))
    assert (answer.code, answer.reason) == (CODE.FAILED_PRECONDITION, "NOT_RETURNABLE")


def test_units_that_were_paid_back_cannot_be_sent_back(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 3)))
    refund(shop, order.id, items=units(order, 2))
    answer = refused_return(shop, buyer, order.id, items=units(order, 2))
    assert (answer.reason, answer.facts["available"]) == ("NOT_RETURNABLE", "1")
    assert [line.quantity for line in ask_return(shop, buyer, order.id).items] == [1]


def test_a_refunded_order_cannot_be_sent_back(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 1)))
    refund(shop, order.id)
    assert refused_return(shop, buyer, order.id).reason == "NOT_RETURNABLE"


def test_units_that_are_paid_back_while_they_travel_are_not_paid_twice(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 3)))
    asked = ask_return(shop, buyer, order.id)
    approve(shop, asked.id)
    refund(shop, order.id, items=units(order, 1))
    refund(shop, order.id, amount=usd("20.00"))
    receive(shop, asked.id)
    paid = refunds(shop, buyer, order.id)
    assert sum(cents(one.amount) for one in paid) == cents(order.totals.total)
    assert state(shop, order.id) == "REFUNDED"
    assert sound(shop)


def test_units_that_are_in_stock_again_before_they_arrive_are_not_restocked_twice(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 2)))
    asked = ask_return(shop, buyer, order.id)
    approve(shop, asked.id)
    refund(shop, order.id, items=units(order, 1), restock=True)
    receive(shop, asked.id, list(asked.items))
    [line] = shop.sql("SELECT restocked FROM return_lines WHERE return_id = :id", id=asked.id)
    assert line.restocked == 1
    assert stock(shop, order) == [100]
    assert sound(shop)


@pytest.mark.parametrize(
    "fields",
    [
        {"items": [order_pb2.LineQuantity(variant_id=10**12, quantity=1)]},
        {"items": [order_pb2.LineQuantity(variant_id=1, quantity=0)]},
        {"reason": ""},
        {"reason": "x" * 501},
        {"request_id": "me"},
    ],
)
def test_a_return_that_makes_no_sense_is_refused(shop: RunningShop, fields: dict[str, Any]) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 1)))
    assert refused_return(shop, buyer, order.id, **fields).code == CODE.INVALID_ARGUMENT
    assert listed(shop, buyer) == []


def test_no_more_units_are_restocked_than_came_back(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 3)))
    asked = ask_return(shop, buyer, order.id, units(order, 1))
    approve(shop, asked.id)
    for wrong in (units(order, 2), [order_pb2.LineQuantity(variant_id=10**12, quantity=1)]):
        request = pb.ReceiveReturnRequest(return_id=asked.id, restock_items=wrong)
        answer = refused(shop.refunds.ReceiveReturn, request, shop.admin)
        assert (answer.code, answer.fields) == (CODE.INVALID_ARGUMENT, ["restock_items"])
    assert state(shop, order.id) == "RETURN_REQUESTED"


def test_the_steps_of_a_return_have_an_order(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 1)))
    asked = ask_return(shop, buyer, order.id)
    early = refused(shop.refunds.ReceiveReturn, pb.ReceiveReturnRequest(return_id=asked.id), shop.admin)
    assert (early.reason, early.facts["legal"]) == ("ILLEGAL_TRANSITION", "APPROVED, REJECTED")
    first = approve(shop, asked.id)
    assert approve(shop, asked.id) == first
    receive(shop, asked.id)
    for method, request in (
        (shop.refunds.ApproveReturn, pb.ApproveReturnRequest(return_id=asked.id)),
        (shop.refunds.RejectReturn, pb.RejectReturnRequest(return_id=asked.id, comment="No")),
    ):
        late = refused(method, request, shop.admin)
        assert (late.code, late.reason) == (CODE.FAILED_PRECONDITION, "ILLEGAL_TRANSITION")
    for method, request in (
        (shop.refunds.ApproveReturn, pb.ApproveReturnRequest(return_id=10**12)),
        (shop.refunds.RejectReturn, pb.RejectReturnRequest(return_id=10**12, comment="No")),
        (shop.refunds.ReceiveReturn, pb.ReceiveReturnRequest(return_id=10**12)),
    ):
        unknown = refused(method, request, shop.admin)
        assert (unknown.code, unknown.reason) == (CODE.NOT_FOUND, "RETURN_NOT_FOUND")


def test_goods_of_a_refused_return_are_not_received(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 2)))
    requested = ask_return(shop, buyer, order.id)
    reject(shop, requested.id)
    request = pb.ReceiveReturnRequest(return_id=requested.id, restock_items=units(order, 1))
    answer = refused(shop.refunds.ReceiveReturn, request, shop.admin)
    assert (answer.code, answer.reason) == (CODE.FAILED_PRECONDITION, "ILLEGAL_TRANSITION")


@pytest.mark.both
def test_goods_are_received_once_however_often_it_is_said(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 2)))
    asked = ask_return(shop, buyer, order.id)
    approve(shop, asked.id)
    request_id = new_id()

    def take_in(place: int) -> Return:
        return receive(shop, asked.id, list(asked.items), request_id if place % 2 else "")

    with ThreadPoolExecutor(10) as threads:
        replies = list(threads.map(take_in, range(10)))
    assert all(reply == replies[0] for reply in replies)
    assert len(refunds(shop, buyer, order.id)) == 1
    assert stock(shop, order) == [100]
    assert sound(shop)


@pytest.mark.both
def test_simultaneous_requests_open_one_return(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 3)))

    def ask(_: int) -> str:
        try:
            ask_return(shop, buyer, order.id, units(order, 1))
        except grpc.RpcError as error:
            return refusal(error).reason
        return "OK"

    with ThreadPoolExecutor(8) as threads:
        ends = sorted(threads.map(ask, range(8)))
    assert ends == ["NOT_RETURNABLE"] * 7 + ["OK"]
    assert sound(shop)


def test_a_repeated_request_gets_the_first_reply(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 3)))
    request_id = new_id()
    first = ask_return(shop, buyer, order.id, request_id=request_id)
    approve(shop, first.id)
    assert ask_return(shop, buyer, order.id, request_id=request_id) == first


def test_goods_whose_money_the_gateway_refuses_are_back_all_the_same(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 2)))
    with refunded_by(shop, "FAILED"):
        sent_back(shop, buyer, order, 2)
    assert stock(shop, order) == [100]
    assert cents(get(shop, buyer, order.id).payment.refunded) == 0
    assert refused_return(shop, buyer, order.id).reason == "NOT_RETURNABLE"
    refund(shop, order.id)
    assert get(shop, buyer, order.id).payment.refunded == order.totals.total
    assert sound(shop)


@pytest.mark.both
def test_money_of_a_return_that_is_not_paid_at_once_is_paid_later(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 2)))
    with refunded_by(shop, "away", "SUCCEEDED"):
        arrived = sent_back(shop, buyer, order, 2)
        try_again(shop)
    (paid,) = refunds(shop, buyer, order.id)
    assert (paid.id, paid.status) == (arrived.refund_id, Refund.SUCCEEDED)


def test_a_buyer_sees_and_sends_back_their_own_alone(shop: RunningShop) -> None:
    buyer, stranger = shop.customer(), shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 1)))
    assert refused_return(shop, stranger, order.id).reason == "ORDER_NOT_FOUND"
    asked = ask_return(shop, buyer, order.id)
    assert listed(shop, buyer) == [asked]
    assert listed(shop, stranger) == []
    assert listed(shop, buyer, order_id=order.id) == [asked]
    named = pb.ListReturnsRequest(order_id=order.id)
    assert refused(shop.refunds.ListReturns, named, stranger).reason == "ORDER_NOT_FOUND"
    denied = refused(shop.refunds.ListReturns, pb.ListReturnsRequest(all_users=True), buyer)
    assert denied.code == CODE.PERMISSION_DENIED
    assert asked in listed(shop, shop.admin, all_users=True, order_id=order.id)
    assert listed(shop, shop.admin, all_users=True, order_id=order.id, status=Return.REJECTED) == []


def test_returns_are_listed_in_pages_the_newest_first(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 5)))
    ids = []
    for _ in range(5):
        asked = ask_return(shop, buyer, order.id, units(order, 1))
        reject(shop, asked.id)
        ids.append(asked.id)

    def read(token: str) -> pb.ListReturnsResponse:
        request = pb.ListReturnsRequest(page_size=2, page_token=token)
        return shop.refunds.ListReturns(request, metadata=buyer.metadata)

    assert [one.id for page in page_by_page(read) for one in page.items] == ids[::-1]
    stolen = shop.refunds.ListReturns(pb.ListReturnsRequest(page_size=2), metadata=buyer.metadata)
    foreign = pb.ListReturnsRequest(page_size=2, page_token=stolen.next_page_token)
    assert refused(shop.refunds.ListReturns, foreign, shop.admin).reason == "INVALID_PAGE_TOKEN"


def test_a_return_opens_the_tracking_again(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 1)))
    ask_return(shop, buyer, order.id)
    request = tracking_pb2.TrackOrderRequest(order_id=order.id, after_sequence=5)
    stream = shop.orders.TrackOrder(request, metadata=buyer.metadata, timeout=20)
    assert next(stream).event.status == order_pb2.Order.RETURN_REQUESTED
    stream.cancel()
