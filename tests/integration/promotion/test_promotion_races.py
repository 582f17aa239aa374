"""Coupons and points under races: limits are exact whoever comes first, on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import grpc
import pytest
from sanset.v1 import promotion_pb2 as pb
from support.running_shop import Account, RunningShop, refusal
from test_promotions import DECLINE, create, give, ledger, loyalty, redeem, stored

from server.clock import utc_now
from server.errors import Refusal
from server.pricing.prices import CouponRule, Priced
from server.promotion import service as promotions
from server.promotion.errors import CouponUsedByYou, CouponUsedUp, PointsTooFew
from server.promotion.service import RewardedOrder

NOTHING = Priced(currency="USD", subtotal=0, tax=0, shipping=0, lines=())


def at_once(count: int, work: Callable[[int], Any]) -> Counter[str]:
    """Do work in as many threads, which begin together; how often each way of ending came ("" is success)."""
    start = threading.Barrier(count)

    def run(place: int) -> str:
        start.wait()
        try:
            work(place)
        except grpc.RpcError as error:
            return refusal(error).reason
        except Refusal as error:
            return error.reason
        return ""

    with ThreadPoolExecutor(count) as threads:
        return Counter(threads.map(run, range(count)))


def rule_of(coupon: pb.Coupon) -> CouponRule:
    return CouponRule(coupon.id, coupon.code, 1000, None, None, 0)


def orders_of(shop: RunningShop, buyer: Account, count: int) -> list[int]:
    """Orders without coupon or points, to hold some with."""
    return [shop.order(buyer).id for _ in range(count)]


def test_fifty_buyers_at_once_get_a_coupon_of_five_uses_five_times(shop: RunningShop) -> None:
    coupon = create(shop, usage_limit=5)
    product = shop.product(stock=100)
    buyers = [shop.customer() for _ in range(50)]
    for buyer in buyers:
        shop.add(buyer, product.id)
    ends = at_once(50, lambda place: shop.checkout(buyers[place], coupon_code=coupon.code, timeout=60))
    assert (ends[""], ends["COUPON_USED_UP"] + ends["COUPON_HELD"]) == (5, 45)
    assert stored(shop, coupon.code).usage_count == 5
    held = shop.sql(
        "SELECT COUNT(*), SUM(used) FROM coupon_users WHERE coupon_id = :id AND used > 0", id=coupon.id
    )
    assert held == [(5, 5)]
    orders = shop.sql("SELECT status FROM orders WHERE coupon_id = :id", id=coupon.id)
    assert orders == [("CONFIRMED",)] * 5


def test_a_user_at_many_tills_gets_a_coupon_once(shop: RunningShop) -> None:
    coupon, buyer = create(shop, per_user_limit=1), shop.customer()
    orders = orders_of(shop, buyer, 8)

    def take(place: int) -> None:
        with shop.app.db.transaction() as tx:
            promotions.hold(tx, orders[place], buyer.user_id, NOTHING, rule_of(coupon), utc_now())
            tx.exec_driver_sql(f"UPDATE orders SET coupon_id = {coupon.id} WHERE id = {orders[place]}")

    assert at_once(8, take) == {"": 1, CouponUsedByYou.reason: 7}
    assert stored(shop, coupon.code).usage_count == 1


def test_parallel_checkouts_of_one_user_use_a_coupon_once(shop: RunningShop) -> None:
    coupon, buyer, product = create(shop, per_user_limit=1), shop.customer(), shop.product(stock=100)

    def buy(place: int) -> None:
        shop.add(buyer, product.id)
        shop.checkout(buyer, coupon_code=coupon.code, timeout=60)

    ends = at_once(8, buy)
    assert ends[""] == 1
    assert ends.keys() <= {"", "COUPON_USED_BY_YOU", "COUPON_HELD", "CART_EMPTY"}
    assert stored(shop, coupon.code).usage_count == 1


def test_twenty_checkouts_at_once_never_overspend_the_points_of_one_user(shop: RunningShop) -> None:
    buyer = shop.customer()
    orders = orders_of(shop, buyer, 20)
    owned = loyalty(shop, buyer).points
    give(shop, buyer, 500 - owned)
    spending = replace(NOTHING, points_redeemed=100)

    def take(place: int) -> None:
        with shop.app.db.transaction() as tx:
            promotions.hold(tx, orders[place], buyer.user_id, spending, None, utc_now())
            tx.exec_driver_sql(f"UPDATE orders SET points_redeemed = 100 WHERE id = {orders[place]}")

    assert at_once(20, take) == {"": 5, PointsTooFew.reason: 15}
    assert loyalty(shop, buyer).points == 0
    assert sum(points for kind, points, _ in ledger(shop, buyer) if kind == "REDEEMED") == -500


def test_whatever_checkouts_do_at_once_the_ledger_says_what_is_left(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product(units=5, stock=1000)
    give(shop, buyer, 450)

    def buy(place: int) -> None:
        shop.add(buyer, product.id)
        redeem(shop, buyer, 100)
        shop.checkout(buyer, timeout=60, payment_token=DECLINE if place % 4 == 3 else "")

    ends = at_once(20, buy)
    assert ends[""] >= 1
    passing = {
        "POINTS_TOO_FEW",
        "POINTS_HELD",
        "CART_EMPTY",
        "PAYMENT_DECLINED",
        "TOO_MANY_UNPAID",
        "PRICE_CHANGED",
    }
    assert ends.keys() <= {"", *passing}
    booked = shop.sql("SELECT SUM(points) FROM points_entries WHERE user_id = :id", id=buyer.user_id)
    spent = shop.sql(
        "SELECT COALESCE(SUM(points_redeemed), 0) FROM orders WHERE user_id = :id AND status <> 'CANCELLED'",
        id=buyer.user_id,
    )
    assert loyalty(shop, buyer).points == booked[0][0] == 450 - spent[0][0] >= 0


def test_uses_that_were_given_back_can_be_had_again_while_others_take_them(shop: RunningShop) -> None:
    coupon, buyer = create(shop, usage_limit=3, per_user_limit=3), shop.customer()
    orders = orders_of(shop, buyer, 12)
    first, rest = orders[:3], orders[3:]

    def take(order_id: int) -> None:
        with shop.app.db.transaction() as tx:
            promotions.hold(tx, order_id, buyer.user_id, NOTHING, rule_of(coupon), utc_now())

    def give_back(order_id: int) -> None:
        order = RewardedOrder(
            id=order_id, user_id=buyer.user_id, total_minor=0, points_earned=0, coupon_id=coupon.id
        )
        with shop.app.db.transaction() as tx:
            promotions.give_back(tx, order, utc_now())

    for order_id in first:
        take(order_id)
    with pytest.raises(CouponUsedUp):
        take(rest[0])
    # Each use is given back three times at once, while nine others want one
    work = [
        *(lambda one=one: give_back(one) for one in first * 3),
        *(lambda one=one: take(one) for one in rest),
    ]
    ends = at_once(len(work), lambda place: work[place]())
    used = stored(shop, coupon.code).usage_count
    assert used == ends[""] - 9
    assert used <= 3
    live = "SELECT COUNT(*) FROM coupon_uses WHERE coupon_id = :id AND released_at IS NULL"
    assert shop.sql(live, id=coupon.id) == [(used,)]
    for order_id in orders:
        give_back(order_id)
    assert stored(shop, coupon.code).usage_count == 0
    # Those orders never had the coupon on their rows: leave no trace of it
    shop.sql("DELETE FROM coupon_uses WHERE coupon_id = :id", id=coupon.id)
