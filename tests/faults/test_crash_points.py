"""A worker dies at each point of a checkout, a cancellation, a refund, a return and a sweep; then the shop heals.

After each death one of two things happens: nobody comes back and the jobs of another worker find what was left, or
the client repeats its call with the same request id. Either way every invariant holds afterwards, nobody was
charged for nothing, and nobody has goods unpaid.

`make test` takes some of the points, on one database, and heals them one way; `make faults` (it sets
`SANSET_FAULT_ROUNDS`) takes each point, on both, and heals it both ways.
"""

from __future__ import annotations

import os
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.type.money_pb2 import Money
from mortal import Mortals
from sanset.v1 import (
    cart_pb2,
    gift_card_pb2,
    order_pb2,
    order_service_pb2,
    payment_pb2,
    promotion_pb2,
    refund_service_pb2,
)
from support.running_shop import Account, RunningShop, refusal, test_settings

from server.verify import verify

EVERY_POINT = "SANSET_FAULT_ROUNDS" in os.environ
STRIDE = 1 if EVERY_POINT else 17
JOBS, REPEAT = "jobs", "repeat"


@pytest.fixture(scope="module")
def shop(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """The worker that stays: it prepares what is served, and heals what died."""
    settings = test_settings(
        module_database_url, tmp_path_factory.mktemp("shop"), payment_timeout_seconds=1.0, db_pool_size=4
    )
    running = RunningShop(settings)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def mortals(shop: RunningShop) -> Iterator[Mortals]:
    """The workers that die."""
    one = Mortals(shop.settings)
    yield one
    one.stop()


@dataclass(frozen=True)
class Deed:
    """A call that is about to be made, and whose order it is about."""

    method: str
    request: Message | None
    caller: Account
    buyer: Account
    products: tuple[int, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def _request_id() -> str:
    return str(uuid.uuid4())


def _cart(shop: RunningShop, *, promotions: bool) -> tuple[Account, tuple[int, ...]]:
    """A buyer whose cart holds two products, and a coupon and points if they are to be used."""
    buyer = shop.customer()
    products = tuple(shop.product(units=units, stock=10).id for units in (12, 7))
    for place, product_id in enumerate(products):
        shop.add(buyer, product_id, place + 2)
    if promotions:
        coupon = promotion_pb2.Coupon(
            code=f"C-{uuid.uuid4().hex[:12]}", discount_basis_points=1000, usage_limit=1
        )
        made = shop.promotions.CreateCoupon(
            promotion_pb2.CreateCouponRequest(coupon=coupon), metadata=shop.admin.metadata
        )
        shop.cart.ApplyCoupon(cart_pb2.ApplyCouponRequest(code=made.code), metadata=buyer.metadata)
        shop.promotions.AdjustPoints(
            promotion_pb2.AdjustPointsRequest(user_id=buyer.user_id, points=300, reason="a gift"),
            metadata=shop.admin.metadata,
        )
        shop.cart.RedeemPoints(cart_pb2.RedeemPointsRequest(points=250), metadata=buyer.metadata)
    return buyer, products


def _checkout(shop: RunningShop, **fields: Any) -> Deed:
    buyer, products = _cart(shop, promotions=True)
    values = {"payment_method": payment_pb2.Payment.CARD} | fields
    request = order_service_pb2.CheckoutRequest(request_id=_request_id(), **values)
    return Deed("Checkout", request, buyer, buyer, products)


def _checkout_by_gift_card(shop: RunningShop) -> Deed:
    card = gift_card_pb2.GiftCard(balance=Money(currency_code="USD", units=500))
    made = shop.payments.CreateGiftCard(
        gift_card_pb2.CreateGiftCardRequest(gift_card=card), metadata=shop.admin.metadata
    )
    return _checkout(shop, payment_method=payment_pb2.Payment.GIFT_CARD, payment_token=made.code)


def _bought(shop: RunningShop) -> tuple[Account, tuple[int, ...], order_pb2.Order]:
    buyer, products = _cart(shop, promotions=True)
    return buyer, products, shop.checkout(buyer).order


def _unpaid(shop: RunningShop) -> tuple[Account, tuple[int, ...], order_pb2.Order]:
    """An order whose gateway charged it, and whose answer came too late."""
    buyer, products = _cart(shop, promotions=True)
    with pytest.raises(grpc.RpcError) as caught:
        shop.checkout(buyer, payment_token="tok_timeout")
    assert refusal(caught.value).reason == "PAYMENT_UNAVAILABLE"
    [order] = shop.placed_by(buyer)
    return buyer, products, order


def _cancellation(shop: RunningShop, make: Callable[[RunningShop], Any]) -> Deed:
    buyer, products, order = make(shop)
    request = refund_service_pb2.CancelOrderRequest(order_id=order.id, request_id=_request_id())
    return Deed("CancelOrder", request, shop.admin, buyer, products)


def _refund(shop: RunningShop, *, units: int) -> Deed:
    """The refund of some units, which go back into stock; of everything with 0."""
    buyer, products, order = _bought(shop)
    line = order_pb2.LineQuantity(variant_id=order.items[1].variant_id, quantity=units)
    request = refund_service_pb2.RefundOrderRequest(
        order_id=order.id,
        items=[line] if units else [],
        all=not units,
        restock=bool(units),
        request_id=_request_id(),
    )
    return Deed("RefundOrder", request, shop.admin, buyer, products)


def _receipt(shop: RunningShop) -> Deed:
    """The arrival of a return of one line, of which one unit can be sold again."""
    buyer, products, order = _bought(shop)
    for status in (order_pb2.Order.PROCESSING, order_pb2.Order.SHIPPED, order_pb2.Order.DELIVERED):
        shop.move(order.id, status)
    line = order.items[1]
    units = order_pb2.LineQuantity(variant_id=line.variant_id, quantity=2)
    asked = shop.refunds.RequestReturn(
        refund_service_pb2.RequestReturnRequest(order_id=order.id, items=[units], reason="Too small"),
        metadata=buyer.metadata,
    )
    shop.refunds.ApproveReturn(
        refund_service_pb2.ApproveReturnRequest(return_id=asked.id), metadata=shop.admin.metadata
    )
    back = order_pb2.LineQuantity(variant_id=line.variant_id, quantity=1)
    request = refund_service_pb2.ReceiveReturnRequest(
        return_id=asked.id, restock_items=[back], request_id=_request_id()
    )
    return Deed("ReceiveReturn", request, shop.admin, buyer, products)


def _sweep(shop: RunningShop) -> Deed:
    buyer, products, _ = _unpaid(shop)
    _let_time_pass(shop)
    return Deed("sweep", None, shop.admin, buyer, products)


DEEDS: dict[str, Callable[[RunningShop], Deed]] = {
    "checkout": _checkout,
    "checkout that is declined": lambda shop: _checkout(shop, payment_token="tok_decline"),
    "checkout by gift card": _checkout_by_gift_card,
    "cancellation of a paid order": lambda shop: _cancellation(shop, _bought),
    "cancellation of an unpaid order": lambda shop: _cancellation(shop, _unpaid),
    "refund of units": lambda shop: _refund(shop, units=2),
    "refund of everything": lambda shop: _refund(shop, units=0),
    "arrival of a return": _receipt,
    "sweep": _sweep,
}
ANSWERS = {"checkout that is declined": "PAYMENT_DECLINED"}


@pytest.mark.either
@pytest.mark.parametrize("name", DEEDS)
def test_a_shop_heals_from_a_death_at_any_point(shop: RunningShop, mortals: Mortals, name: str) -> None:
    lived = DEEDS[name](shop)
    served = mortals.serve(lived.method, lived.request, lived.caller)
    assert served.ended == ANSWERS.get(name, "OK")
    _check(shop, lived, "nothing")
    deaths = 0
    for fatal in range(1 + zlib.crc32(name.encode()) % STRIDE, len(served.points) + 1, STRIDE):
        for healing in _healings(lived, fatal):
            deed = DEEDS[name](shop)
            died = mortals.serve(deed.method, deed.request, deed.caller, fatal)
            assert died.died, f"point {fatal} of {len(served.points)} was not met"
            _let_time_pass(shop)
            if healing == REPEAT:
                assert _repeat(shop, deed) == ANSWERS.get(name, "OK"), died.died
            _run_jobs(shop)
            _check(shop, deed, died.died)
            if deed.method == "Checkout":
                _repeat_tells_the_truth(shop, deed)
            deaths += 1
    print(f"\n{shop.app.db.engine.dialect.name}, {name}: {len(served.points)} points, {deaths} deaths")


def _healings(deed: Deed, fatal: int) -> list[str]:
    if deed.request is None:  # a job: nobody calls it again
        return [JOBS]
    return [JOBS, REPEAT] if EVERY_POINT else [(JOBS, REPEAT)[fatal % 2]]


def _let_time_pass(shop: RunningShop) -> None:
    """Turn the clock of everything that waits: reservations, leases, and the pauses before a repeat."""
    shop.sql("UPDATE orders SET reserved_until = placed_at WHERE status = 'PENDING_PAYMENT'")
    shop.sql("UPDATE idempotency_keys SET leased_until = created_at WHERE leased_until IS NOT NULL")
    shop.sql("UPDATE refunds SET next_attempt_at = created_at WHERE status = 'PENDING'")


def _run_jobs(shop: RunningShop) -> None:
    shop.run(shop.app.rooms.order.sweeper.sweep())
    _let_time_pass(shop)
    shop.run(shop.app.rooms.refund.refunds.process_pending())


def _repeat(shop: RunningShop, deed: Deed) -> str:
    try:
        stub = shop.orders if deed.method == "Checkout" else shop.refunds
        getattr(stub, deed.method)(deed.request, metadata=deed.caller.metadata, timeout=30)
    except grpc.RpcError as error:
        return refusal(error).reason
    return "OK"


def _check(shop: RunningShop, deed: Deed, died: str) -> None:
    """Every invariant holds; money and goods went the same way."""
    assert [str(one) for one in verify(shop.app.db.engine)] == [], died
    orders = shop.placed_by(deed.buyer)
    assert len(orders) <= 1, died
    for order in orders:
        assert order.status != order_pb2.Order.PENDING_PAYMENT, died
        charged = shop.sql(
            "SELECT amount_minor - refunded_minor AS kept FROM gateway_charges "
            "WHERE key = :key AND status = 'CAPTURED'",
            key=order.number,
        )
        kept = sum(row.kept for row in charged)
        if order.status in (order_pb2.Order.CANCELLED, order_pb2.Order.REFUNDED):
            assert kept == 0, f"{died}: charged for nothing"
        else:
            paid = order.payment.amount.units * 100 + order.payment.amount.nanos // 10_000_000
            back = order.payment.refunded.units * 100 + order.payment.refunded.nanos // 10_000_000
            assert kept == paid - back, f"{died}: goods unpaid, or paid twice"
    waiting = shop.sql("SELECT COUNT(*) AS n FROM refunds WHERE status <> 'SUCCEEDED'")
    assert waiting[0].n == 0, died


def _repeat_tells_the_truth(shop: RunningShop, deed: Deed) -> None:
    """Whoever asks again with the same request id hears how the order ended; there is never a second one."""
    answer = _repeat(shop, deed)
    orders = shop.placed_by(deed.buyer)
    [order] = orders
    expected = "OK" if order.status == order_pb2.Order.CONFIRMED else "PAYMENT_DECLINED"
    assert answer == expected
