"""What RefundOrder would pay back, said before it does."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.type.money_pb2 import Money
from sanset.v1 import refund_service_pb2 as pb
from support.cart_shop import cents
from support.refund_story import bought, get, refund, refunds, units, usd
from support.running_shop import RunningShop, refused

CODE = grpc.StatusCode


def previewed(shop: RunningShop, order_id: int, **fields: Any) -> pb.PreviewRefundResponse:
    request = pb.PreviewRefundRequest(order_id=order_id, **fields)
    return shop.refunds.PreviewRefund(request, metadata=shop.admin.metadata)


def amounts(message: Any) -> tuple[int, int, int]:
    return cents(message.amount), cents(message.tax), cents(message.shipping)


def test_a_preview_says_what_each_refund_then_pays_and_what_is_left(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 3), (7, 77, 2))
    total = left = cents(order.totals.total)
    scopes: list[dict[str, Any]] = [
        {"items": units(order, 1)},
        {"amount": usd("3.33")},
        {"items": units(order, 1)},
        {"all": True},
    ]
    for scope in scopes:
        preview = previewed(shop, order.id, **scope)
        assert cents(preview.left) == left
        paid = refund(shop, order.id, **scope)
        assert amounts(preview) == amounts(paid), scope
        left -= cents(paid.amount)
    assert left == 0
    assert sum(cents(one.amount) for one in refunds(shop, buyer, order.id)) == total


def test_a_preview_changes_nothing(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 3))
    assert previewed(shop, order.id, all=True) == previewed(shop, order.id, all=True)
    assert get(shop, buyer, order.id) == order
    assert refunds(shop, buyer, order.id) == []


@pytest.mark.parametrize(
    ("scope", "code", "reason"),
    [
        ({"amount": usd("999999")}, CODE.FAILED_PRECONDITION, "REFUND_TOO_LARGE"),
        ({"amount": Money(currency_code="EUR", units=1)}, CODE.INVALID_ARGUMENT, "INVALID_MONEY"),
        ({}, CODE.INVALID_ARGUMENT, "INVALID_FIELD"),
        ({"all": True, "amount": usd("1")}, CODE.INVALID_ARGUMENT, "INVALID_FIELD"),
    ],
)
def test_a_preview_is_refused_as_the_refund_is(
    shop: RunningShop, scope: dict[str, Any], code: grpc.StatusCode, reason: str
) -> None:
    order = bought(shop, shop.customer(), (10, 0, 1))
    preview = refused(
        shop.refunds.PreviewRefund, pb.PreviewRefundRequest(order_id=order.id, **scope), shop.admin
    )
    paid = refused(shop.refunds.RefundOrder, pb.RefundOrderRequest(order_id=order.id, **scope), shop.admin)
    assert (preview.code, preview.reason) == (paid.code, paid.reason) == (code, reason)


def test_nobody_previews_what_they_may_not_pay_back(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 1))
    request = pb.PreviewRefundRequest(order_id=order.id, all=True)
    assert refused(shop.refunds.PreviewRefund, request, buyer).code == CODE.PERMISSION_DENIED
    lost = pb.PreviewRefundRequest(order_id=10**12, all=True)
    assert refused(shop.refunds.PreviewRefund, lost, shop.admin).reason == "ORDER_NOT_FOUND"
