"""Refunds through their public interface: what goes back, what it does to the order, and what is refused."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import grpc
import pytest
from google.type.money_pb2 import Money
from sanset.v1 import cart_pb2, order_pb2, promotion_pb2
from sanset.v1 import refund_service_pb2 as pb
from sanset.v1.refund_pb2 import Refund
from sqlalchemy import Connection
from support.cart_shop import cents, forget
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
    state,
    steps,
    stock,
    try_again,
    units,
    usd,
)
from support.running_shop import Refused, RunningShop, refusal, refused

from server.db import pool
from server.db.pool import lost_race
from server.promotion import service as promotions
from server.refund import service as deciding
from server.refund.sale import Sale

pytestmark = pytest.mark.either

CODE = grpc.StatusCode


def refused_refund(shop: RunningShop, order_id: int, **fields: Any) -> Refused:
    """How a refund is refused; of everything when nothing is said."""
    fields = fields if fields.keys() & {"items", "amount"} else {"all": True} | fields
    return refused(shop.refunds.RefundOrder, pb.RefundOrderRequest(order_id=order_id, **fields), shop.admin)


def test_a_refund_of_a_unit_pays_back_its_shares_of_tax_and_shipping(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 3))
    paid = refund(shop, order.id, items=units(order, 1), reason="Scratched")
    assert paid.status == Refund.SUCCEEDED
    assert (cents(paid.amount), cents(paid.tax), cents(paid.shipping)) == (1280, 80, 200)
    assert [(line.variant_id, line.quantity) for line in paid.items] == [(order.items[0].variant_id, 1)]
    after = get(shop, buyer, order.id)
    assert after.items[0].refunded_quantity == 1
    assert cents(after.payment.refunded) == 1280
    assert after.status == order_pb2.Order.CONFIRMED
    assert after.etag != order.etag
    assert refunds(shop, buyer, order.id) == [paid]
    assert sound(shop)


def test_everything_paid_back_makes_the_order_refunded_and_what_was_not_shipped_goes_into_stock(
    shop: RunningShop,
) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 3), (7, 77, 2))
    assert stock(shop, order) == [97, 98]
    paid = refund(shop, order.id)
    assert paid.amount == order.totals.total
    assert (paid.tax, paid.shipping) == (order.totals.tax, order.totals.shipping)
    assert [line.quantity for line in paid.items] == [3, 2]
    assert state(shop, order.id) == "REFUNDED"
    assert stock(shop, order) == [100, 100]
    assert steps(shop, buyer, order.id)[-1][0] == "REFUNDED"
    assert audited(shop, order.id) == ["RefundOrder"]
    assert sound(shop)


@pytest.mark.parametrize("restock", [False, True])
def test_units_that_were_shipped_go_back_into_stock_only_when_the_shop_says_so(
    shop: RunningShop, restock: bool
) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 3)))
    refund(shop, order.id, items=units(order, 2), restock=restock)
    assert stock(shop, order) == [99 if restock else 97]
    refund(shop, order.id, restock=restock)
    assert stock(shop, order) == [100 if restock else 97]
    assert state(shop, order.id) == "REFUNDED"
    assert sound(shop)


def test_every_split_of_an_order_pays_back_exactly_what_was_paid(shop: RunningShop) -> None:
    buyer = shop.customer()
    rng = random.Random(4)
    for _ in range(4):
        order = bought(
            shop, buyer, *[(rng.randrange(9), rng.randrange(1, 99), rng.randrange(1, 6)) for _ in "ab"]
        )
        left = [item.quantity for item in order.items]
        paid = []
        while any(left):
            chosen = [rng.randint(0, count) for count in left]
            if any(chosen):
                paid.append(refund(shop, order.id, items=units(order, *chosen)))
                left = [before - count for before, count in zip(left, chosen, strict=True)]
        for part, whole in (("amount", "total"), ("tax", "tax"), ("shipping", "shipping")):
            whole_minor = cents(getattr(order.totals, whole))
            assert sum(cents(getattr(one, part)) for one in paid) == whole_minor
        assert state(shop, order.id) == "REFUNDED"
    assert sound(shop)


def test_amounts_and_units_together_never_pay_back_more_than_was_paid(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 3)))
    total = cents(order.totals.total)
    first = refund(shop, order.id, amount=usd("5.00"), reason="We were late")
    assert (cents(first.amount), list(first.items)) == (500, [])
    assert 0 < cents(first.tax) < 500
    second = refund(shop, order.id, items=units(order, 1))
    third = refund(shop, order.id)
    assert cents(first.amount) + cents(second.amount) + cents(third.amount) == total
    assert cents(first.tax) + cents(second.tax) + cents(third.tax) == cents(order.totals.tax)
    assert get(shop, buyer, order.id).items[0].refunded_quantity == 3
    assert sound(shop)


def test_a_refund_that_is_too_large_is_refused_and_says_what_is_left(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 3))
    refund(shop, order.id, items=units(order, 2))
    left = cents(order.totals.total) - cents(get(shop, buyer, order.id).payment.refunded)
    for fields, available in (
        ({"amount": usd("99.00")}, f"{left / 100:.2f} USD"),
        ({"items": units(order, 2)}, "1"),
    ):
        answer = refused_refund(shop, order.id, **fields)
        assert (answer.code, answer.reason) == (CODE.FAILED_PRECONDITION, "REFUND_TOO_LARGE")
        assert answer.facts["available"] == available
    refund(shop, order.id)
    again = refused_refund(shop, order.id)
    assert (again.reason, again.facts["available"]) == ("REFUND_TOO_LARGE", "0.00 USD")
    assert sound(shop)


def test_units_whose_money_an_amount_has_partly_paid_get_the_rest(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 2))
    refund(shop, order.id, items=units(order, 1))
    refund(shop, order.id, amount=usd("5.00"))
    rest = refund(shop, order.id, items=units(order, 1))
    assert cents(rest.amount) == cents(order.totals.total) - 1380 - 500
    assert state(shop, order.id) == "REFUNDED"
    assert refused_refund(shop, order.id, items=units(order, 1)).reason == "REFUND_TOO_LARGE"
    assert sound(shop)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"amount": usd("0")}, "INVALID_MONEY"),
        ({"amount": Money(currency_code="EUR", units=1)}, "INVALID_MONEY"),
        ({"amount": Money(currency_code="USD", units=-1)}, "INVALID_MONEY"),
        ({"amount": Money(currency_code="USD", nanos=1_000_000)}, "INVALID_MONEY"),
        ({"amount": Money(nanos=1_000_000)}, "INVALID_MONEY"),
        ({"amount": usd("1.00"), "restock": True}, "INVALID_FIELD"),
        (
            {"amount": usd("1.00"), "items": [order_pb2.LineQuantity(variant_id=1, quantity=1)]},
            "INVALID_FIELD",
        ),
        ({"items": [order_pb2.LineQuantity(variant_id=10**12, quantity=1)]}, "INVALID_FIELD"),
        ({"items": [order_pb2.LineQuantity(variant_id=1, quantity=0)]}, "INVALID_FIELD"),
        ({"items": [order_pb2.LineQuantity(variant_id=1, quantity=-1)]}, "INVALID_FIELD"),
    ],
)
def test_a_refund_that_makes_no_sense_is_refused(
    shop: RunningShop, fields: dict[str, Any], reason: str
) -> None:
    order = shop.order()
    answer = refused_refund(shop, order.id, **fields)
    assert (answer.code, answer.reason) == (CODE.INVALID_ARGUMENT, reason)
    assert refunds(shop, shop.admin, order.id) == []


def test_an_amount_without_a_currency_is_in_the_orders(shop: RunningShop) -> None:
    order = shop.order()
    paid = refund(shop, order.id, amount=Money(units=1, nanos=500_000_000))
    assert (cents(paid.amount), paid.amount.currency_code) == (150, "USD")


def test_an_order_that_nobody_paid_for_cannot_be_paid_back(shop: RunningShop) -> None:
    buyer = shop.customer()
    shop.add(buyer, shop.product().id)
    with pytest.raises(grpc.RpcError):
        shop.checkout(buyer, payment_token="tok_decline")
    (order,) = shop.placed_by(buyer)
    answer = refused_refund(shop, order.id)
    assert (answer.code, answer.reason) == (CODE.FAILED_PRECONDITION, "NOT_REFUNDABLE")


def test_an_order_that_does_not_exist_cannot_be_paid_back(shop: RunningShop) -> None:
    assert refused_refund(shop, 10**12).reason == "ORDER_NOT_FOUND"
    assert refused(shop.refunds.ListRefunds, pb.ListRefundsRequest(order_id=10**12), shop.admin).code == (
        CODE.NOT_FOUND
    )


@pytest.mark.parametrize("agreed", [True, False])
def test_an_order_of_which_everything_is_paid_back_is_refunded_when_its_open_return_has_ended(
    shop: RunningShop, agreed: bool
) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 2)))
    asked = ask_return(shop, buyer, order.id, units(order, 1))
    assert cents(refund(shop, order.id).amount) == cents(order.totals.total)
    assert state(shop, order.id) == "RETURN_REQUESTED"
    assert sound(shop)
    if agreed:
        approve(shop, asked.id)
        receive(shop, asked.id, list(asked.items))
    else:
        reject(shop, asked.id)
    assert state(shop, order.id) == "REFUNDED"
    assert len(refunds(shop, buyer, order.id)) == 1
    assert stock(shop, order) == [99 if agreed else 98]
    assert sound(shop)


def test_a_refund_of_a_part_is_a_step_that_keeps_the_status(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 3))
    refund(shop, order.id, items=units(order, 1))
    assert steps(shop, buyer, order.id)[-1] == ("CONFIRMED", "12.80 USD goes back to you.")
    events = shop.sql(
        "SELECT payload FROM events WHERE topic = 'order' AND key = :k ORDER BY id", k=str(order.id)
    )
    payload = events[-1].payload
    assert "note" in str(payload)
    assert "amount_minor" in str(payload)


def test_a_repeated_refund_gets_the_first_reply_and_pays_once(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 3))
    request_id = new_id()
    first = refund(shop, order.id, items=units(order, 1), request_id=request_id)
    assert refund(shop, order.id, items=units(order, 1), request_id=request_id.upper()) == first
    assert len(refunds(shop, buyer, order.id)) == 1
    other = refused_refund(shop, order.id, items=units(order, 2), request_id=request_id)
    assert (other.code, other.reason) == (CODE.ABORTED, "IDEMPOTENCY_MISMATCH")


@pytest.mark.both
def test_simultaneous_repeats_of_a_refund_get_one_reply_and_pay_once(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 3))
    request_id = new_id()
    with ThreadPoolExecutor(10) as threads:
        replies = list(
            threads.map(
                lambda _: refund(shop, order.id, items=units(order, 1), request_id=request_id), range(10)
            )
        )
    assert all(reply == replies[0] for reply in replies)
    assert refunds(shop, buyer, order.id) == [replies[0]]
    assert sound(shop)


@pytest.mark.both
@pytest.mark.parametrize("kind", ["amount", "units", "all"])
def test_twenty_simultaneous_refunds_never_exceed_what_was_paid(shop: RunningShop, kind: str) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 5))
    fields: dict[str, dict[str, Any]] = {
        "amount": {"amount": usd("10.00")},
        "units": {"items": units(order, 1)},
        "all": {},
    }

    def attempt(_: int) -> str:
        try:
            refund(shop, order.id, **fields[kind])
        except grpc.RpcError as error:
            return refusal(error).reason
        return "OK"

    with ThreadPoolExecutor(20) as threads:
        outcomes = list(threads.map(attempt, range(20)))
    fits = {"amount": cents(order.totals.total) // 1000, "units": 5, "all": 1}[kind]
    assert outcomes.count("OK") == fits
    assert outcomes.count("REFUND_TOO_LARGE") == 20 - fits
    paid = sum(cents(one.amount) for one in refunds(shop, buyer, order.id))
    assert paid == cents(get(shop, buyer, order.id).payment.refunded) <= cents(order.totals.total)
    assert sound(shop)


def test_a_refund_that_the_gateway_does_not_answer_is_pending_and_paid_later(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 3))
    with refunded_by(shop, "away", "PENDING", "SUCCEEDED") as gateway:
        first = refund(shop, order.id, items=units(order, 1))
        assert first.status == Refund.PENDING
        assert cents(get(shop, buyer, order.id).payment.refunded) == 1280
        try_again(shop)
        assert refunds(shop, buyer, order.id)[0].status == Refund.PENDING
        try_again(shop)
        assert refunds(shop, buyer, order.id)[0].status == Refund.SUCCEEDED
        try_again(shop)
    mine = [asked for asked in gateway.asked if asked.charge_key == order.number]
    assert len(mine) == 3
    assert len({asked.key for asked in mine}) == 1
    assert {asked.amount.minor for asked in mine} == {1280}
    assert sound(shop)


def test_a_refund_that_the_gateway_refuses_does_not_count_and_can_be_made_anew(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 3))
    with refunded_by(shop, "FAILED"):
        failed = refund(shop, order.id)
    assert failed.status == Refund.FAILED
    after = get(shop, buyer, order.id)
    assert cents(after.payment.refunded) == 0
    assert after.items[0].refunded_quantity == 0
    assert sound(shop)
    paid = refund(shop, order.id)
    assert (paid.status, paid.amount) == (Refund.SUCCEEDED, order.totals.total)
    assert state(shop, order.id) == "REFUNDED"
    assert sound(shop)


def test_a_repeat_takes_over_a_refund_whose_first_call_died(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 3))
    request_id = new_id()
    with refunded_by(shop, "away"):
        refund(shop, order.id, items=units(order, 1), request_id=request_id)
    shop.sql(
        "UPDATE idempotency_keys SET reply = NULL, leased_until = created_at WHERE request_id = :id",
        id=request_id,
    )
    again = refund(shop, order.id, items=units(order, 1), request_id=request_id)
    assert again.status == Refund.SUCCEEDED
    assert refunds(shop, buyer, order.id) == [again]


def test_a_refund_is_not_made_twice_when_the_reply_of_its_request_id_is_forgotten(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 3))
    request_id = new_id()
    first = refund(shop, order.id, amount=usd("1.00"), request_id=request_id)
    forget(shop, request_id)
    answer = refused_refund(shop, order.id, amount=usd("1.00"), request_id=request_id)
    assert (answer.code, answer.reason) == (CODE.ABORTED, "REQUEST_ID_USED")
    assert answer.facts == {"resource": "refund", "resource_id": str(first.id)}
    assert refunds(shop, buyer, order.id) == [first]
    assert sound(shop)


def test_an_order_has_only_so_many_refunds(shop: RunningShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "MAX_REFUNDS", 2)
    order = shop.order()
    for _ in range(2):
        refund(shop, order.id, amount=usd("1.00"))
    answer = refused_refund(shop, order.id, amount=usd("1.00"))
    assert (answer.code, answer.reason, answer.facts["limit"]) == (CODE.FAILED_PRECONDITION, "TOO_MANY", "2")
    cancel(shop, shop.admin, order.id)  # which pays back all that is left, whatever the bound
    assert sound(shop)


@pytest.mark.both
def test_a_refund_and_a_checkout_of_one_buyer_do_not_wait_for_each_other(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both take the stock before the points; the other way round PostgreSQL would have to break a deadlock."""
    buyer, product = shop.customer(), shop.product()
    shop.add(buyer, product.id)
    order = shop.checkout(buyer).order
    points = promotion_pb2.AdjustPointsRequest(user_id=buyer.user_id, points=500, reason="A gift")
    shop.promotions.AdjustPoints(points, metadata=shop.admin.metadata)
    shop.add(buyer, product.id)
    shop.cart.RedeemPoints(cart_pb2.RedeemPointsRequest(points=100), metadata=buyer.metadata)
    both = threading.Barrier(2)
    hold, restock_all = promotions.hold, Sale.restock_all
    lost = []

    def meet() -> None:
        # Whoever comes alone goes on: the other waits for the stock.
        with suppress(threading.BrokenBarrierError):
            both.wait(timeout=1)

    def hold_with_the_stock(*args: Any, **named: Any) -> Any:
        meet()
        return hold(*args, **named)

    def restock_after_the_rest(sale: Sale, tx: Connection) -> Any:
        meet()
        return restock_all(sale, tx)

    def count(error: Any) -> bool:
        lost.append(error)
        return lost_race(error)

    monkeypatch.setattr(promotions, "hold", hold_with_the_stock)
    monkeypatch.setattr(Sale, "restock_all", restock_after_the_rest)
    monkeypatch.setattr(pool, "lost_race", count)
    with ThreadPoolExecutor(2) as threads:
        paid_back = threads.submit(refund, shop, order.id)
        placed = threads.submit(shop.checkout, buyer)
        assert paid_back.result().status == Refund.SUCCEEDED
        assert placed.result().order.status == order_pb2.Order.CONFIRMED
    assert lost == []
    assert sound(shop)


def test_a_buyer_sees_the_refunds_of_their_own_orders_alone(shop: RunningShop) -> None:
    buyer, stranger = shop.customer(), shop.customer()
    order = bought(shop, buyer, (10, 0, 1))
    refund(shop, order.id)
    assert len(refunds(shop, buyer, order.id)) == len(refunds(shop, shop.admin, order.id)) == 1
    answer = refused(shop.refunds.ListRefunds, pb.ListRefundsRequest(order_id=order.id), stranger)
    assert answer.code == CODE.NOT_FOUND


def test_a_cancelled_order_has_nothing_left_to_pay_back(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 1))
    cancel(shop, buyer, order.id)
    assert refused_refund(shop, order.id).reason == "REFUND_TOO_LARGE"


@pytest.mark.both
def test_a_refund_takes_as_many_queries_for_many_lines_as_for_one(shop: RunningShop) -> None:
    buyer = shop.customer()
    counts = []
    for lines in (1, 6):
        order = bought(shop, buyer, *[(3, 0, 2)] * lines)
        with shop.counted_queries() as statements:
            refund(shop, order.id, items=units(order, *[1] * lines), restock=True)
        counts.append(len(statements))
    assert counts[0] == counts[1]
