"""Orders that nobody pays: what they hold, how many there may be, and how the cart gets everything back."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import grpc
import pytest
from google.type.money_pb2 import Money
from sanset.v1 import cart_pb2, order_service_pb2, payment_pb2, product_pb2, promotion_pb2, refund_service_pb2
from sanset.v1 import order_pb2 as pb
from support.cart_shop import (
    CENT,
    buyer_of,
    cart_of,
    cents,
    deliver,
    read_cart,
    refused,
    second_variant,
    stock_of,
    told,
)
from support.module_shop import module_shop as module_shop
from support.payment_shop import let_expire, report, sound, sweep, tell
from support.running_shop import Account, RunningShop, refusal, test_settings
from support.running_shop import refused as refused_call

pytestmark = pytest.mark.either

HANGS = "tok_timeout"


@contextmanager
def impatient(shop: RunningShop) -> Iterator[None]:
    """Give the gateway up at once meanwhile; a payment that works keeps its time, however busy the machine is."""
    checkout = shop.app.rooms.order.checkout
    usual = checkout._rules
    checkout._rules = replace(usual, payment_seconds=0.02)
    try:
        yield
    finally:
        checkout._rules = usual


def newest(shop: RunningShop, buyer: Account) -> pb.Order:
    """The latest order of a buyer."""
    request = order_service_pb2.ListOrdersRequest(page_size=1, view=pb.Order.FULL)
    return shop.orders.ListOrders(request, metadata=buyer.metadata).items[0]


def left_hanging(shop: RunningShop, buyer: Account) -> pb.Order:
    """Check the cart out, and get no answer from the gateway."""
    with impatient(shop):
        assert refused(shop, buyer, payment_token=HANGS).reason == "PAYMENT_UNAVAILABLE"
    return newest(shop, buyer)


def coupon(shop: RunningShop, **fields: int) -> str:
    """The code of a new coupon of 10 %."""
    wanted = promotion_pb2.Coupon(code=f"U-{uuid.uuid4().hex[:12]}", discount_basis_points=1000, **fields)
    request = promotion_pb2.CreateCouponRequest(coupon=wanted)
    return shop.promotions.CreateCoupon(request, metadata=shop.admin.metadata).code


def apply(shop: RunningShop, buyer: Account, code: str) -> cart_pb2.Cart:
    return shop.cart.ApplyCoupon(cart_pb2.ApplyCouponRequest(code=code), metadata=buyer.metadata)


def give(shop: RunningShop, buyer: Account, points: int) -> None:
    gift = promotion_pb2.AdjustPointsRequest(user_id=buyer.user_id, points=points, reason="A present")
    shop.promotions.AdjustPoints(gift, metadata=shop.admin.metadata)


def by_its_buyer(shop: RunningShop, buyer: Account, order: pb.Order) -> None:
    shop.refunds.CancelOrder(
        refund_service_pb2.CancelOrderRequest(order_id=order.id), metadata=buyer.metadata
    )


def by_staff(shop: RunningShop, buyer: Account, order: pb.Order) -> None:
    by_its_buyer(shop, shop.admin, order)


def by_the_sweeper(shop: RunningShop, buyer: Account, order: pb.Order) -> None:
    let_expire(shop, order.id)
    sweep(shop)


def by_a_declined_webhook(shop: RunningShop, buyer: Account, order: pb.Order) -> None:
    demo = shop.app.rooms.payment.demo
    assert demo is not None
    shop.run(demo._books.cancel(order.number))
    tell(shop, *report(shop, order.number, "DECLINED"))


GiveUp = Callable[[RunningShop, Account, pb.Order], None]
WAYS = [by_its_buyer, by_staff, by_the_sweeper, by_a_declined_webhook]
whoever = pytest.mark.parametrize("give_up", WAYS, ids=lambda way: way.__name__)


@whoever
def test_whoever_gives_a_payment_up_goods_coupon_and_points_are_in_the_cart_again(
    shop: RunningShop, give_up: GiveUp
) -> None:
    buyer, product_id = buyer_of(shop, 3000, 2)
    code = coupon(shop, per_user_limit=1)
    give(shop, buyer, 300)
    apply(shop, buyer, code)
    request = cart_pb2.RedeemPointsRequest(points=200)
    before = shop.cart.RedeemPoints(request, metadata=buyer.metadata)
    order = left_hanging(shop, buyer)
    assert cart_of(shop, buyer) == {}
    give_up(shop, buyer, order)
    after = read_cart(shop, buyer)
    assert (after.items[0].quantity, after.coupon_code, after.points) == (2, code, 200)
    assert not after.HasField("coupon_failure")
    assert (after.totals, stock_of(shop, product_id)) == (before.totals, 5)
    if give_up is not by_a_declined_webhook:  # that one is told what became of its call
        assert told(after) == [f"Order {order.number} was not paid: what it held is in your cart again."]
    assert shop.checkout(buyer).order.totals == before.totals
    assert told(read_cart(shop, buyer)) == []
    assert sound(shop)


def test_a_paid_order_that_is_cancelled_leaves_the_cart_alone(shop: RunningShop) -> None:
    buyer, _ = buyer_of(shop)
    by_its_buyer(shop, buyer, shop.checkout(buyer).order)
    assert (cart_of(shop, buyer), told(read_cart(shop, buyer))) == ({}, [])


@whoever
def test_what_was_ordered_meanwhile_is_not_put_in_again(shop: RunningShop, give_up: GiveUp) -> None:
    buyer, product_id = buyer_of(shop, 1000, 3, stock=20)
    other = shop.product().id
    shop.add(buyer, other)
    order = left_hanging(shop, buyer)
    shop.add(buyer, product_id, 2)
    paid = shop.checkout(buyer).order
    give_up(shop, buyer, order)
    assert cart_of(shop, buyer) == {product_id: 1, other: 1}
    name = paid.items[0].name
    said = f"2 of {name} did not return to your cart: you have ordered them since."
    assert said in told(read_cart(shop, buyer))
    assert sound(shop)


@pytest.mark.parametrize("sequence", [(0, 1), (1, 0)])
@whoever
def test_orders_that_follow_each_other_unpaid_give_back_what_was_wanted_once(
    shop: RunningShop, give_up: GiveUp, sequence: tuple[int, int]
) -> None:
    buyer, product_id = buyer_of(shop, 1000, 2, stock=20)
    orders = [left_hanging(shop, buyer)]
    shop.add(buyer, product_id, 2)
    orders.append(left_hanging(shop, buyer))
    for place in sequence:
        give_up(shop, buyer, orders[place])
    assert cart_of(shop, buyer) == {product_id: 2}
    assert stock_of(shop, product_id) == 20


def test_what_was_taken_out_of_the_cart_after_a_later_order_returned_comes_back_once(
    shop: RunningShop,
) -> None:
    buyer, product_id = buyer_of(shop, 1000, 2, stock=20)
    first = left_hanging(shop, buyer)
    shop.add(buyer, product_id, 2)
    by_its_buyer(shop, buyer, left_hanging(shop, buyer))
    shop.cart.ClearCart(cart_pb2.ClearCartRequest(), metadata=buyer.metadata)
    by_its_buyer(shop, buyer, first)
    assert cart_of(shop, buyer) == {product_id: 2}


def test_a_later_order_that_was_cancelled_does_not_keep_the_goods_out(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000, 2, stock=20)
    first = left_hanging(shop, buyer)
    shop.add(buyer, product_id, 2)
    by_its_buyer(shop, buyer, shop.checkout(buyer).order)
    by_its_buyer(shop, buyer, first)
    assert cart_of(shop, buyer) == {product_id: 2}


def test_a_cart_never_grows_past_its_limit_by_what_comes_back(shop: RunningShop) -> None:
    buyer = shop.customer()
    for _ in range(3):
        shop.add(buyer, shop.product().id)
    order = left_hanging(shop, buyer)
    same = order.items[1].product_id
    with_room = [shop.product(stock=5).id for _ in range(98)]
    shop.add(buyer, same)
    for product_id in with_room:
        shop.add(buyer, product_id)
    by_its_buyer(shop, buyer, order)
    held = cart_of(shop, buyer)
    assert (len(held), held[same]) == (100, 2)
    assert order.items[0].product_id in held
    left_out = order.items[2]
    assert left_out.product_id not in held
    said = f"{left_out.name} was left out: a cart holds at most 100 products."
    assert said in told(read_cart(shop, buyer))


def test_what_cannot_return_to_a_cart_in_another_currency_is_told(shop: RunningShop) -> None:
    buyer, _ = buyer_of(shop)
    order = left_hanging(shop, buyer)
    euros = shop.product()
    shop.sql("UPDATE products SET currency = 'EUR' WHERE id = :id", id=euros.id)
    shop.add(buyer, euros.id)
    by_its_buyer(shop, buyer, order)
    cart = read_cart(shop, buyer)
    assert [item.product_id for item in cart.items] == [euros.id]
    said = f"What order {order.number} held was left out: it is sold in USD, your cart is in EUR."
    assert told(cart) == [said]


def test_a_coupon_that_an_unpaid_order_holds_is_said_to_be_held(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 3000)
    code = coupon(shop, per_user_limit=1)
    apply(shop, buyer, code)
    order = left_hanging(shop, buyer)
    shop.add(buyer, product_id)
    held = refused_call(shop.cart.ApplyCoupon, cart_pb2.ApplyCouponRequest(code=code), buyer)
    assert (held.code, held.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "COUPON_HELD")
    assert held.facts == {"code": code, "order_id": str(order.id)}
    assert refused(shop, buyer, coupon_code=code).reason == "COUPON_HELD"
    by_its_buyer(shop, buyer, order)
    assert not read_cart(shop, buyer).HasField("coupon_failure")
    shop.checkout(buyer)
    shop.add(buyer, product_id)
    used = refused_call(shop.cart.ApplyCoupon, cart_pb2.ApplyCouponRequest(code=code), buyer)
    assert used.reason == "COUPON_USED_BY_YOU"


def test_the_last_use_of_a_coupon_is_held_by_others_before_it_is_used_up(shop: RunningShop) -> None:
    code = coupon(shop, usage_limit=1)
    first, _ = buyer_of(shop)
    apply(shop, first, code)
    order = left_hanging(shop, first)
    second, _ = buyer_of(shop)
    held = refused_call(shop.cart.ApplyCoupon, cart_pb2.ApplyCouponRequest(code=code), second)
    assert (held.reason, held.facts) == ("COUPON_HELD", {"code": code})
    demo = shop.app.rooms.payment.demo
    assert demo is not None
    tell(shop, *report(shop, order.number))
    used = refused_call(shop.cart.ApplyCoupon, cart_pb2.ApplyCouponRequest(code=code), second)
    assert used.reason == "COUPON_USED_UP"
    shop.sql("DELETE FROM gateway_charges WHERE key = :key", key=order.number)


def test_points_that_an_unpaid_order_holds_are_said_to_be_held(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 3000)
    give(shop, buyer, 500)
    everything = cart_pb2.RedeemPointsRequest(all=True)
    shop.cart.RedeemPoints(everything, metadata=buyer.metadata)
    left_hanging(shop, buyer)
    shop.add(buyer, product_id)
    held = refused_call(shop.cart.RedeemPoints, cart_pb2.RedeemPointsRequest(points=400), buyer)
    assert (held.reason, held.facts) == ("POINTS_HELD", {"points": "0", "requested": "400", "held": "500"})
    few = refused_call(shop.cart.RedeemPoints, cart_pb2.RedeemPointsRequest(points=600), buyer)
    assert few.reason == "POINTS_TOO_FEW"


# ── How much one buyer may hold


def test_a_buyer_holds_at_most_three_unpaid_orders(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, stock=100)
    first = left_hanging(shop, buyer)
    for _ in range(2):
        shop.add(buyer, product_id)
        left_hanging(shop, buyer)
    shop.add(buyer, product_id)
    full = refused(shop, buyer)
    assert (full.code, full.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "TOO_MANY_UNPAID")
    assert full.facts == {"unpaid": "3", "limit": "3"}
    assert (cart_of(shop, buyer), stock_of(shop, product_id)) == ({product_id: 1}, 97)
    by_its_buyer(shop, buyer, first)
    shop.checkout(buyer)


@pytest.mark.both
def test_unpaid_orders_are_counted_right_in_a_race(shop: RunningShop) -> None:
    buyer = shop.customer()
    products = [shop.product().id for _ in range(10)]

    def buy(product_id: int) -> str:
        try:
            shop.add(buyer, product_id)
            shop.checkout(buyer, payment_token=HANGS)
        except grpc.RpcError as error:
            return refusal(error).reason
        return ""

    with impatient(shop), ThreadPoolExecutor(10) as threads:
        ends = set(threads.map(buy, products))
    assert ends <= {"PAYMENT_UNAVAILABLE", "TOO_MANY_UNPAID", "CART_EMPTY", "PRICE_CHANGED"}
    unpaid = shop.sql(
        "SELECT COUNT(*) FROM orders WHERE user_id = :id AND status = 'PENDING_PAYMENT'", id=buyer.user_id
    )
    assert 1 <= unpaid[0][0] <= 3


def limited(shop: RunningShop, days: int, most: int = 2) -> int:
    """A product of which one customer may buy so many in so many days."""
    return shop.product(stock=50, max_quantity=most, max_quantity_days=days).id


def buys(shop: RunningShop, buyer: Account, product_id: int, quantity: int = 1) -> pb.Order:
    shop.add(buyer, product_id, quantity)
    return shop.checkout(buyer).order


def over_the_limit(shop: RunningShop, buyer: Account, product_id: int, quantity: int = 1) -> dict[str, str]:
    """The facts of the refusal of a checkout and of its preview, which are the same."""
    shop.add(buyer, product_id, quantity)
    preview = refused_call(shop.orders.PreviewCheckout, order_service_pb2.PreviewCheckoutRequest(), buyer)
    answer = refused(shop, buyer)
    assert (answer.code, answer.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PURCHASE_LIMIT")
    assert preview == answer
    shop.cart.ClearCart(cart_pb2.ClearCartRequest(), metadata=buyer.metadata)
    return answer.facts


def test_a_limit_of_a_period_counts_over_the_buyers_orders(shop: RunningShop) -> None:
    buyer, product_id = shop.customer(), limited(shop, 30)
    buys(shop, buyer, product_id)
    facts = over_the_limit(shop, buyer, product_id, 2)
    assert (facts["limit"], facts["days"], facts["bought"], facts["requested"]) == ("2", "30", "1", "2")
    buys(shop, buyer, product_id)
    assert over_the_limit(shop, buyer, product_id)["bought"] == "2"
    buys(shop, shop.customer(), product_id, 2)  # everyone has their own
    shop.sql(
        "UPDATE orders SET placed_at = '2020-01-01 00:00:00+00:00' WHERE user_id = :id", id=buyer.user_id
    )
    buys(shop, buyer, product_id, 2)


def test_what_is_cancelled_refunded_unshipped_or_sent_back_does_not_count(shop: RunningShop) -> None:
    buyer, product_id = shop.customer(), limited(shop, 30)
    by_its_buyer(shop, buyer, buys(shop, buyer, product_id, 2))
    sent = buys(shop, buyer, product_id, 2)
    deliver(shop, sent.id)
    over_the_limit(shop, buyer, product_id)
    shop.sql(
        "INSERT INTO returns (id, order_id, user_id, status, reason, answer, created_at, updated_at) "
        "SELECT 900000 + id, id, user_id, 'RECEIVED', 'Why', '', placed_at, placed_at FROM orders WHERE id = :id",
        id=sent.id,
    )
    shop.sql(
        "INSERT INTO return_lines (return_id, position, variant_id, quantity, restocked) "
        "SELECT 900000 + order_id, position, variant_id, 1, 0 FROM order_lines WHERE order_id = :id",
        id=sent.id,
    )
    buys(shop, buyer, product_id)
    over_the_limit(shop, buyer, product_id)


@pytest.mark.both
def test_a_limit_of_a_period_holds_in_a_race(shop: RunningShop) -> None:
    buyer, product_id = shop.customer(), limited(shop, 7, most=3)

    def buy(_: int) -> str:
        try:
            shop.add(buyer, product_id)
            shop.checkout(buyer)
        except grpc.RpcError as error:
            return refusal(error).reason
        return ""

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(buy, range(12)))
    [row] = shop.sql(
        "SELECT COALESCE(SUM(quantity - restocked_quantity), 0) AS kept FROM order_lines WHERE product_id = :id",
        id=product_id,
    )
    assert 1 <= row.kept <= 3


def test_the_variants_of_a_product_share_its_limit(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product(max_quantity=3)
    variant = second_variant(shop, product.id, 900)
    shop.add(buyer, product.id, 2)
    more = cart_pb2.AddItemRequest(product_id=product.id, variant_id=variant, quantity=2)
    assert refused_call(shop.cart.AddItem, more, buyer).reason == "QUANTITY_ABOVE_LIMIT"
    shop.cart.AddItem(
        cart_pb2.AddItemRequest(product_id=product.id, variant_id=variant), metadata=buyer.metadata
    )
    line = read_cart(shop, buyer).items[1]
    grown = cart_pb2.UpdateItemRequest(item_id=line.id, quantity=3)
    cart = shop.cart.UpdateItem(grown, metadata=buyer.metadata)
    assert ([item.counted_quantity for item in cart.items], cart.items[1].available) == ([2, 1], False)
    assert refused(shop, buyer).reason == "QUANTITY_ABOVE_LIMIT"


# ── What cannot be bought counts for nothing


def test_what_cannot_be_bought_is_shown_and_not_counted(shop: RunningShop) -> None:
    buyer, gone = buyer_of(shop, 6000)
    sold_out, few, left = (shop.product(units=units, stock=9).id for units in (50, 5, 6))
    for product_id, quantity in ((sold_out, 1), (few, 5), (left, 1)):
        shop.add(buyer, product_id, quantity)
    delete = product_pb2.DeleteProductRequest(product_id=gone)
    shop.catalog.DeleteProduct(delete, metadata=shop.admin.metadata)
    for product_id, stock in ((sold_out, 0), (few, 2)):
        shop.sql(
            "UPDATE inventory_levels SET available = :n, received = sold + :n WHERE product_id = :id",
            n=stock,
            id=product_id,
        )
    cart = read_cart(shop, buyer)
    assert [item.counted_quantity for item in cart.items] == [0, 0, 2, 1]
    assert [item.available for item in cart.items] == [False, False, False, True]
    assert [cents(item.line_total) for item in cart.items] == [6000, 5000, 2500, 600]
    assert (cart.item_count, cents(cart.subtotal), cents(cart.totals.subtotal)) == (8, 1600, 1600)
    assert cents(cart.totals.shipping) == 599, "what cannot be bought ships nothing for free"
    assert cart.totals.points_earned == cents(cart.totals.total) // 100
    total = shop.cart.GetTotal(cart_pb2.GetTotalRequest(), metadata=buyer.metadata)
    assert total == cart.totals
    wanted = promotion_pb2.Coupon(
        code=f"U-{uuid.uuid4().hex[:12]}",
        discount_basis_points=1000,
        min_purchase=Money(currency_code="USD", units=20),
    )
    created = shop.promotions.CreateCoupon(
        promotion_pb2.CreateCouponRequest(coupon=wanted), metadata=shop.admin.metadata
    )
    short = refused_call(shop.cart.ApplyCoupon, cart_pb2.ApplyCouponRequest(code=created.code), buyer)
    assert (short.reason, short.facts["missing"]) == ("COUPON_BELOW_MINIMUM", "4.00 USD")
    for call in (shop.orders.PreviewCheckout, shop.orders.Checkout):
        request = (
            order_service_pb2.PreviewCheckoutRequest()
            if call is shop.orders.PreviewCheckout
            else order_service_pb2.CheckoutRequest(
                payment_method=payment_pb2.Payment.CARD, request_id=str(uuid.uuid4())
            )
        )
        assert refused_call(call, request, buyer).reason == "OUT_OF_STOCK"


def test_a_cart_of_which_nothing_can_be_bought_costs_nothing(shop: RunningShop) -> None:
    buyer, gone = buyer_of(shop, 6000)
    delete = product_pb2.DeleteProductRequest(product_id=gone)
    shop.catalog.DeleteProduct(delete, metadata=shop.admin.metadata)
    cart = read_cart(shop, buyer)
    assert (len(cart.items), cents(cart.totals.total), cents(cart.totals.shipping)) == (1, 0, 0)


# ── No total that was not shown is charged


def reprice(shop: RunningShop, product_id: int, price: int) -> None:
    """Let a product cost so many cents."""
    product = product_pb2.Product(
        id=product_id, price=Money(currency_code="USD", units=price // 100, nanos=price % 100 * CENT)
    )
    shop.catalog.UpdateProduct(
        product_pb2.UpdateProductRequest(product=product), metadata=shop.admin.metadata
    )


@pytest.mark.parametrize("price", [9900, 500])
def test_a_total_that_no_reply_has_shown_is_told_before_it_is_charged(shop: RunningShop, price: int) -> None:
    buyer, product_id = buyer_of(shop, 1000)
    reprice(shop, product_id, price)
    request_id = str(uuid.uuid4())
    answer = refused(shop, buyer, request_id=request_id)
    assert (answer.code, answer.reason) == (grpc.StatusCode.ABORTED, "PRICE_CHANGED")
    assert answer.retry_seconds is None, "no client agrees by itself"
    order = shop.checkout(buyer, request_id=request_id).order
    amount = cents(order.totals.total)
    assert answer.facts == {"total": f"{amount / 100:.2f} USD"}
    assert shop.checkout(buyer, request_id=request_id).order == order


def test_it_is_told_again_when_it_changes_again(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000)
    for price in (2000, 3000):
        reprice(shop, product_id, price)
        assert refused(shop, buyer).reason == "PRICE_CHANGED"
    reprice(shop, product_id, 2000)
    assert cents(shop.checkout(buyer).order.totals.subtotal) == 2000, "both were told of this very cart"


def readers(shop: RunningShop, buyer: Account) -> dict[str, Callable[[], object]]:
    return {
        "GetCart": lambda: read_cart(shop, buyer),
        "GetTotal": lambda: shop.cart.GetTotal(cart_pb2.GetTotalRequest(), metadata=buyer.metadata),
        "PreviewCheckout": lambda: shop.orders.PreviewCheckout(
            order_service_pb2.PreviewCheckoutRequest(), metadata=buyer.metadata
        ),
        "RedeemPoints": lambda: shop.cart.RedeemPoints(
            cart_pb2.RedeemPointsRequest(points=0), metadata=buyer.metadata
        ),
        "RemoveCoupon": lambda: shop.cart.RemoveCoupon(
            cart_pb2.RemoveCouponRequest(), metadata=buyer.metadata
        ),
        "AddItem": lambda: shop.add(buyer, shop.product().id),
    }


@pytest.mark.parametrize(
    "reader", ["GetCart", "GetTotal", "PreviewCheckout", "RedeemPoints", "RemoveCoupon", "AddItem"]
)
def test_every_reply_about_the_cart_shows_its_total(shop: RunningShop, reader: str) -> None:
    buyer, product_id = buyer_of(shop, 1000)
    reprice(shop, product_id, 2000)
    readers(shop, buyer)[reader]()
    shop.checkout(buyer)


def test_a_total_is_that_of_the_cart_as_it_is(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000)
    other = shop.product(units=10)
    cart = shop.add(buyer, other.id)
    line = next(item for item in cart.items if item.product_id == other.id)
    shop.cart.RemoveItem(cart_pb2.RemoveItemRequest(item_id=line.id), metadata=buyer.metadata)
    reprice(shop, product_id, 2000)  # what both cost together before
    assert refused(shop, buyer).reason == "PRICE_CHANGED"


@pytest.mark.both
def test_a_read_writes_only_when_it_shows_another_total(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000)
    with shop.counted_queries() as queries:
        read_cart(shop, buyer)
    assert len(queries) == 1, queries
    reprice(shop, product_id, 2000)
    read_cart(shop, buyer)
    with shop.counted_queries() as queries:
        read_cart(shop, buyer)
    assert len(queries) == 1, queries


def test_a_code_of_the_checkouts_own_lowers_what_was_shown(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000)
    code = coupon(shop)
    shop.checkout(buyer, coupon_code=code)
    shop.add(buyer, product_id)
    reprice(shop, product_id, 2000)
    assert refused(shop, buyer, coupon_code=code).reason == "PRICE_CHANGED"
    shop.checkout(buyer, coupon_code=code)


def test_a_changed_coupon_is_told(shop: RunningShop) -> None:
    buyer, _ = buyer_of(shop, 1000)
    code = coupon(shop)
    apply(shop, buyer, code)
    shop.sql("UPDATE coupons SET percent_bp = 500 WHERE code = :code", code=code)
    assert refused(shop, buyer).reason == "PRICE_CHANGED"
    shop.sql("UPDATE coupons SET percent_bp = 1000, active = false WHERE code = :code", code=code)
    assert refused(shop, buyer).reason == "COUPON_DISABLED"
    shop.cart.RemoveCoupon(cart_pb2.RemoveCouponRequest(), metadata=buyer.metadata)
    shop.checkout(buyer)


def test_points_that_went_meanwhile_are_told(shop: RunningShop) -> None:
    buyer, _ = buyer_of(shop, 3000)
    give(shop, buyer, 500)
    shop.cart.RedeemPoints(cart_pb2.RedeemPointsRequest(points=500), metadata=buyer.metadata)
    give(shop, buyer, -400)
    assert refused(shop, buyer).reason == "PRICE_CHANGED"
    assert "Of the 500 points to redeem you have 100 left." in told(read_cart(shop, buyer))
    assert shop.checkout(buyer).order.totals.points_redeemed == 100


def test_a_declined_cart_was_shown(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000)
    assert refused(shop, buyer, payment_token="tok_decline").reason == "PAYMENT_DECLINED"
    shop.checkout(buyer)
    shop.add(buyer, product_id)
    assert refused(shop, buyer, payment_token="tok_decline").reason == "PAYMENT_DECLINED"
    reprice(shop, product_id, 2000)
    assert refused(shop, buyer).reason == "PRICE_CHANGED"


def test_what_the_buyer_agrees_to_needs_no_showing(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000)
    reprice(shop, product_id, 2000)
    wrong = refused(shop, buyer, expected_total=Money(currency_code="USD", units=1))
    assert (wrong.code, wrong.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PRICE_CHANGED")
    right = Money(currency_code="USD", units=27, nanos=59 * CENT)
    assert wrong.facts["total"] == "27.59 USD"
    shop.checkout(buyer, expected_total=right)


def test_another_address_costs_what_its_preview_shows(
    module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("taxed")
    taxed = RunningShop(test_settings(module_database_url, home, tax_rates={"FR": "0.20"}))
    try:
        buyer, _ = buyer_of(taxed, 1000)
        abroad = taxed.add_address(buyer, country="FR").id
        answer = refused(taxed, buyer, address_id=abroad)
        assert (answer.reason, answer.facts["total"]) == ("PRICE_CHANGED", "17.99 USD")
        read_cart(taxed, buyer)
        assert cents(taxed.checkout(buyer, address_id=abroad).order.totals.total) == 1799
        buyer, _ = buyer_of(taxed, 1000)
        abroad = taxed.add_address(buyer, country="FR").id
        preview = order_service_pb2.PreviewCheckoutRequest(address_id=abroad)
        taxed.orders.PreviewCheckout(preview, metadata=buyer.metadata)
        read_cart(taxed, buyer)
        taxed.checkout(buyer, address_id=abroad)
    finally:
        taxed.stop()
