"""Coupons and points after the sale: they follow the goods and the money."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sanset.v1 import cart_pb2, order_pb2
from sanset.v1 import promotion_pb2 as pb
from support.cart_shop import cents
from support.payment_shop import sound
from support.refund_story import bought, cancel, delivered, refund, refunded_by, refunds, sent_back, units
from support.running_shop import Account, RunningShop, test_settings

pytestmark = pytest.mark.either


def points(shop: RunningShop, buyer: Account) -> int:
    """What a buyer has."""
    return shop.promotions.GetLoyalty(pb.GetLoyaltyRequest(), metadata=buyer.metadata).points


def used(shop: RunningShop, code: str) -> int:
    """How often a coupon was used."""
    (coupon,) = shop.promotions.ListAllCoupons(
        pb.ListAllCouponsRequest(code=code), metadata=shop.admin.metadata
    ).items
    return coupon.usage_count


def reduced(shop: RunningShop, buyer: Account) -> order_pb2.Order:
    """An order of three at 20.00 with a coupon of 10 % and 500 points."""
    code = f"T-{uuid.uuid4().hex[:10]}".upper()
    coupon = pb.CreateCouponRequest(coupon=pb.Coupon(code=code, discount_basis_points=1000, per_user_limit=1))
    shop.promotions.CreateCoupon(coupon, metadata=shop.admin.metadata)
    gift = pb.AdjustPointsRequest(user_id=buyer.user_id, points=500, reason="A present")
    shop.promotions.AdjustPoints(gift, metadata=shop.admin.metadata)
    shop.add(buyer, shop.product(units=20).id, 3)
    shop.cart.ApplyCoupon(cart_pb2.ApplyCouponRequest(code=code), metadata=buyer.metadata)
    shop.cart.RedeemPoints(cart_pb2.RedeemPointsRequest(points=500), metadata=buyer.metadata)
    return shop.checkout(buyer).order


def test_a_cancelled_order_gives_its_coupon_and_its_points_back(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = reduced(shop, buyer)
    assert used(shop, order.coupon_code) == 1
    assert points(shop, buyer) == 0
    cancel(shop, buyer, order.id)
    assert used(shop, order.coupon_code) == 0
    assert points(shop, buyer) == 500
    assert sound(shop)


def test_points_follow_a_refund_in_proportion(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, reduced(shop, buyer))
    total, earned = cents(order.totals.total), order.totals.points_earned
    first = cents(refund(shop, order.id, items=units(order, 1)).amount)
    assert points(shop, buyer) == earned - earned * first // total + 500 * first // total
    refund(shop, order.id)
    assert points(shop, buyer) == 500
    assert used(shop, order.coupon_code) == 1
    assert sound(shop)


def test_points_come_back_when_a_refund_is_refused(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, reduced(shop, buyer))
    with refunded_by(shop, "FAILED"):
        refund(shop, order.id)
    assert points(shop, buyer) == order.totals.points_earned
    assert sound(shop)
    refund(shop, order.id)
    assert points(shop, buyer) == 500
    assert sound(shop)


def test_every_part_of_a_reduced_order_that_comes_back_sums_to_what_was_paid(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, reduced(shop, buyer))
    for _ in range(3):
        sent_back(shop, buyer, order, 1)
    assert sum(cents(one.amount) for one in refunds(shop, buyer, order.id)) == cents(order.totals.total)
    assert points(shop, buyer) == 500
    assert sound(shop)


@pytest.fixture
def generous(database_url: str, tmp_path: Path) -> Iterator[RunningShop]:
    """A shop that ships for nothing."""
    shop = RunningShop(test_settings(database_url, tmp_path, shipping_fee={"USD": "0"}))
    yield shop
    shop.stop()


def test_an_order_that_points_alone_paid_for_can_be_cancelled_and_sent_back(generous: RunningShop) -> None:
    shop = generous
    buyer = shop.customer()
    gift = pb.AdjustPointsRequest(user_id=buyer.user_id, points=20_000, reason="A present")
    shop.promotions.AdjustPoints(gift, metadata=shop.admin.metadata)
    for end in ("cancel", "return"):
        product = shop.product(units=60)
        shop.add(buyer, product.id, 2)
        shop.cart.RedeemPoints(cart_pb2.RedeemPointsRequest(points=20_000), metadata=buyer.metadata)
        order = shop.checkout(buyer).order
        assert (cents(order.totals.total), order.totals.points_redeemed) == (0, 12_000)
        assert order.status == order_pb2.Order.CONFIRMED
        if end == "cancel":
            cancel(shop, buyer, order.id)
        else:
            delivered(shop, order)
            sent_back(shop, buyer, order, 1)
            sent_back(shop, buyer, order, 1)
        assert points(shop, buyer) == 20_000
        shop.cart.ClearCart(cart_pb2.ClearCartRequest(), metadata=buyer.metadata)
    assert sound(shop)


def test_an_order_without_reductions_takes_back_what_it_earned(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (10, 0, 3)))
    assert points(shop, buyer) == 38
    sent_back(shop, buyer, order, 3)
    assert points(shop, buyer) == 0
    assert sound(shop)
