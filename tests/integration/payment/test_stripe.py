"""Payments through Stripe's library against a local double of its HTTP API, on both databases."""

from __future__ import annotations

import uuid

import grpc
import pytest
from sanset.v1 import order_pb2 as pb
from sanset.v1 import order_service_pb2, payment_pb2, refund_service_pb2
from support import stripe_double
from support.cart_shop import buyer_of, cart_of, refused, stock_of
from support.payment_shop import gift_card, let_die, let_expire, only_order, stuck, sweep, tell
from support.running_shop import Account, RunningShop, refusal
from support.stripe_double import StripeDouble

from server.money import Money
from server.payment.gateway import RefundOrder

pytestmark = pytest.mark.either


def test_a_card_is_charged_in_two_steps(paid: RunningShop, account: StripeDouble) -> None:
    buyer, _ = buyer_of(paid)
    order = paid.checkout(buyer, payment_token="pm_card_visa").order
    intent = account.of_order(order.number)
    assert (order.status, order.payment.gateway) == (pb.Order.CONFIRMED, "stripe")
    assert (order.payment.gateway_id, order.payment.status) == (intent["id"], payment_pb2.Payment.CAPTURED)
    assert intent["amount_received"] == 1679
    assert account.calls == {"create": 1, "confirm": 1}


def test_a_declined_card_puts_everything_back(paid: RunningShop, account: StripeDouble) -> None:
    buyer, product_id = buyer_of(paid)
    answer = refused(paid, buyer, payment_token=stripe_double.DECLINED)
    assert answer.reason == "PAYMENT_DECLINED"
    assert answer.message.startswith("Your card was declined. ")
    assert (stock_of(paid, product_id), cart_of(paid, buyer)) == (5, {product_id: 1})
    assert only_order(paid, buyer).payment.status == payment_pb2.Payment.DECLINED


def test_a_decline_is_told_by_a_code(paid: RunningShop, account: StripeDouble) -> None:
    buyer, _ = buyer_of(paid)
    answer = refused(paid, buyer, payment_token=stripe_double.POOR)
    assert answer.facts == {"decline_code": "INSUFFICIENT_FUNDS"}
    assert only_order(paid, buyer).payment.decline_code == payment_pb2.Payment.INSUFFICIENT_FUNDS


def test_a_token_that_stripe_does_not_know_is_declined(paid: RunningShop) -> None:
    buyer, _ = buyer_of(paid)
    answer = refused(paid, buyer, payment_token=stripe_double.UNKNOWN)
    assert answer.reason == "PAYMENT_DECLINED"


def test_a_buyer_who_must_act_gets_the_page(paid: RunningShop, account: StripeDouble) -> None:
    buyer, product_id = buyer_of(paid)
    request_id = str(uuid.uuid4())
    reply = paid.checkout(buyer, payment_token=stripe_double.ACTION, request_id=request_id)
    intent = account.of_order(reply.order.number)
    assert reply.payment_url == f"https://bank.test/{intent['id']}"
    assert (reply.order.status, stock_of(paid, product_id)) == (pb.Order.PENDING_PAYMENT, 4)
    account.succeed(intent["id"])
    assert not tell(paid, *account.webhook("payment_intent.succeeded", intent["id"], event_id="evt_act"))
    assert tell(paid, *account.webhook("payment_intent.succeeded", intent["id"], event_id="evt_act"))
    assert only_order(paid, buyer).status == pb.Order.CONFIRMED
    # The first reply stays the reply
    assert paid.checkout(buyer, payment_token=stripe_double.ACTION, request_id=request_id) == reply


def page_of(shop: RunningShop, who: Account, order_id: int) -> str:
    """The page where a payment goes on, as its order and the payment itself show it."""
    order = shop.orders.GetOrder(order_service_pb2.GetOrderRequest(order_id=order_id), metadata=who.metadata)
    asked = payment_pb2.GetPaymentRequest(order_id=order_id)
    shown = shop.payments.GetPayment(asked, metadata=who.metadata).payment_url
    assert shown == order.payment.payment_url
    return shown


def test_the_page_is_shown_for_as_long_as_the_order_can_be_paid(
    paid: RunningShop, account: StripeDouble
) -> None:
    buyer, _ = buyer_of(paid)
    reply = paid.checkout(buyer, payment_token=stripe_double.ACTION)
    intent = account.of_order(reply.order.number)
    assert reply.payment_url
    assert reply.order.payment.payment_url == reply.payment_url
    assert reply.order.payment.gateway_id == intent["id"]
    assert reply.order == only_order(paid, buyer)
    assert reply.order.update_time.ToNanoseconds() > reply.order.create_time.ToNanoseconds(), (
        "listed as changed"
    )
    assert (
        page_of(paid, buyer, reply.order_id) == page_of(paid, paid.admin, reply.order_id) == reply.payment_url
    )
    account.succeed(intent["id"])
    event_id = f"evt_{uuid.uuid4()}"
    assert not tell(paid, *account.webhook("payment_intent.succeeded", intent["id"], event_id=event_id))
    assert page_of(paid, buyer, reply.order_id) == ""


@pytest.mark.parametrize("ends", ["cancelled", "expired"])
def test_the_page_of_an_order_that_was_given_up_is_not_shown(paid: RunningShop, ends: str) -> None:
    buyer, _ = buyer_of(paid)
    reply = paid.checkout(buyer, payment_token=stripe_double.ACTION)
    if ends == "cancelled":
        request = refund_service_pb2.CancelOrderRequest(order_id=reply.order_id)
        assert paid.refunds.CancelOrder(request, metadata=buyer.metadata).payment.payment_url == ""
    else:
        let_expire(paid, reply.order_id)
        sweep(paid)
    assert page_of(paid, buyer, reply.order_id) == ""
    [kept] = paid.sql("SELECT payment_url FROM payments WHERE order_id = :id", id=reply.order_id)
    assert kept.payment_url == ""


def test_a_buyer_who_fails_to_act_gets_the_cart_back(paid: RunningShop, account: StripeDouble) -> None:
    buyer, product_id = buyer_of(paid)
    reply = paid.checkout(buyer, payment_token=stripe_double.ACTION)
    intent = account.of_order(reply.order.number)
    account.fail(intent["id"])
    tell(
        paid, *account.webhook("payment_intent.payment_failed", intent["id"], event_id=f"evt_{uuid.uuid4()}")
    )
    ended = only_order(paid, buyer)
    assert (ended.status, ended.payment.status) == (pb.Order.CANCELLED, payment_pb2.Payment.DECLINED)
    assert ended.payment.decline_message == "Authentication failed."
    assert (stock_of(paid, product_id), cart_of(paid, buyer)) == (5, {product_id: 1})
    assert account.intents[intent["id"]]["status"] == "canceled"


def test_a_buyer_who_never_acts_loses_the_goods_in_time(paid: RunningShop, account: StripeDouble) -> None:
    buyer, product_id = buyer_of(paid)
    reply = paid.checkout(buyer, payment_token=stripe_double.ACTION)
    sweep(paid)
    assert only_order(paid, buyer).status == pb.Order.PENDING_PAYMENT
    let_expire(paid, reply.order_id)
    sweep(paid)
    assert (only_order(paid, buyer).status, stock_of(paid, product_id)) == (pb.Order.CANCELLED, 5)
    assert account.of_order(reply.order.number)["status"] == "canceled"


def test_a_payment_that_the_bank_still_works_on_is_not_given_up(
    paid: RunningShop, account: StripeDouble
) -> None:
    buyer, _ = buyer_of(paid)
    reply = paid.checkout(buyer, payment_token=stripe_double.ACTION)
    intent = account.of_order(reply.order.number)
    account.intents[intent["id"]]["status"] = "processing"
    let_expire(paid, reply.order_id)
    sweep(paid)
    assert only_order(paid, buyer).status == pb.Order.PENDING_PAYMENT
    account.succeed(intent["id"])
    sweep(paid)
    assert only_order(paid, buyer).status == pb.Order.CONFIRMED


def test_a_late_answer_is_found_by_a_repeat(paid: RunningShop, account: StripeDouble) -> None:
    buyer, _, order, request_id = stuck(paid, stripe_double.SLOW)
    account.slow_seconds = 0
    let_die(paid, order.id)
    again = paid.checkout(buyer, payment_token=stripe_double.SLOW, request_id=request_id).order
    assert (again.id, again.status) == (order.id, pb.Order.CONFIRMED)
    assert account.of_order(order.number)["status"] == "succeeded"


def test_a_late_answer_is_found_by_the_sweeper(paid: RunningShop, account: StripeDouble) -> None:
    buyer, _, order, _ = stuck(paid, stripe_double.SLOW)
    let_die(paid, order.id)
    sweep(paid)
    assert only_order(paid, buyer).status == pb.Order.CONFIRMED


@pytest.mark.parametrize("step", ["create", "confirm"])
def test_a_step_that_fails_can_be_repeated(paid: RunningShop, account: StripeDouble, step: str) -> None:
    buyer, product_id = buyer_of(paid)
    request_id = str(uuid.uuid4())
    account.failing.add(step)
    answer = refused(paid, buyer, payment_token="pm_card_visa", request_id=request_id)
    assert (answer.code, answer.reason) == (grpc.StatusCode.UNAVAILABLE, "PAYMENT_UNAVAILABLE")
    account.failing.clear()
    order = only_order(paid, buyer)
    let_die(paid, order.id)
    again = paid.checkout(buyer, payment_token="pm_card_visa", request_id=request_id).order
    assert (again.id, again.status, stock_of(paid, product_id)) == (order.id, pb.Order.CONFIRMED, 4)
    assert account.of_order(order.number)["status"] == "succeeded"


def test_what_cannot_be_asked_about_is_kept(paid: RunningShop, account: StripeDouble) -> None:
    account.failing |= {"confirm", "retrieve"}
    buyer, product_id, order, _ = stuck(paid, "pm_card_visa")
    let_expire(paid, order.id)
    sweep(paid)
    assert (only_order(paid, buyer).status, stock_of(paid, product_id)) == (pb.Order.PENDING_PAYMENT, 4)
    account.failing = {"confirm", "cancel"}
    sweep(paid)
    assert only_order(paid, buyer).status == pb.Order.PENDING_PAYMENT
    account.failing.clear()
    sweep(paid)
    assert (only_order(paid, buyer).status, stock_of(paid, product_id)) == (pb.Order.CANCELLED, 5)


def test_a_success_after_the_order_was_given_up_is_paid_back(
    paid: RunningShop, account: StripeDouble
) -> None:
    buyer, _ = buyer_of(paid)
    reply = paid.checkout(buyer, payment_token=stripe_double.ACTION)
    let_expire(paid, reply.order_id)
    sweep(paid)
    intent = account.of_order(reply.order.number)
    account.succeed(intent["id"])  # what a bank does, whatever it was told
    tell(paid, *account.webhook("payment_intent.succeeded", intent["id"], event_id=f"evt_{uuid.uuid4()}"))
    ended = only_order(paid, buyer)
    assert (ended.status, ended.payment.status) == (pb.Order.CANCELLED, payment_pb2.Payment.CAPTURED)
    assert ended.payment.refunded == ended.payment.captured


def test_a_refund_is_paid_once_per_key(paid: RunningShop, account: StripeDouble) -> None:
    buyer, _ = buyer_of(paid)
    order = paid.checkout(buyer, payment_token="pm_card_visa").order
    gateway = paid.app.rooms.payment.gateways.named("stripe")
    intent = account.of_order(order.number)

    def refund(key: str, cents: int) -> str:
        wanted = RefundOrder(f"{order.number}-{key}", order.number, intent["id"], Money(cents, "USD"))
        return paid.run(gateway.refund(wanted)).status

    assert [refund("r1", 1000), refund("r1", 1000)] == ["SUCCEEDED", "SUCCEEDED"]
    assert account.refunded(intent["id"]) == 1000
    account.forget_keys()
    assert refund("r1", 1000) == "SUCCEEDED"
    assert account.refunded(intent["id"]) == 1000
    assert refund("r2", 1000) == "FAILED"
    account.refund_status = "pending"
    assert refund("r3", 679) == "PENDING"
    [pending] = [
        one
        for one in account.refunds.values()
        if one["metadata"]["key"].startswith(order.number) and one["status"] == "pending"
    ]
    pending["status"] = "succeeded"
    assert refund("r3", 679) == "SUCCEEDED"


@pytest.mark.parametrize("flaw", ["secret", "age", "body", "header", "none"])
def test_a_forged_or_old_webhook_is_refused(paid: RunningShop, account: StripeDouble, flaw: str) -> None:
    buyer, _ = buyer_of(paid)
    reply = paid.checkout(buyer, payment_token=stripe_double.ACTION)
    intent = account.of_order(reply.order.number)["id"]
    secret = "whsec_other" if flaw == "secret" else stripe_double.WEBHOOK_SECRET
    body, headers = account.webhook(
        "payment_intent.succeeded", intent, age=400 if flaw == "age" else 0, secret=secret
    )
    if flaw == "body":
        body = body.replace(b"succeeded", b"canceled!")
    if flaw == "header":
        headers = {"stripe-signature": "v1=x"}
    if flaw == "none":
        headers = {}
    with pytest.raises(grpc.RpcError) as caught:
        tell(paid, body, headers)
    assert refusal(caught.value).reason == "SIGNATURE_INVALID"
    assert only_order(paid, buyer).status == pb.Order.PENDING_PAYMENT


def test_other_events_are_taken_without_effect(paid: RunningShop, account: StripeDouble) -> None:
    assert not tell(paid, *account.webhook("charge.refunded", "pi_unknown"))
    assert not tell(paid, *account.webhook("payment_intent.succeeded", "pi_unknown"))


def test_gift_cards_pay_beside_stripe(paid: RunningShop, account: StripeDouble) -> None:
    card = gift_card(paid, 100)
    buyer, _ = buyer_of(paid)
    order = paid.checkout(buyer, payment_method=payment_pb2.Payment.GIFT_CARD, payment_token=card.code).order
    assert (order.status, order.payment.gateway, account.calls) == (pb.Order.CONFIRMED, "gift_card", {})
