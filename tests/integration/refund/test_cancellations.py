"""Cancelling through its public interface: everything goes back, once, and nobody is charged for nothing."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from sanset.v1 import order_pb2, payment_pb2
from sanset.v1 import refund_service_pb2 as pb
from sanset.v1.refund_pb2 import Refund
from support.cart_shop import cents, forget
from support.cart_shop import refused as refused_checkout
from support.payment_shop import sound
from support.refund_story import (
    audited,
    bought,
    cancel,
    delivered,
    get,
    new_id,
    refund,
    refunded_by,
    refunds,
    state,
    steps,
    stock,
    try_again,
    units,
    usd,
)
from support.running_shop import Account, RunningShop, refusal, refused
from support.watcher import Watcher

pytestmark = pytest.mark.either

CODE = grpc.StatusCode


def outcome(shop: RunningShop, who: Account, order_id: int) -> str:
    """How a cancellation ends."""
    try:
        return order_pb2.Order.Status.Name(cancel(shop, who, order_id).status)
    except grpc.RpcError as error:
        return refusal(error).reason


def newest(shop: RunningShop, buyer: Account) -> order_pb2.Order:
    """A buyer's newest order."""
    return shop.placed_by(buyer)[0]


@pytest.mark.parametrize("status", ["CONFIRMED", "PROCESSING"])
def test_a_cancelled_order_gives_stock_and_money_back(shop: RunningShop, status: str) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 3), (4, 50, 1))
    if status == "PROCESSING":
        shop.move(order.id, order_pb2.Order.PROCESSING)
    after = cancel(shop, buyer, order.id)
    assert after.status == order_pb2.Order.CANCELLED
    assert after.payment.refunded == order.totals.total
    assert stock(shop, order) == [100, 100]
    (paid,) = refunds(shop, buyer, order.id)
    assert (paid.status, paid.amount, paid.reason) == (
        Refund.SUCCEEDED,
        order.totals.total,
        "Changed my mind",
    )
    assert audited(shop, order.id)[-1] == "CancelOrder"
    now = get(shop, buyer, order.id)
    after.update_time.CopyFrom(now.update_time)  # the refund was settled since
    assert now == after
    assert sound(shop)


def test_a_cancellation_is_the_last_step_of_the_stream(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 1))
    watcher = Watcher(shop.orders, buyer, order.id).until_step(2)
    cancel(shop, buyer, order.id)
    watcher.until_step(3)
    assert steps(shop, buyer, order.id)[-1] == (
        "CANCELLED",
        "Your order was cancelled. 16.79 USD goes back to you.",
    )


def test_what_was_paid_back_before_is_not_paid_back_twice(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 3))
    refund(shop, order.id, items=units(order, 1), restock=True)
    refund(shop, order.id, amount=usd("3.33"))
    cancel(shop, buyer, order.id)
    paid = refunds(shop, buyer, order.id)
    assert sum(cents(one.amount) for one in paid) == cents(order.totals.total)
    assert sum(cents(one.tax) for one in paid) == cents(order.totals.tax)
    assert stock(shop, order) == [100]
    assert sound(shop)


@pytest.mark.parametrize("status", ["SHIPPED", "DELIVERED", "REFUNDED"])
def test_an_order_that_left_cannot_be_cancelled(shop: RunningShop, status: str) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 1))
    if status == "REFUNDED":
        refund(shop, order.id)
    elif status == "DELIVERED":
        delivered(shop, order)
    else:
        shop.move(order.id, order_pb2.Order.PROCESSING)
        shop.move(order.id, order_pb2.Order.SHIPPED)
    answer = refused(shop.refunds.CancelOrder, pb.CancelOrderRequest(order_id=order.id), buyer)
    assert (answer.code, answer.reason) == (CODE.FAILED_PRECONDITION, "ILLEGAL_TRANSITION")
    assert answer.facts["status"] == status
    assert "CANCELLED" not in answer.facts["legal"]
    assert sound(shop)


def test_a_repeated_cancellation_changes_nothing(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 2))
    request_id = new_id()
    first = cancel(shop, buyer, order.id, request_id)
    assert cancel(shop, buyer, order.id, request_id) == first
    first.update_time.CopyFrom(get(shop, buyer, order.id).update_time)  # the refund was settled since
    assert cancel(shop, buyer, order.id) == first
    assert cancel(shop, shop.admin, order.id) == first
    assert len(refunds(shop, buyer, order.id)) == 1
    assert stock(shop, order) == [100]
    other = pb.CancelOrderRequest(order_id=order.id, request_id=request_id)
    assert refused(shop.refunds.CancelOrder, other, buyer).reason == "IDEMPOTENCY_MISMATCH"


def test_only_the_buyer_and_admins_cancel(shop: RunningShop) -> None:
    buyer, stranger = shop.customer(), shop.customer()
    order = bought(shop, buyer, (10, 0, 1))
    answer = refused(shop.refunds.CancelOrder, pb.CancelOrderRequest(order_id=order.id), stranger)
    absent = refused(shop.refunds.CancelOrder, pb.CancelOrderRequest(order_id=10**12), stranger)
    assert (answer.code, answer.reason) == (absent.code, absent.reason) == (CODE.NOT_FOUND, "ORDER_NOT_FOUND")
    assert state(shop, order.id) == "CONFIRMED"
    cancel(shop, shop.admin, order.id)
    assert state(shop, order.id) == "CANCELLED"


@pytest.mark.both
def test_ten_simultaneous_cancellations_have_one_effect(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 2))
    with ThreadPoolExecutor(10) as threads:
        ends = list(threads.map(lambda _: outcome(shop, buyer, order.id), range(10)))
    assert ends == ["CANCELLED"] * 10
    assert len(refunds(shop, buyer, order.id)) == 1
    assert stock(shop, order) == [100]
    assert sound(shop)


@pytest.mark.both
def test_an_order_is_either_cancelled_or_shipped(shop: RunningShop) -> None:
    buyer = shop.customer()
    for _ in range(6):
        order = bought(shop, buyer, (10, 0, 1))
        shop.move(order.id, order_pb2.Order.PROCESSING)

        def ship(order_id: int = order.id) -> str:
            try:
                return order_pb2.Order.Status.Name(shop.move(order_id, order_pb2.Order.SHIPPED).status)
            except grpc.RpcError as error:
                return refusal(error).reason

        with ThreadPoolExecutor(2) as threads:
            ends = [threads.submit(ship), threads.submit(outcome, shop, buyer, order.id)]
        assert sorted(end.result() for end in ends) in (
            ["ILLEGAL_TRANSITION", "SHIPPED"],
            ["CANCELLED", "ILLEGAL_TRANSITION"],
        )
    assert sound(shop)


def test_an_unpaid_order_is_cancelled_and_never_charged(shop: RunningShop) -> None:
    buyer = shop.customer()
    shop.add(buyer, shop.product().id, 2)
    with pytest.raises(grpc.RpcError) as caught:
        shop.checkout(buyer, payment_token="tok_timeout")
    assert refusal(caught.value).reason == "PAYMENT_UNAVAILABLE"
    order = newest(shop, buyer)
    assert order.status == order_pb2.Order.PENDING_PAYMENT
    after = cancel(shop, buyer, order.id)
    assert after.status == order_pb2.Order.CANCELLED
    assert stock(shop, order) == [100]
    payment = get(shop, buyer, order.id).payment
    assert (payment.status, cents(payment.captured)) == (payment_pb2.Payment.VOIDED, 0)
    assert refunds(shop, buyer, order.id) == []
    assert sound(shop)


def test_a_payment_that_comes_after_the_cancellation_is_paid_back(shop: RunningShop) -> None:
    buyer = shop.customer()
    shop.add(buyer, shop.product().id, 2)
    with pytest.raises(grpc.RpcError):
        shop.checkout(buyer, payment_token="tok_late")  # it charges, after the shop has stopped waiting
    order = newest(shop, buyer)
    cancel(shop, buyer, order.id)
    shop.run(shop.app.rooms.order.sweeper.sweep())
    try_again(shop)
    payment = get(shop, buyer, order.id).payment
    assert state(shop, order.id) == "CANCELLED"
    assert payment.captured == payment.refunded
    assert sound(shop)


@contextmanager
def slow_gateway(shop: RunningShop, seconds: float) -> Iterator[None]:
    """Have the demo gateway take its time meanwhile."""
    demo = shop.app.rooms.payment.demo
    assert demo is not None
    demo._delay = seconds
    try:
        yield
    finally:
        demo._delay = 0.0


@pytest.mark.both
@pytest.mark.parametrize("after", [0.0, 0.1, 0.2, 0.3])
def test_a_cancellation_in_the_middle_of_a_payment_charges_nobody(shop: RunningShop, after: float) -> None:
    buyer = shop.customer()
    product = shop.product()
    shop.add(buyer, product.id, 2)
    with slow_gateway(shop, 0.2), ThreadPoolExecutor(1) as threads:
        placing = threads.submit(checkout_outcome, shop, buyer)
        order = wait_for_order(shop, buyer)
        time.sleep(after)
        assert cancel(shop, buyer, order.id).status == order_pb2.Order.CANCELLED
        assert placing.result() in ("ORDER_CANCELLED", "CONFIRMED", "CANCELLED")
    try_again(shop)
    ended = get(shop, buyer, order.id)
    assert ended.status == order_pb2.Order.CANCELLED
    assert ended.payment.captured == ended.payment.refunded
    assert ended.payment.status in (payment_pb2.Payment.VOIDED, payment_pb2.Payment.CAPTURED)
    assert stock(shop, order) == [100]
    assert sound(shop)


@pytest.mark.both
def test_a_checkout_whose_order_is_cancelled_under_way_is_told_that_its_money_goes_back(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer = shop.customer()
    shop.add(buyer, shop.product().id)
    request_id = new_id()
    demo = shop.app.rooms.payment.demo
    assert demo is not None
    charge, charged, cancelled = demo._books.charge, threading.Event(), threading.Event()

    async def charge_before_the_cancellation(*args: Any) -> Any:
        done = await charge(*args)
        charged.set()
        await asyncio.to_thread(cancelled.wait, 10)
        return done

    monkeypatch.setattr(demo._books, "charge", charge_before_the_cancellation)
    with ThreadPoolExecutor(1) as threads:
        placing = threads.submit(refused_checkout, shop, buyer, request_id=request_id)
        assert charged.wait(10)
        order = newest(shop, buyer)
        cancel(shop, buyer, order.id)
        cancelled.set()
        answer = placing.result()
    assert (answer.code, answer.reason) == (CODE.FAILED_PRECONDITION, "ORDER_CANCELLED")
    assert answer.facts["order_id"] == str(order.id)
    assert "goes back" in answer.message
    assert refused_checkout(shop, buyer, request_id=request_id).reason == "ORDER_CANCELLED"
    shop.run(shop.app.rooms.refund.refunds.process_pending())  # at once: nobody else pays back what came late
    payment = get(shop, buyer, order.id).payment
    assert (payment.captured, payment.refunded) == (order.totals.total, order.totals.total)
    assert [one.status for one in refunds(shop, buyer, order.id)] == [Refund.SUCCEEDED]
    assert sound(shop)


@pytest.mark.both
def test_a_checkout_hears_at_once_that_its_order_was_cancelled(shop: RunningShop) -> None:
    buyer = shop.customer()
    shop.add(buyer, shop.product().id)
    request_id = new_id()
    assert refused_checkout(shop, buyer, request_id=request_id, payment_token="tok_timeout").reason == (
        "PAYMENT_UNAVAILABLE"
    )
    cancel(shop, buyer, newest(shop, buyer).id)
    again = refused_checkout(shop, buyer, request_id=request_id, payment_token="tok_timeout", timeout=1)
    assert again.reason == "ORDER_CANCELLED"


def test_a_request_id_cancels_one_order_even_when_its_reply_is_forgotten(shop: RunningShop) -> None:
    buyer = shop.customer()
    first, second = bought(shop, buyer, (10, 0, 1)), bought(shop, buyer, (10, 0, 1))
    request_id = new_id()
    cancel(shop, buyer, first.id, request_id)
    forget(shop, request_id)
    request = pb.CancelOrderRequest(order_id=second.id, request_id=request_id)
    answer = refused(shop.refunds.CancelOrder, request, buyer)
    assert (answer.code, answer.reason) == (CODE.ABORTED, "REQUEST_ID_USED")
    assert state(shop, second.id) == "CONFIRMED"
    assert cancel(shop, buyer, first.id, request_id).status == order_pb2.Order.CANCELLED
    assert sound(shop)


def checkout_outcome(shop: RunningShop, buyer: Account) -> str:
    """How a checkout ends."""
    try:
        return order_pb2.Order.Status.Name(shop.checkout(buyer).order.status)
    except grpc.RpcError as error:
        return refusal(error).reason


def wait_for_order(shop: RunningShop, buyer: Account) -> order_pb2.Order:
    """A buyer's order, as soon as it is there."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = shop.placed_by(buyer)
        if found:
            return found[0]
    raise AssertionError("no order was placed")


@pytest.mark.both
def test_money_that_the_gateway_does_not_take_at_once_goes_back_later(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 1))
    with refunded_by(shop, "away", "SUCCEEDED"):
        after = cancel(shop, buyer, order.id)
        assert after.status == order_pb2.Order.CANCELLED
        assert refunds(shop, buyer, order.id)[0].status == Refund.PENDING
        try_again(shop)
    assert refunds(shop, buyer, order.id)[0].status == Refund.SUCCEEDED


def test_money_of_a_cancelled_order_that_was_refused_can_be_paid_back_by_hand(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 1))
    with refunded_by(shop, "FAILED"):
        cancel(shop, buyer, order.id)
    assert cents(get(shop, buyer, order.id).payment.refunded) == 0
    assert sound(shop)
    refund(shop, order.id)
    assert state(shop, order.id) == "CANCELLED"
    assert get(shop, buyer, order.id).payment.refunded == order.totals.total
    assert sound(shop)
