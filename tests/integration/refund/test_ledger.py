"""Units under a return are paid once and restocked once, whoever pays first: RefundOrder or the arrival."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import grpc
import pytest
from sanset.v1 import order_pb2
from sanset.v1 import refund_service_pb2 as pb
from sanset.v1.refund_pb2 import Refund, Return
from sqlalchemy import Connection
from support.cart_shop import cents
from support.payment_shop import sound
from support.refund_story import (
    approve,
    ask_return,
    bought,
    delivered,
    get,
    receive,
    refund,
    refunded_by,
    refunds,
    reject,
    sent_back,
    state,
    stock,
    try_again,
    units,
    usd,
)
from support.running_shop import Account, RunningShop, refusal, refused

from server.refund import return_queries

pytestmark = pytest.mark.either

UNIT = 1380
"""What one of two units of 10.00 costs, with its tax and shipping, in cents; the other one a cent less."""


def two_units(shop: RunningShop, buyer: Account) -> order_pb2.Order:
    """Two units of 10.00, delivered: 27.59 in all."""
    order = delivered(shop, bought(shop, buyer, (10, 0, 2)))
    assert cents(order.totals.total) == 2 * UNIT - 1
    return order


def awaited(shop: RunningShop, buyer: Account, order: order_pb2.Order, *quantities: int) -> Return:
    """A return that was agreed to."""
    asked = ask_return(shop, buyer, order.id, units(order, *quantities))
    return approve(shop, asked.id)


def paid(shop: RunningShop, order: order_pb2.Order) -> list[int]:
    """The refunds of an order, in cents."""
    return [cents(one.amount) for one in refunds(shop, shop.admin, order.id)]


def ledger(shop: RunningShop, order: order_pb2.Order) -> tuple[int, int, int]:
    """Of the first line: units paid back, being sent back, and sent back."""
    item = get(shop, shop.admin, order.id).items[0]
    return item.refunded_quantity, item.returning_quantity, item.returned_quantity


def test_a_unit_that_is_paid_by_hand_while_it_travels_is_not_paid_again_when_it_arrives(
    shop: RunningShop,
) -> None:
    buyer = shop.customer()
    order = two_units(shop, buyer)
    asked = awaited(shop, buyer, order, 1)
    assert ledger(shop, order) == (0, 1, 0)
    refund(shop, order.id, items=units(order, 1))
    assert receive(shop, asked.id).refund_id == refunds(shop, buyer, order.id)[0].id
    assert paid(shop, order) == [UNIT]
    assert ledger(shop, order) == (1, 0, 1)
    assert state(shop, order.id) == "RETURNED"
    assert sound(shop)


def test_the_unit_that_the_buyer_keeps_can_be_paid_back_and_sent_back_after_that(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = two_units(shop, buyer)
    asked = awaited(shop, buyer, order, 1)
    refund(shop, order.id, items=units(order, 1))
    receive(shop, asked.id)
    sent_back(shop, buyer, order, 1)
    assert paid(shop, order) == [UNIT, UNIT - 1]
    assert (ledger(shop, order), state(shop, order.id)) == ((2, 0, 2), "REFUNDED")
    assert sound(shop)


def test_a_refund_of_more_units_than_travel_pays_the_others_too(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = two_units(shop, buyer)
    asked = awaited(shop, buyer, order, 1)
    refund(shop, order.id, items=units(order, 2))
    receive(shop, asked.id)
    assert paid(shop, order) == [2 * UNIT - 1]
    assert state(shop, order.id) == "REFUNDED"
    assert sound(shop)


def test_two_of_three_that_are_paid_by_hand_are_not_paid_again(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 3)))
    asked = awaited(shop, buyer, order, 2)
    refund(shop, order.id, items=units(order, 2))
    receive(shop, asked.id)
    assert paid(shop, order) == [2559]
    refund(shop, order.id, items=units(order, 1))
    assert sum(paid(shop, order)) == cents(order.totals.total)
    assert sound(shop)


@pytest.mark.parametrize(
    ("amounts", "arrival"),
    [
        (["13.80"], []),
        (["5.00"], [880]),
        (["5.00", "8.80"], []),
        (["4.00", "4.00"], [580]),
        (["20.00"], []),  # what is above the unit's price was meant for something else
    ],
)
def test_an_amount_that_is_paid_while_a_unit_travels_counts_towards_it(
    shop: RunningShop, amounts: list[str], arrival: list[int]
) -> None:
    buyer = shop.customer()
    order = two_units(shop, buyer)
    asked = awaited(shop, buyer, order, 1)
    before = [cents(refund(shop, order.id, amount=usd(amount)).amount) for amount in amounts]
    after = receive(shop, asked.id)
    assert paid(shop, order) == before + arrival
    assert after.refund_id == refunds(shop, buyer, order.id)[-1].id
    assert ledger(shop, order) == (1, 0, 1)
    assert sound(shop)
    rest = cents(refund(shop, order.id, items=units(order, 1)).amount)
    assert rest == min(UNIT - 1, 2 * UNIT - 1 - sum(before + arrival))
    assert sound(shop)


def test_an_amount_counts_towards_a_travelling_unit_that_is_then_paid_by_hand(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = two_units(shop, buyer)
    asked = awaited(shop, buyer, order, 1)
    refund(shop, order.id, amount=usd("5.00"))
    refund(shop, order.id, items=units(order, 1))
    receive(shop, asked.id)
    assert paid(shop, order) == [500, 880]
    assert ledger(shop, order) == (1, 0, 1)
    assert sound(shop)


def test_an_amount_over_several_travelling_lines_is_divided_among_them(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 2), (4, 0, 1), (7, 30, 3)))
    asked = awaited(shop, buyer, order, 1, 1, 2)
    refund(shop, order.id, amount=usd("3.33"))
    refund(shop, order.id, amount=usd("8.00"))
    receive(shop, asked.id)
    refund(shop, order.id)
    assert sum(paid(shop, order)) == cents(order.totals.total)
    assert [item.refunded_quantity for item in get(shop, buyer, order.id).items] == [2, 1, 3]
    assert sound(shop)


def test_an_amount_that_was_paid_before_the_return_is_no_part_of_it(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = two_units(shop, buyer)
    refund(shop, order.id, amount=usd("5.00"), reason="We were late")
    sent_back(shop, buyer, order, 1)
    assert paid(shop, order) == [500, UNIT]
    assert sound(shop)


def test_a_unit_that_a_refund_puts_into_stock_is_not_put_there_again_when_it_arrives(
    shop: RunningShop,
) -> None:
    buyer = shop.customer()
    order = two_units(shop, buyer)
    asked = awaited(shop, buyer, order, 1)
    refund(shop, order.id, items=units(order, 1), restock=True)
    assert stock(shop, order) == [99]
    receive(shop, asked.id, list(asked.items))
    assert stock(shop, order) == [99]
    assert sound(shop)


def test_a_unit_that_arrived_and_was_put_into_stock_is_not_put_there_again_by_a_refund(
    shop: RunningShop,
) -> None:
    buyer = shop.customer()
    order = two_units(shop, buyer)
    with refunded_by(shop, "FAILED"):
        sent_back(shop, buyer, order, 1)
    assert (ledger(shop, order), stock(shop, order)) == ((0, 0, 1), [99])
    refund(shop, order.id, items=units(order, 1), restock=True)  # pays anew what the gateway had refused
    assert stock(shop, order) == [99]
    assert ledger(shop, order) == (1, 0, 1)
    asked = awaited(shop, buyer, order, 1)
    receive(shop, asked.id, list(asked.items))
    assert (ledger(shop, order), stock(shop, order)) == ((2, 0, 2), [100])
    assert sound(shop)


def test_units_of_a_refused_return_that_were_paid_back_stay_with_the_buyer_and_cannot_come_back(
    shop: RunningShop,
) -> None:
    buyer = shop.customer()
    order = two_units(shop, buyer)
    asked = awaited(shop, buyer, order, 1)
    refund(shop, order.id, items=units(order, 1))
    reject(shop, asked.id)
    assert ledger(shop, order) == (1, 0, 0)
    everything = ask_return(shop, buyer, order.id)
    assert [item.quantity for item in everything.items] == [1]
    approve(shop, everything.id)
    receive(shop, everything.id)
    assert paid(shop, order) == [UNIT, UNIT - 1]
    assert sound(shop)


def test_a_payment_by_hand_that_the_gateway_refuses_is_made_when_the_unit_arrives(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = two_units(shop, buyer)
    asked = awaited(shop, buyer, order, 1)
    with refunded_by(shop, "away", "FAILED"):
        refund(shop, order.id, items=units(order, 1))
        try_again(shop)
    receive(shop, asked.id)
    done = [cents(one.amount) for one in refunds(shop, buyer, order.id) if one.status != Refund.FAILED]
    assert done == [UNIT]
    assert ledger(shop, order) == (1, 0, 1)
    assert sound(shop)


def test_units_may_be_named_by_their_product(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = two_units(shop, buyer)
    item = order.items[0]
    by_product = order_pb2.LineQuantity(product_id=item.product_id, quantity=1)
    asked = ask_return(shop, buyer, order.id, [by_product])
    assert [(one.variant_id, one.product_id, one.quantity) for one in asked.items] == [
        (item.variant_id, item.product_id, 1)
    ]
    approve(shop, asked.id)
    receive(shop, asked.id, [by_product])
    assert stock(shop, order) == [99]
    both = order_pb2.LineQuantity(product_id=item.product_id, variant_id=item.variant_id, quantity=1)
    paid_back = refund(shop, order.id, items=[both])
    assert [(one.variant_id, one.quantity) for one in paid_back.items] == [(item.variant_id, 1)]
    assert sound(shop)


def test_units_of_a_product_that_was_not_ordered_are_refused(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = two_units(shop, buyer)
    item, other = order.items[0], shop.product()
    for wrong in (
        order_pb2.LineQuantity(product_id=other.id, quantity=1),
        order_pb2.LineQuantity(product_id=other.id, variant_id=item.variant_id, quantity=1),
        order_pb2.LineQuantity(quantity=1),
    ):
        request = pb.RefundOrderRequest(order_id=order.id, items=[wrong])
        said = refused(shop.refunds.RefundOrder, request, shop.admin)
        assert (said.code, said.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
        asked = pb.RequestReturnRequest(order_id=order.id, items=[wrong], reason="Too small")
        assert refused(shop.refunds.RequestReturn, asked, buyer).code == grpc.StatusCode.INVALID_ARGUMENT
    assert paid(shop, order) == []


@pytest.mark.both
@pytest.mark.parametrize("by", ["items", "amount"])
def test_a_refund_and_an_arrival_at_once_pay_a_unit_once(shop: RunningShop, by: str) -> None:
    buyer = shop.customer()
    scope = {"amount": usd("13.80")} if by == "amount" else {}
    for _ in range(6):
        order = two_units(shop, buyer)
        asked = awaited(shop, buyer, order, 1)
        fields = scope or {"items": units(order, 1)}
        with ThreadPoolExecutor(2) as callers:
            by_hand = callers.submit(refund, shop, order.id, **fields)
            arrived = callers.submit(receive, shop, asked.id, list(asked.items))
            arrived.result()
            with suppress(grpc.RpcError):  # it came second
                by_hand.result()
                continue
            assert refusal(by_hand.exception()).reason in ("STALE_ETAG", "REFUND_TOO_LARGE")
    assert sound(shop)


def test_a_refund_that_meets_the_arrival_it_did_not_see_is_refused(shop: RunningShop) -> None:
    """The goods are taken in after the call has looked at the order, and before it has its lock."""
    buyer = shop.customer()
    order = two_units(shop, buyer)
    asked = awaited(shop, buyer, order, 1)
    usual = return_queries.open_return

    def then_the_goods_arrive(connection: Connection, order_id: int) -> int | None:
        found = usual(connection, order_id)
        receive(shop, asked.id)
        return found

    request = pb.RefundOrderRequest(order_id=order.id, items=units(order, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(return_queries, "open_return", then_the_goods_arrive)
        said = refused(shop.refunds.RefundOrder, request, shop.admin)
    assert (said.code, said.reason) == (grpc.StatusCode.ABORTED, "STALE_ETAG")
    assert paid(shop, order) == [UNIT]


def test_a_refund_of_an_order_that_changed_since_it_was_read_is_refused_when_it_says_what_was_read(
    shop: RunningShop,
) -> None:
    buyer = shop.customer()
    order = two_units(shop, buyer)
    asked = awaited(shop, buyer, order, 1)
    read = get(shop, shop.admin, order.id).etag
    receive(shop, asked.id)
    request = pb.RefundOrderRequest(order_id=order.id, items=units(order, 1), etag=read)
    assert refused(shop.refunds.RefundOrder, request, shop.admin).reason == "STALE_ETAG"
    request.etag = get(shop, shop.admin, order.id).etag
    shop.refunds.RefundOrder(request, metadata=shop.admin.metadata)
    assert paid(shop, order) == [UNIT, UNIT - 1]
