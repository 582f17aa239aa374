"""Points and tiers of orders that can still be undone: nobody keeps what an undone order had brought."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from sanset.v1 import cart_pb2, order_pb2
from sanset.v1 import promotion_pb2 as pb
from support.cart_shop import cents, count_points, let_days_pass, read_cart
from support.payment_shop import sound
from support.refund_story import (
    approve,
    ask_return,
    bought,
    cancel,
    delivered,
    receive,
    refund,
    refunded_by,
    sent_back,
    units,
)
from support.running_shop import Account, RunningShop, refused

pytestmark = pytest.mark.either


def loyalty(shop: RunningShop, buyer: Account) -> pb.Loyalty:
    """Where a buyer stands."""
    return shop.promotions.GetLoyalty(pb.GetLoyaltyRequest(), metadata=buyer.metadata)


def stands(shop: RunningShop, buyer: Account) -> tuple[int, int, int, int]:
    """Points to spend, points on their way, points that are owed, points that count for the tier."""
    now = loyalty(shop, buyer)
    return now.points, now.pending_points, now.owed_points, now.lifetime_points


def redeem_all(shop: RunningShop, buyer: Account) -> None:
    """Let the next checkout redeem every point."""
    shop.cart.RedeemPoints(cart_pb2.RedeemPointsRequest(all=True), metadata=buyer.metadata)


def spent_on(shop: RunningShop, buyer: Account, price: int) -> order_pb2.Order:
    """An order of one new product, paid with every point there is as far as they go."""
    shop.add(buyer, shop.product(units=price).id)
    redeem_all(shop, buyer)
    return shop.checkout(buyer).order


def kinds(shop: RunningShop, buyer: Account) -> list[tuple[str, int]]:
    """The ledger, the oldest first."""
    entries = shop.promotions.ListPoints(pb.ListPointsRequest(), metadata=buyer.metadata).items
    return [(pb.PointsEntry.Kind.Name(one.kind), one.points) for one in reversed(entries)]


def test_points_are_pending_until_the_order_is_delivered(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (5000, 0, 1))
    earned = order.totals.points_earned
    for status in (None, order_pb2.Order.PROCESSING, order_pb2.Order.SHIPPED):
        if status:
            shop.move(order.id, status)
        assert stands(shop, buyer) == (0, earned, 0, 0)
        assert kinds(shop, buyer) == []
        few = refused(shop.cart.RedeemPoints, cart_pb2.RedeemPointsRequest(points=1), buyer)
        assert few.reason == "POINTS_TOO_FEW"
    shop.move(order.id, order_pb2.Order.DELIVERED)
    assert stands(shop, buyer) == (earned, 0, 0, 0)
    assert kinds(shop, buyer) == [("EARNED", earned)]
    shop.move(order.id, order_pb2.Order.DELIVERED)
    assert stands(shop, buyer) == (earned, 0, 0, 0)
    assert sound(shop)


def test_who_buys_dear_spends_and_cancels_has_gained_nothing(shop: RunningShop) -> None:
    buyer = shop.customer()
    dear = bought(shop, buyer, (5000, 0, 1))
    assert loyalty(shop, buyer).tier.level == pb.Tier.BRONZE
    redeem_all(shop, buyer)
    second = bought(shop, buyer, (100, 0, 1))
    assert (second.totals.points_redeemed, cents(second.totals.total)) == (0, 10_800)
    cancel(shop, buyer, dear.id)
    assert stands(shop, buyer) == (0, second.totals.points_earned, 0, 0)
    assert kinds(shop, buyer) == []
    assert sound(shop)


def test_a_tier_is_reached_by_orders_that_cannot_be_sent_back_any_more(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (5000, 0, 1)))
    count_points(shop)
    earned, now = order.totals.points_earned, loyalty(shop, buyer)
    assert (now.tier.level, now.points, now.tier_pending_points) == (pb.Tier.BRONZE, earned, earned)
    cart = shop.add(buyer, shop.product(units=100).id)
    assert cents(cart.totals.tier_discount) == 0
    let_days_pass(shop, order.id, shop.settings.return_days - 0.01)
    assert loyalty(shop, buyer).tier.level == pb.Tier.BRONZE
    let_days_pass(shop, order.id, shop.settings.return_days + 0.01)
    now = loyalty(shop, buyer)
    assert (now.tier.level, now.lifetime_points, now.tier_pending_points) == (pb.Tier.PLATINUM, earned, 0)
    assert cents(read_cart(shop, buyer).totals.tier_discount) == 1500
    assert sound(shop)


def test_an_open_return_keeps_its_order_from_raising_the_tier_however_long_it_takes(
    shop: RunningShop,
) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (5000, 0, 1)))
    asked = ask_return(shop, buyer, order.id)
    let_days_pass(shop, order.id, shop.settings.return_days + 5)
    assert stands(shop, buyer) == (order.totals.points_earned, 0, 0, 0)
    approve(shop, asked.id)
    receive(shop, asked.id)
    count_points(shop)
    assert stands(shop, buyer) == (0, 0, 0, 0)
    assert sound(shop)


def test_a_coupon_of_a_tier_waits_for_the_tier_too(shop: RunningShop) -> None:
    buyer = shop.customer()
    coupon = pb.Coupon(
        code=f"T-{uuid.uuid4().hex[:10]}", discount_basis_points=5000, min_tier=pb.Tier.PLATINUM
    )
    code = shop.promotions.CreateCoupon(
        pb.CreateCouponRequest(coupon=coupon), metadata=shop.admin.metadata
    ).code
    order = delivered(shop, bought(shop, buyer, (5000, 0, 1)))
    shop.add(buyer, shop.product(units=100).id)
    low = refused(shop.cart.ApplyCoupon, cart_pb2.ApplyCouponRequest(code=code), buyer)
    assert low.reason == "COUPON_TIER_TOO_LOW"
    let_days_pass(shop, order.id, shop.settings.return_days + 1)
    cart = shop.cart.ApplyCoupon(cart_pb2.ApplyCouponRequest(code=code), metadata=buyer.metadata)
    assert not cart.HasField("coupon_failure")


def test_points_that_were_spent_before_their_order_came_back_are_owed_and_never_below_zero(
    shop: RunningShop,
) -> None:
    buyer = shop.customer()
    first = delivered(shop, bought(shop, buyer, (1000, 0, 1)))
    earned = first.totals.points_earned
    second = spent_on(shop, buyer, 100)
    assert second.totals.points_redeemed == earned
    sent_back(shop, buyer, first, 1)
    pending = second.totals.points_earned
    assert stands(shop, buyer) == (0, pending, earned, 0)
    assert kinds(shop, buyer)[-2:] == [("REVERSED", -earned), ("OWED", earned)]
    none_left = refused(shop.cart.RedeemPoints, cart_pb2.RedeemPointsRequest(points=1), buyer)
    assert none_left.reason == "POINTS_TOO_FEW"
    delivered(shop, second)
    assert stands(shop, buyer) == (0, 0, earned - pending, 0)
    assert kinds(shop, buyer)[-2:] == [("EARNED", pending), ("REPAID", -pending)]
    assert sound(shop)


def test_what_a_cancelled_order_redeemed_goes_to_what_is_owed_first(shop: RunningShop) -> None:
    buyer = shop.customer()
    first = delivered(shop, bought(shop, buyer, (1000, 0, 1)))
    second = spent_on(shop, buyer, 100)
    sent_back(shop, buyer, first, 1)
    cancel(shop, buyer, second.id)
    assert stands(shop, buyer) == (0, 0, 0, 0)
    assert sound(shop)


def test_what_an_unpaid_order_held_goes_to_what_is_owed_first(shop: RunningShop) -> None:
    buyer = shop.customer()
    first = delivered(shop, bought(shop, buyer, (1000, 0, 1)))
    shop.add(buyer, shop.product(units=100).id)
    redeem_all(shop, buyer)
    with pytest.raises(grpc.RpcError):
        shop.checkout(buyer, payment_token="tok_timeout")
    sent_back(shop, buyer, first, 1)
    assert stands(shop, buyer) == (0, 0, first.totals.points_earned, 0)
    [held, _] = shop.placed_by(buyer)
    cancel(shop, buyer, held.id)
    assert stands(shop, buyer) == (0, 0, 0, 0)
    assert sound(shop)


def test_a_gift_of_the_shop_is_spent_and_not_swallowed_by_what_is_owed(shop: RunningShop) -> None:
    buyer = shop.customer()
    first = delivered(shop, bought(shop, buyer, (1000, 0, 1)))
    spent_on(shop, buyer, 100)
    sent_back(shop, buyer, first, 1)
    gift = pb.AdjustPointsRequest(user_id=buyer.user_id, points=50, reason="Sorry")
    after = shop.promotions.AdjustPoints(gift, metadata=shop.admin.metadata)
    assert (after.points, after.owed_points) == (50, first.totals.points_earned)
    assert sound(shop)


def test_an_undone_order_takes_back_its_own_points_only(shop: RunningShop) -> None:
    buyer = shop.customer()
    orders = [delivered(shop, bought(shop, buyer, (100 * n, 0, 1))) for n in (1, 2, 3)]
    earned = [order.totals.points_earned for order in orders]
    sent_back(shop, buyer, orders[1], 1)
    assert stands(shop, buyer) == (earned[0] + earned[2], 0, 0, 0)
    fourth = bought(shop, buyer, (50, 0, 1))
    cancel(shop, buyer, fourth.id)
    refund(shop, orders[0].id)
    assert stands(shop, buyer) == (earned[2], 0, 0, 0)
    assert sound(shop)


def test_what_was_paid_back_before_the_delivery_is_never_earned(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (100, 0, 4))
    earned, total = order.totals.points_earned, cents(order.totals.total)
    back = cents(refund(shop, order.id, items=units(order, 1)).amount)
    kept = earned - earned * back // total
    assert stands(shop, buyer) == (0, kept, 0, 0)
    delivered(shop, order)
    assert stands(shop, buyer) == (kept, 0, 0, 0)
    after = cents(refund(shop, order.id, items=units(order, 1)).amount)
    kept = earned - earned * (back + after) // total
    assert stands(shop, buyer) == (kept, 0, 0, 0)
    let_days_pass(shop, order.id, shop.settings.return_days + 1)
    assert stands(shop, buyer) == (kept, 0, 0, kept)
    last = cents(refund(shop, order.id, items=units(order, 1)).amount)
    kept = earned - earned * (back + after + last) // total
    assert stands(shop, buyer) == (kept, 0, 0, kept)
    assert sound(shop)


def test_a_refund_that_the_gateway_refuses_brings_back_what_it_took(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (1000, 0, 1)))
    earned = order.totals.points_earned
    second = spent_on(shop, buyer, 100)
    with refunded_by(shop, "FAILED"):
        sent_back(shop, buyer, order, 1)
    assert stands(shop, buyer) == (0, second.totals.points_earned, 0, 0)
    assert [points for kind, points in kinds(shop, buyer) if kind in ("OWED", "REPAID")] == [earned, -earned]
    assert sound(shop)


@pytest.mark.both
def test_racing_deliveries_and_refunds_leave_a_ledger_that_adds_up(shop: RunningShop) -> None:
    buyer = shop.customer()
    orders = [bought(shop, buyer, (200, 0, 2)) for _ in range(3)]
    for order in orders:
        shop.move(order.id, order_pb2.Order.PROCESSING)
        shop.move(order.id, order_pb2.Order.SHIPPED)

    def deliver(order: order_pb2.Order) -> None:
        shop.move(order.id, order_pb2.Order.DELIVERED)

    def pay_back(order: order_pb2.Order) -> None:
        refund(shop, order.id, items=units(order, 1))

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work, order) for order in orders for work in (deliver, pay_back)]:
            done.result()
    half = sum(one.totals.points_earned - one.totals.points_earned // 2 for one in orders)
    points, pending, owed, _ = stands(shop, buyer)
    assert (pending, owed) == (0, 0)
    assert abs(points - half) <= len(orders)
    assert sound(shop)
