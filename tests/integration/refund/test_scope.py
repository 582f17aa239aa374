"""Absence never means everything: a call that pays back, takes back or trains says how much of it."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf.json_format import ParseDict
from sanset.v1 import model_service_pb2, order_pb2
from sanset.v1 import refund_service_pb2 as pb
from support.cart_shop import cents
from support.payment_shop import sound
from support.refund_story import bought, delivered, get, refunds, units, usd
from support.running_shop import RunningShop, refused

pytestmark = pytest.mark.either

INVALID = grpc.StatusCode.INVALID_ARGUMENT


def scope(order: order_pb2.Order, *names: str) -> dict[str, Any]:
    """The scopes of a refund or a return that have these names."""
    every = {"items": units(order, 1), "amount": usd("5.00"), "all": True}
    return {name: every[name] for name in names}


@pytest.mark.parametrize(
    "names", [(), ("items", "amount"), ("items", "all"), ("amount", "all"), ("items", "amount", "all")]
)
def test_a_refund_says_exactly_one_of_items_amount_and_all(shop: RunningShop, names: tuple[str, ...]) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 3))
    request = pb.RefundOrderRequest(order_id=order.id, **scope(order, *names))
    said = refused(shop.refunds.RefundOrder, request, shop.admin)
    assert (said.code, said.reason) == (INVALID, "INVALID_FIELD")
    assert "exactly one of items, amount and" in said.message
    assert refunds(shop, buyer, order.id) == []


@pytest.mark.parametrize("names", [(), ("items", "all")])
def test_a_return_says_exactly_one_of_items_and_all(shop: RunningShop, names: tuple[str, ...]) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 3)))
    request = pb.RequestReturnRequest(order_id=order.id, reason="Too small", **scope(order, *names))
    said = refused(shop.refunds.RequestReturn, request, buyer)
    assert (said.code, said.reason) == (INVALID, "INVALID_FIELD")
    assert "exactly one of items and" in said.message
    assert get(shop, buyer, order.id).status == order_pb2.Order.DELIVERED


def test_all_that_is_false_says_nothing(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 3)))
    by_hand = pb.RefundOrderRequest(order_id=order.id, all=False)
    assert refused(shop.refunds.RefundOrder, by_hand, shop.admin).code == INVALID
    asked = pb.RequestReturnRequest(order_id=order.id, all=False, reason="Too small")
    assert refused(shop.refunds.RequestReturn, asked, buyer).code == INVALID


def test_units_are_written_in_json_as_items_with_a_variant_or_a_product(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 3))
    item = order.items[0]
    paid = []
    for named in ({"variant_id": str(item.variant_id)}, {"product_id": item.product_id}):
        body = {"items": [{**named, "quantity": 1}]}
        request = ParseDict(body, pb.RefundOrderRequest(order_id=order.id))
        paid.append(cents(shop.refunds.RefundOrder(request, metadata=shop.admin.metadata).amount))
    assert paid == [1280, 1279]
    rest = ParseDict({"all": True}, pb.RefundOrderRequest(order_id=order.id))
    shop.refunds.RefundOrder(rest, metadata=shop.admin.metadata)
    assert get(shop, buyer, order.id).status == order_pb2.Order.REFUNDED
    assert sound(shop)


def test_a_training_says_what_it_trains(shop: RunningShop) -> None:
    said = refused(shop.models.TrainModel, model_service_pb2.TrainModelRequest(), shop.admin)
    assert (said.code, said.fields) == (INVALID, ["model_type"])
    assert "must be ALS" in said.message
