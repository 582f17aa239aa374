"""What Stripe refuses, counts in its own way, or takes back later: on both databases, against a local double."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sanset.v1 import order_pb2 as pb
from sanset.v1 import payment_method_pb2, payment_pb2, refund_service_pb2
from sanset.v1.refund_pb2 import Refund
from support import stripe_double
from support.cart_shop import buyer_of, cart_of, refused, stock_of
from support.payment_shop import let_die, let_expire, only_order, payment, sound, stuck, sweep, tell
from support.running_shop import Account, RunningShop
from support.stripe_double import StripeDouble
from support.stripe_shop import stripe_settings

from server.money import Money
from server.payment.gateway import Charge, RefundOrder

pytestmark = pytest.mark.either


def event() -> str:
    """The id of a new event."""
    return f"evt_{uuid.uuid4().hex}"


def save(shop: RunningShop, owner: Account, token: str) -> int:
    """Save a card, and return its id."""
    method = payment_method_pb2.PaymentMethod(kind=payment_pb2.Payment.CARD, token=token)
    request = payment_method_pb2.CreatePaymentMethodRequest(payment_method=method)
    return shop.users.CreatePaymentMethod(request, metadata=owner.metadata).id


def paid_back(shop: RunningShop, order_id: int) -> Refund:
    """Pay all that is left of an order back."""
    request = refund_service_pb2.RefundOrderRequest(order_id=order_id, all=True)
    return shop.refunds.RefundOrder(request, metadata=shop.admin.metadata)


def refunds(shop: RunningShop, order_id: int) -> list[tuple[int, str, str]]:
    """An order's refunds: id, status and problem."""
    rows = shop.sql("SELECT id, status, problem FROM refunds WHERE order_id = :id ORDER BY id", id=order_id)
    return [tuple(row) for row in rows]


@pytest.mark.both
def test_what_stripe_never_takes_is_declined_at_once(
    paid: RunningShop, account: StripeDouble, capfd: pytest.CaptureFixture[str]
) -> None:
    buyer, product_id = buyer_of(paid)
    request_id = str(uuid.uuid4())
    wanted = {"payment_token": "upi_1", "payment_method": payment_pb2.Payment.UPI, "request_id": request_id}
    first = refused(paid, buyer, **wanted)
    again = refused(paid, buyer, **wanted)
    assert first.reason == "PAYMENT_DECLINED"
    assert first.message.startswith("This order cannot be paid this way. ")
    assert again == first
    assert (stock_of(paid, product_id), cart_of(paid, buyer)) == (5, {product_id: 1})
    assert only_order(paid, buyer).status == pb.Order.CANCELLED
    account.refusing["create"] = "amount_too_large"
    dear, _ = buyer_of(paid)
    assert "too large" in refused(paid, dear, payment_token="pm_card_visa").message
    shown = "".join(capfd.readouterr())
    assert "Traceback" not in shown
    assert "pm_secret_thing" not in shown


def test_a_total_below_stripes_least_is_declined(paid: RunningShop, account: StripeDouble) -> None:
    with pytest.raises(Exception, match="too small"):
        paid.run(gateway(paid).open(Charge("SO-SMALL", Money(49, "USD"), "CARD", "pm_card_visa")))
    assert [one for one in account.intents.values() if one["metadata"]["order"] == "SO-SMALL"] == []


@pytest.mark.parametrize("step", ["retrieve", "cancel"])
def test_a_payment_that_stripe_does_not_know_is_given_up(
    paid: RunningShop, account: StripeDouble, step: str
) -> None:
    account.failing.add("confirm")
    buyer, product_id, order, _ = stuck(paid, "pm_card_visa")
    account.failing.clear()
    del account.intents[account.of_order(order.number)["id"]]
    let_expire(paid, order.id)
    if step == "cancel":
        account.refusing["cancel"] = "something_new"
    sweep(paid)
    account.refusing.clear()
    assert (only_order(paid, buyer).status, stock_of(paid, product_id)) == (pb.Order.CANCELLED, 5)


def test_stripe_that_refuses_to_answer_is_asked_again(paid: RunningShop, account: StripeDouble) -> None:
    account.failing.add("confirm")
    buyer, _, order, _ = stuck(paid, "pm_card_visa")
    account.failing.clear()
    account.refusing["retrieve"] = "something_new"
    let_expire(paid, order.id)
    sweep(paid)
    assert only_order(paid, buyer).status == pb.Order.PENDING_PAYMENT
    account.refusing.clear()
    sweep(paid)
    assert only_order(paid, buyer).status == pb.Order.CANCELLED


def gateway(shop: RunningShop):  # type: ignore[no-untyped-def]
    """The shop's gateway."""
    return shop.app.rooms.payment.gateways.named("stripe")


@pytest.mark.parametrize("currency", ["ISK", "UGX", "MGA", "JPY", "USD"])
def test_stripe_is_asked_for_what_the_order_costs(
    paid: RunningShop, account: StripeDouble, currency: str
) -> None:
    number = f"SO-{uuid.uuid4().hex[:8]}"
    cost = Money(500000 if currency in ("USD", "MGA") else 5000, currency)
    charge = Charge(number, cost, "CARD", "pm_card_visa")
    stripe = gateway(paid)

    async def pay() -> str:
        outcome = await stripe.charge(charge, await stripe.open(charge))
        return str(outcome.status)

    assert paid.run(pay()) == "CAPTURED"
    intent = account.of_order(number)
    assert stripe_double.value(intent["amount_received"], currency) == 5000
    half = RefundOrder(f"{number}-r", number, intent["id"], Money(cost.minor // 2, currency))
    assert paid.run(stripe.refund(half)).status == "SUCCEEDED"
    assert stripe_double.value(account.refunded(intent["id"]), currency) == 2500


def test_an_order_of_which_too_little_was_received_is_not_confirmed(
    paid: RunningShop, account: StripeDouble
) -> None:
    buyer, _ = buyer_of(paid)
    reply = paid.checkout(buyer, payment_token=stripe_double.ACTION)
    intent = account.of_order(reply.order.number)
    account.succeed(intent["id"])
    intent["amount_received"] -= 1
    told = account.webhook("payment_intent.succeeded", intent["id"], event_id=event())
    assert [tell(paid, *told), tell(paid, *told)] == [False, True]
    sweep(paid)
    assert only_order(paid, buyer).status == pb.Order.PENDING_PAYMENT
    intent["amount_received"] += 1  # what a person put right
    assert not tell(paid, *account.webhook("payment_intent.succeeded", intent["id"], event_id=event()))
    assert only_order(paid, buyer).status == pb.Order.CONFIRMED


def test_a_refund_that_comes_back_is_not_paid_back(paid: RunningShop, account: StripeDouble) -> None:
    buyer, _ = buyer_of(paid)
    order = paid.checkout(buyer, payment_token="pm_card_visa").order
    first = paid_back(paid, order.id)
    assert first.status == Refund.SUCCEEDED
    [refund] = account.refunds_of(account.of_order(order.number)["id"])
    assert not tell(paid, *account.webhook("refund.updated", refund["id"], event_id=event()))
    assert [one[1] for one in refunds(paid, order.id)] == ["SUCCEEDED"]

    account.fail_refund(refund["id"])
    told = account.webhook("refund.failed", refund["id"], event_id=event())
    account.failing.add("list")
    with pytest.raises(Exception, match="did not answer"):
        tell(paid, *told)
    account.failing.clear()
    assert [tell(paid, *told), tell(paid, *told)] == [False, True]
    assert refunds(paid, order.id) == [(first.id, "FAILED", "The refund failed: lost_or_stolen_card.")]
    known = payment(paid, buyer, order.id)
    assert (known.refunded.units, known.refunded.nanos) == (0, 0)
    sound(paid)

    assert paid_back(paid, order.id).status == Refund.SUCCEEDED
    assert account.refunded(account.of_order(order.number)["id"]) == 1679
    # Late news of the first changes nothing any more
    assert not tell(paid, *account.webhook("charge.refund.updated", refund["id"], event_id=event()))
    assert [one[1] for one in refunds(paid, order.id)] == ["FAILED", "SUCCEEDED"]


def test_a_report_only_makes_the_shop_ask(paid: RunningShop, account: StripeDouble) -> None:
    buyer, _ = buyer_of(paid)
    order = paid.checkout(buyer, payment_token="pm_card_visa").order
    paid_back(paid, order.id)
    [refund] = account.refunds_of(account.of_order(order.number)["id"])
    account.fail_refund(refund["id"])
    old = account.webhook("refund.failed", refund["id"], event_id=event())
    refund |= {"status": "succeeded", "failure_reason": None}
    assert not tell(paid, *old)
    assert [one[1] for one in refunds(paid, order.id)] == ["SUCCEEDED"]
    strange = {
        "id": "re_strange",
        "object": "refund",
        "status": "failed",
        "metadata": {"key": "refund-other"},
    }
    account.refunds["re_strange"] = strange
    assert not tell(paid, *account.webhook("refund.failed", "re_strange", event_id=event()))
    strange["metadata"] = {}
    assert not tell(paid, *account.webhook("refund.failed", "re_strange", event_id=event()))
    del account.refunds["re_strange"]


def test_a_refund_of_an_unknown_charge_fails_for_good(paid: RunningShop, account: StripeDouble) -> None:
    lost = RefundOrder(f"r-{uuid.uuid4().hex}", "SO-LOST", "pi_lost", Money(100, "USD"))
    outcome = paid.run(gateway(paid).refund(lost))
    assert (outcome.status, outcome.problem) == ("FAILED", "Stripe refused the refund: resource_missing.")
    account.refusing["list"] = "something_new"
    with pytest.raises(Exception, match="InvalidRequestError"):
        paid.run(gateway(paid).refund(lost))
    assert account.calls["refund"] == 0


def test_an_earlier_refund_is_found_on_any_page(paid: RunningShop, account: StripeDouble) -> None:
    buyer, _ = buyer_of(paid)
    order = paid.checkout(buyer, payment_token="pm_card_visa").order
    intent = account.of_order(order.number)["id"]
    keys = [f"{order.number}-{number}" for number in range(5)]
    account.page_size = 2
    for _ in range(2):
        for key in keys:
            wanted = RefundOrder(key, order.number, intent, Money(100, "USD"))
            assert paid.run(gateway(paid).refund(wanted)).status == "SUCCEEDED"
        account.forget_keys()
    assert account.refunded(intent) == 500


def test_a_saved_card_pays_again_and_again(paid: RunningShop, account: StripeDouble) -> None:
    buyer, product_id = buyer_of(paid)
    token = f"pm_{uuid.uuid4().hex[:8]}"  # short, so that it never looks like a card number
    method_id = save(paid, buyer, token)
    for _ in range(3):
        order = paid.checkout(buyer, payment_method_id=method_id).order
        assert order.status == pb.Order.CONFIRMED
        paid.add(buyer, product_id)
    [customer] = paid.sql("SELECT customer_id FROM gateway_customers WHERE user_id = :u", u=buyer.user_id)
    assert account.attached[token] == customer.customer_id
    assert account.calls["customer"] == 1

    other, _ = buyer_of(paid)
    theirs = save(paid, other, token)
    assert refused(paid, other, payment_method_id=theirs).reason == "PAYMENT_DECLINED"


def test_a_card_that_was_not_saved_pays_once(paid: RunningShop, account: StripeDouble) -> None:
    buyer, product_id = buyer_of(paid)
    token = f"pm_{uuid.uuid4().hex[:8]}"  # short, so that it never looks like a card number
    assert paid.checkout(buyer, payment_token=token).order.status == pb.Order.CONFIRMED
    paid.add(buyer, product_id)
    answer = refused(paid, buyer, payment_token=token)
    assert (answer.reason, "anew" in answer.message) == ("PAYMENT_DECLINED", True)
    assert account.calls["customer"] == 0


def test_a_repeat_with_a_saved_card_makes_no_second_customer(
    paid: RunningShop, account: StripeDouble
) -> None:
    buyer, _ = buyer_of(paid)
    method_id, request_id = save(paid, buyer, "pm_card_visa"), str(uuid.uuid4())
    account.failing.add("confirm")
    wanted = {"payment_method_id": method_id, "request_id": request_id}
    assert refused(paid, buyer, **wanted).reason == "PAYMENT_UNAVAILABLE"
    account.failing.clear()
    let_die(paid, only_order(paid, buyer).id)
    assert paid.checkout(buyer, **wanted).order.status == pb.Order.CONFIRMED
    assert account.calls["customer"] == 1


def test_a_customer_whom_stripe_forgot_is_made_anew(paid: RunningShop, account: StripeDouble) -> None:
    buyer, product_id = buyer_of(paid)
    method_id = save(paid, buyer, "pm_card_visa")
    assert paid.checkout(buyer, payment_method_id=method_id).order.status == pb.Order.CONFIRMED
    account.customers.clear()
    paid.add(buyer, product_id)
    assert refused(paid, buyer, payment_method_id=method_id).reason == "PAYMENT_DECLINED"
    assert paid.checkout(buyer, payment_method_id=method_id).order.status == pb.Order.CONFIRMED


def test_a_customer_of_a_deleted_account_is_deleted_there_too(
    paid: RunningShop, account: StripeDouble
) -> None:
    buyer, _ = buyer_of(paid)
    method_id = save(paid, buyer, "pm_card_visa")
    assert paid.checkout(buyer, payment_method_id=method_id).order.status == pb.Order.CONFIRMED
    [customer] = paid.sql("SELECT customer_id FROM gateway_customers WHERE user_id = :u", u=buyer.user_id)
    assert customer.customer_id in account.customers
    for _ in range(2):  # a repeat, as when the worker died before it noted that
        paid.run(gateway(paid).forget_customer(customer.customer_id))
        assert customer.customer_id not in account.customers


@pytest.fixture
def pageless(account: StripeDouble, module_database_url: str, tmp_path: Path) -> Iterator[RunningShop]:
    """The same shop without pages to come back to."""
    one = RunningShop(stripe_settings(account, module_database_url, tmp_path, return_url=""))
    yield one
    one.stop()


def test_a_payment_that_needs_a_page_there_is_not_is_declined(
    pageless: RunningShop, account: StripeDouble
) -> None:
    buyer, product_id = buyer_of(pageless)
    answer = refused(pageless, buyer, payment_token=stripe_double.ACTION)
    assert answer.reason == "PAYMENT_DECLINED"
    assert answer.message.startswith("The bank wants to ask you something")
    ended = only_order(pageless, buyer)
    assert (ended.status, stock_of(pageless, product_id)) == (pb.Order.CANCELLED, 5)
    assert account.of_order(ended.number)["status"] == "canceled"
    assert cart_of(pageless, buyer) == {product_id: 1}
