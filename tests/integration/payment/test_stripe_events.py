"""What Stripe reports by itself: of other payments, amounts and orders, of refunds made there, and of disputes."""

from __future__ import annotations

import itertools
import json
import uuid
from typing import Any

import grpc
import pytest
from sanset.v1 import order_pb2 as pb
from sanset.v1 import payment_pb2, refund_service_pb2
from sanset.v1.refund_pb2 import Refund
from support import stripe_double
from support.cart_shop import buyer_of, cents, stock_of
from support.page_by_page import page_by_page
from support.payment_shop import only_order, payment, sound, sweep, tell
from support.running_shop import Account, Refused, RunningShop, refusal
from support.stripe_double import StripeDouble

from server.mail.queries import opened

pytestmark = pytest.mark.either

Dispute = payment_pb2.Dispute


def event() -> str:
    """The id of a new event."""
    return f"evt_{uuid.uuid4().hex}"


def waiting(shop: RunningShop, account: StripeDouble) -> tuple[Account, pb.Order, dict[str, Any]]:
    """A buyer whose bank asks for something, the order, and its PaymentIntent."""
    buyer, _ = buyer_of(shop)
    order = shop.checkout(buyer, payment_token=stripe_double.ACTION).order
    return buyer, order, account.of_order(order.number)


def bought(shop: RunningShop, account: StripeDouble) -> tuple[Account, int, pb.Order, str]:
    """A buyer, the product, the order, which is paid, and the id of its PaymentIntent."""
    buyer, product_id = buyer_of(shop)
    order = shop.checkout(buyer, payment_token="pm_card_visa").order
    return buyer, product_id, order, account.of_order(order.number)["id"]


def alerts(shop: RunningShop, order_id: int | None = None) -> list[str]:
    """What a person was told of, of an order or of none."""
    where = "order_id = :id" if order_id else "order_id IS NULL AND :id = 0"
    rows = shop.sql(f"SELECT kind FROM payment_alerts WHERE {where} ORDER BY id", id=order_id or 0)
    return [row.kind for row in rows]


def of(shop: RunningShop, order_id: int) -> list[tuple[str, str, int]]:
    """The refunds of an order, as the admin sees them: origin, status and cents."""
    request = refund_service_pb2.ListRefundsRequest(order_id=order_id)
    items = shop.refunds.ListRefunds(request, metadata=shop.admin.metadata).items
    return [
        (Refund.Origin.Name(one.origin), Refund.Status.Name(one.status), cents(one.amount)) for one in items
    ]


def refused(call: Any, *arguments: Any, **named: Any) -> Refused:
    """How a call was refused."""
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, **named)
    return refusal(caught.value)


def refund(shop: RunningShop, order_id: int) -> Refund:
    """Pay all that is left back."""
    request = refund_service_pb2.RefundOrderRequest(order_id=order_id, all=True)
    return shop.refunds.RefundOrder(request, metadata=shop.admin.metadata)


def metric(shop: RunningShop, kind: str) -> float:
    """How often a person was told of something."""
    return shop.app.core.registry.get_sample_value("sanset_payment_alerts_total", {"kind": kind}) or 0.0


# Payments


@pytest.mark.parametrize(
    ("strange", "kind"),
    [
        ({"id": "pi_other", "amount": 1000, "amount_received": 1000}, "OTHER_PAYMENT"),
        ({"id": "pi_other"}, "OTHER_PAYMENT"),
        ({"amount": 1000, "amount_received": 1000}, "OTHER_AMOUNT"),
        ({"amount_received": 10_000_000}, "OTHER_AMOUNT"),
        ({"amount_received": None}, "OTHER_AMOUNT"),
        ({"currency": "eur"}, "OTHER_CURRENCY"),
        ({"currency": "jpy"}, "OTHER_CURRENCY"),
    ],
)
def test_a_success_of_another_payment_amount_or_currency_confirms_nothing(
    paid: RunningShop, account: StripeDouble, strange: dict[str, Any], kind: str
) -> None:
    buyer, order, intent = waiting(paid, account)
    before = metric(paid, kind)
    thing = intent | {"status": "succeeded", "amount_received": intent["amount"]} | strange
    thing["id"] = thing["id"].replace("pi_other", f"pi_{uuid.uuid4().hex}")
    thing["metadata"] = thing["metadata"] | {"amount": f"{(thing['amount_received'] or 0) / 100:.2f} USD"}
    for _ in range(2):  # of each only once
        assert not tell(paid, *account.signed("payment_intent.succeeded", thing, event_id=event()))
    known = only_order(paid, buyer)
    assert (known.status, known.payment.status) == (pb.Order.PENDING_PAYMENT, payment_pb2.Payment.PENDING)
    assert known.payment.gateway_id == intent["id"]
    assert alerts(paid, order.id) == [kind]
    assert metric(paid, kind) == before + 1
    # Its own payment still counts
    account.succeed(intent["id"])
    tell(paid, *account.webhook("payment_intent.succeeded", intent["id"], event_id=event()))
    assert only_order(paid, buyer).status == pb.Order.CONFIRMED


def test_a_payment_that_is_labelled_with_another_order_confirms_neither(
    paid: RunningShop, account: StripeDouble
) -> None:
    one, order, intent = waiting(paid, account)
    two, other, _ = waiting(paid, account)
    thing = intent | {"status": "succeeded", "amount_received": intent["amount"]}
    thing["metadata"] = {"order": other.number}
    assert not tell(paid, *account.signed("payment_intent.succeeded", thing, event_id=event()))
    assert [only_order(paid, who).status for who in (one, two)] == [pb.Order.PENDING_PAYMENT] * 2
    assert (alerts(paid, order.id), alerts(paid, other.id)) == (["OTHER_ORDER"], [])


def test_a_payment_of_another_shop_is_told_and_no_label_is_none_of_ours(
    paid: RunningShop, account: StripeDouble
) -> None:
    before = alerts(paid)
    thing = {"id": "pi_elsewhere", "status": "succeeded", "amount": 100, "amount_received": 100}
    thing |= {"currency": "usd", "metadata": {"order": "SO-OTHER-SHOP1"}}
    assert not tell(paid, *account.signed("payment_intent.succeeded", thing, event_id=event()))
    assert alerts(paid) == [*before, "UNKNOWN_ORDER"]
    thing["metadata"] = {}
    assert not tell(paid, *account.signed("payment_intent.succeeded", thing, event_id=event()))
    assert alerts(paid) == [*before, "UNKNOWN_ORDER"]


def test_a_payment_without_its_label_counts_by_its_id(paid: RunningShop, account: StripeDouble) -> None:
    buyer, _, intent = waiting(paid, account)
    account.succeed(intent["id"])
    thing = account.intents[intent["id"]] | {"metadata": {}}
    assert not tell(paid, *account.signed("payment_intent.succeeded", thing, event_id=event()))
    assert only_order(paid, buyer).status == pb.Order.CONFIRMED


def test_the_sweeper_confirms_no_other_amount_either(paid: RunningShop, account: StripeDouble) -> None:
    buyer, order, intent = waiting(paid, account)
    account.succeed(intent["id"])
    intent["currency"] = "eur"
    paid.sql("UPDATE orders SET reserved_until = placed_at WHERE id = :id", id=order.id)
    sweep(paid)
    sweep(paid)
    assert only_order(paid, buyer).status == pb.Order.PENDING_PAYMENT
    assert alerts(paid, order.id) == ["OTHER_CURRENCY"]
    intent["currency"] = "usd"  # what a person put right
    sweep(paid)
    assert only_order(paid, buyer).status == pb.Order.CONFIRMED


def test_a_checkout_confirms_no_other_amount_either(paid: RunningShop, account: StripeDouble) -> None:
    buyer, _ = buyer_of(paid)
    account.short_by = 1
    answer = refused(paid.checkout, buyer, payment_token="pm_card_visa")
    account.short_by = 0
    order = only_order(paid, buyer)
    assert (answer.reason, order.status) == ("PAYMENT_UNAVAILABLE", pb.Order.PENDING_PAYMENT)
    assert alerts(paid, order.id) == ["OTHER_AMOUNT"]
    account.of_order(order.number)["amount_received"] += 1


# Refunds that staff make at Stripe


REFUND_EVENTS = ["refund.created", "refund.updated", "charge.refunded", "charge.refund.updated"]


@pytest.mark.parametrize("kind", REFUND_EVENTS)
def test_a_whole_refund_made_at_stripe_is_the_orders(
    paid: RunningShop, account: StripeDouble, kind: str
) -> None:
    buyer, product_id, order, intent = bought(paid, account)
    made = account.refund_by_hand(intent, 1679)
    about = intent if kind == "charge.refunded" else made
    for name in (kind, *REFUND_EVENTS):  # all of them come, in any order, and again
        thing = intent if name == "charge.refunded" else made
        tell(paid, *account.webhook(name, about if name == kind else thing, event_id=event()))
    known = only_order(paid, buyer)
    assert (known.status, cents(known.payment.refunded)) == (pb.Order.REFUNDED, 1679)
    assert of(paid, order.id) == [("GATEWAY", "SUCCEEDED", 1679)]
    assert stock_of(paid, product_id) == 5
    assert refused(paid.move, order.id, pb.Order.PROCESSING).reason == "ILLEGAL_TRANSITION"
    assert refused(refund, paid, order.id).reason == "REFUND_TOO_LARGE"
    assert known == only_order(paid, buyer)


def test_what_is_left_after_a_refund_at_stripe_is_paid_back_and_no_more(
    paid: RunningShop, account: StripeDouble
) -> None:
    buyer, _, order, intent = bought(paid, account)
    made = account.refund_by_hand(intent, 679)
    tell(paid, *account.webhook("refund.created", made, event_id=event()))
    known = only_order(paid, buyer)
    assert (known.status, cents(known.payment.refunded)) == (pb.Order.CONFIRMED, 679)
    assert cents(refund(paid, order.id).amount) == 1000
    assert of(paid, order.id) == [("GATEWAY", "SUCCEEDED", 679), ("SHOP", "SUCCEEDED", 1000)]
    assert only_order(paid, buyer).status == pb.Order.REFUNDED
    assert account.refunded(intent) == 1679


def test_a_refund_at_stripe_that_no_event_told_of_is_counted_before_the_shop_decides(
    paid: RunningShop, account: StripeDouble
) -> None:
    buyer, _, order, intent = bought(paid, account)
    account.refund_by_hand(intent, 679)
    assert cents(refund(paid, order.id).amount) == 1000
    assert of(paid, order.id) == [("GATEWAY", "SUCCEEDED", 679), ("SHOP", "SUCCEEDED", 1000)]
    assert only_order(paid, buyer).status == pb.Order.REFUNDED


def test_a_cancellation_after_an_untold_refund_at_stripe_ends_with_what_moved(
    paid: RunningShop, account: StripeDouble
) -> None:
    buyer, _, order, intent = bought(paid, account)
    account.refund_by_hand(intent, 1679)
    request = refund_service_pb2.CancelOrderRequest(order_id=order.id)
    paid.refunds.CancelOrder(request, metadata=buyer.metadata)
    known = only_order(paid, buyer)
    assert (known.status, cents(known.payment.refunded)) == (pb.Order.CANCELLED, 1679)
    assert of(paid, order.id) == [("SHOP", "FAILED", 1679), ("GATEWAY", "SUCCEEDED", 1679)]
    assert alerts(paid, order.id) == ["REFUND_FAILED"]


def test_a_refund_that_is_under_way_at_stripe_stops_the_parcel_and_is_not_refunded_yet(
    paid: RunningShop, account: StripeDouble
) -> None:
    buyer, _, order, intent = bought(paid, account)
    made = account.refund_by_hand(intent, 1679, status="pending")
    tell(paid, *account.webhook("refund.created", made, event_id=event()))
    assert only_order(paid, buyer).status == pb.Order.CONFIRMED
    answer = refused(paid.move, order.id, pb.Order.PROCESSING)
    assert (answer.code, answer.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "ORDER_PAID_BACK")
    account.refunds[made]["status"] = "succeeded"
    paid.sql("UPDATE refunds SET next_attempt_at = created_at WHERE order_id = :id", id=order.id)
    paid.run(paid.app.rooms.refund.refunds.process_pending())  # though its event never came
    assert only_order(paid, buyer).status == pb.Order.REFUNDED


def test_a_refund_at_stripe_that_fails_gives_the_order_back(paid: RunningShop, account: StripeDouble) -> None:
    buyer, _, order, intent = bought(paid, account)
    made = account.refund_by_hand(intent, 1679, status="pending")
    tell(paid, *account.webhook("refund.created", made, event_id=event()))
    account.fail_refund(made)
    tell(paid, *account.webhook("refund.failed", made, event_id=event()))
    tell(paid, *account.webhook("refund.created", made, event_id=event()))  # late
    assert of(paid, order.id) == [("GATEWAY", "FAILED", 1679)]
    assert cents(payment(paid, buyer, order.id).refunded) == 0
    assert paid.move(order.id, pb.Order.PROCESSING).status == pb.Order.PROCESSING


def test_an_order_is_refunded_when_its_money_moved_and_not_before(
    paid: RunningShop, account: StripeDouble
) -> None:
    buyer, product_id, order, intent = bought(paid, account)
    account.refund_status = "pending"
    assert refund(paid, order.id).status == Refund.PENDING
    assert (only_order(paid, buyer).status, stock_of(paid, product_id)) == (pb.Order.CONFIRMED, 4)
    assert refused(paid.move, order.id, pb.Order.PROCESSING).reason == "ORDER_PAID_BACK"
    [made] = account.refunds_of(intent)
    made["status"] = "succeeded"
    tell(paid, *account.webhook("refund.updated", made["id"], event_id=event()))
    assert (only_order(paid, buyer).status, stock_of(paid, product_id)) == (pb.Order.REFUNDED, 5)


def test_a_refund_that_the_gateway_refuses_leaves_the_order_as_it_was(
    paid: RunningShop, account: StripeDouble
) -> None:
    buyer, _, order, _ = bought(paid, account)
    account.refusing["refund"] = "something_new"
    assert refund(paid, order.id).status == Refund.FAILED
    known = only_order(paid, buyer)
    assert (known.status, cents(known.payment.refunded)) == (pb.Order.CONFIRMED, 0)
    account.refusing.clear()
    assert paid.move(order.id, pb.Order.PROCESSING).status == pb.Order.PROCESSING


def test_a_refund_reported_before_its_payment_is_taken_after_it(
    paid: RunningShop, account: StripeDouble
) -> None:
    buyer, order, intent = waiting(paid, account)
    account.succeed(intent["id"])
    made = account.refund_by_hand(intent["id"], 679)
    tell(paid, *account.webhook("refund.created", made, event_id=event()))
    tell(paid, *account.webhook("payment_intent.succeeded", intent["id"], event_id=event()))
    known = only_order(paid, buyer)
    assert (known.status, cents(known.payment.refunded)) == (pb.Order.CONFIRMED, 679)
    assert of(paid, order.id) == [("GATEWAY", "SUCCEEDED", 679)]


def test_a_refund_of_another_payment_is_told_and_counts_for_nothing(
    paid: RunningShop, account: StripeDouble
) -> None:
    buyer, _, order, _ = bought(paid, account)
    thing = {"id": "re_x", "payment_intent": "pi_nobody", "amount": 1679, "currency": "usd"}
    thing |= {"status": "succeeded", "metadata": {"order": order.number}}
    assert not tell(paid, *account.signed("refund.created", thing, event_id=event()))
    assert (of(paid, order.id), alerts(paid, order.id)) == ([], ["OTHER_PAYMENT"])
    assert only_order(paid, buyer) == order


def test_what_a_refund_at_stripe_pays_back_is_written_to_the_buyer(
    paid: RunningShop, account: StripeDouble
) -> None:
    _, _, order, intent = bought(paid, account)
    made = account.refund_by_hand(intent, 679)
    tell(paid, *account.webhook("refund.created", made, event_id=event()))
    rows = paid.sql(
        "SELECT payload FROM events WHERE topic = 'order' AND key = :key ORDER BY id DESC", key=str(order.id)
    )
    payload = rows[0].payload if isinstance(rows[0].payload, dict) else json.loads(rows[0].payload)
    assert payload["refund"]["amount_minor"] == 679


# Disputes


def test_a_dispute_stops_the_parcel_shows_on_the_order_and_is_lost(
    paid: RunningShop, account: StripeDouble
) -> None:
    buyer, product_id, order, intent = bought(paid, account)
    made = account.dispute(intent)
    created = account.webhook("charge.dispute.created", made, event_id=event())
    assert [tell(paid, *created), tell(paid, *created)] == [False, True]
    known = only_order(paid, buyer)
    assert (known.status, known.dispute.status) == (pb.Order.CONFIRMED, Dispute.OPEN)
    assert (cents(known.dispute.amount), known.dispute.reason) == (1679, "product_not_received")
    assert (known.dispute.gateway_id, known.dispute.respond_by.seconds) == (made, 1893456000)
    assert of(paid, order.id) == [("DISPUTE", "PENDING", 1679)]
    cancel = refund_service_pb2.CancelOrderRequest(order_id=order.id)
    for call, arguments in (
        (paid.move, (order.id, pb.Order.PROCESSING)),
        (refund, (paid, order.id)),
        (lambda: paid.refunds.CancelOrder(cancel, metadata=buyer.metadata), ()),
    ):
        answer = refused(call, *arguments)
        assert (answer.code, answer.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "ORDER_DISPUTED")

    account.decide(made, "lost")
    tell(paid, *account.webhook("charge.dispute.closed", made, event_id=event()))
    tell(paid, *created)  # late
    known = only_order(paid, buyer)
    assert (known.status, known.dispute.status) == (pb.Order.REFUNDED, Dispute.LOST)
    assert known.dispute.HasField("close_time")
    assert of(paid, order.id) == [("DISPUTE", "SUCCEEDED", 1679)]
    assert stock_of(paid, product_id) == 5
    assert alerts(paid, order.id) == ["DISPUTE_OPENED", "DISPUTE_LOST"]


def test_a_dispute_that_the_shop_wins_lets_the_order_go_on(paid: RunningShop, account: StripeDouble) -> None:
    buyer, _, order, intent = bought(paid, account)
    paid.move(order.id, pb.Order.PROCESSING)
    made = account.dispute(intent)
    tell(paid, *account.webhook("charge.dispute.created", made, event_id=event()))
    assert refused(paid.move, order.id, pb.Order.SHIPPED).reason == "ORDER_DISPUTED"
    account.decide(made, "won")
    tell(paid, *account.webhook("charge.dispute.closed", made, event_id=event()))
    known = only_order(paid, buyer)
    assert (known.dispute.status, cents(known.payment.refunded)) == (Dispute.WON, 0)
    assert of(paid, order.id) == [("DISPUTE", "FAILED", 1679)]
    assert paid.move(order.id, pb.Order.SHIPPED).status == pb.Order.SHIPPED
    assert alerts(paid, order.id) == ["DISPUTE_OPENED", "DISPUTE_WON"]
    assert cents(refund(paid, order.id).amount) == 1679


@pytest.mark.parametrize("order_of_events", list(itertools.permutations(range(3))))
def test_disputes_reported_in_any_order_end_alike(
    paid: RunningShop, account: StripeDouble, order_of_events: tuple[int, ...]
) -> None:
    buyer, _, order, intent = bought(paid, account)
    made = account.dispute(intent)
    told = [account.webhook("charge.dispute.created", made, event_id=event())]
    account.decide(made, "under_review")
    told.append(account.webhook("charge.dispute.updated", made, event_id=event()))
    account.decide(made, "lost")
    told.append(account.webhook("charge.dispute.closed", made, event_id=event()))
    for place in (*order_of_events, *order_of_events):
        tell(paid, *told[place])
    known = only_order(paid, buyer)
    assert (known.status, known.dispute.status) == (pb.Order.REFUNDED, Dispute.LOST)
    assert of(paid, order.id) == [("DISPUTE", "SUCCEEDED", 1679)]


def test_a_dispute_over_a_part_takes_a_part(paid: RunningShop, account: StripeDouble) -> None:
    buyer, _, order, intent = bought(paid, account)
    made = account.dispute(intent, 600)
    tell(paid, *account.webhook("charge.dispute.created", made, event_id=event()))
    assert refused(paid.move, order.id, pb.Order.PROCESSING).reason == "ORDER_DISPUTED"
    account.decide(made, "lost")
    tell(paid, *account.webhook("charge.dispute.closed", made, event_id=event()))
    assert (only_order(paid, buyer).status, of(paid, order.id)) == (
        pb.Order.CONFIRMED,
        [("DISPUTE", "SUCCEEDED", 600)],
    )
    assert paid.move(order.id, pb.Order.PROCESSING).status == pb.Order.PROCESSING


def test_a_bank_that_only_asks_takes_no_money_but_stops_the_parcel(
    paid: RunningShop, account: StripeDouble
) -> None:
    buyer, _, order, intent = bought(paid, account)
    made = account.dispute(intent, status="warning_needs_response")
    tell(paid, *account.webhook("charge.dispute.created", made, event_id=event()))
    known = only_order(paid, buyer)
    assert (known.dispute.status, of(paid, order.id)) == (Dispute.OPEN, [])
    assert refused(paid.move, order.id, pb.Order.PROCESSING).reason == "ORDER_DISPUTED"
    account.decide(made, "warning_closed")
    tell(paid, *account.webhook("charge.dispute.closed", made, event_id=event()))
    assert only_order(paid, buyer).dispute.status == Dispute.WON
    assert paid.move(order.id, pb.Order.PROCESSING).status == pb.Order.PROCESSING


def test_a_dispute_of_an_untold_amount_has_none(paid: RunningShop, account: StripeDouble) -> None:
    buyer, _, order, intent = bought(paid, account)
    made = account.dispute(intent)
    del account.disputes[made]["amount"]
    tell(paid, *account.webhook("charge.dispute.created", made, event_id=event()))
    known = only_order(paid, buyer)
    assert (known.dispute.status, of(paid, order.id)) == (Dispute.OPEN, [])
    assert not known.dispute.HasField("amount")


def test_a_dispute_beside_a_refund_takes_only_what_is_left(paid: RunningShop, account: StripeDouble) -> None:
    buyer, _, order, intent = bought(paid, account)
    made = account.refund_by_hand(intent, 679)
    tell(paid, *account.webhook("refund.created", made, event_id=event()))
    dispute = account.dispute(intent, 1679)
    account.decide(dispute, "lost")
    tell(paid, *account.webhook("charge.dispute.closed", dispute, event_id=event()))
    assert of(paid, order.id) == [("GATEWAY", "SUCCEEDED", 679), ("DISPUTE", "SUCCEEDED", 1000)]
    assert only_order(paid, buyer).status == pb.Order.REFUNDED


def test_a_dispute_of_another_payment_touches_no_order(paid: RunningShop, account: StripeDouble) -> None:
    buyer, _, order, _ = bought(paid, account)
    thing = {"id": "dp_x", "payment_intent": "pi_nobody", "amount": 1679, "currency": "usd"}
    thing |= {"status": "needs_response", "metadata": {"order": order.number}, "reason": "fraudulent"}
    assert not tell(paid, *account.signed("charge.dispute.created", thing, event_id=event()))
    assert alerts(paid, order.id) == ["OTHER_PAYMENT"]
    assert only_order(paid, buyer) == order


def test_a_list_of_orders_shows_the_dispute_of_each(paid: RunningShop, account: StripeDouble) -> None:
    buyer, product_id, order, intent = bought(paid, account)
    paid.add(buyer, product_id)
    paid.checkout(buyer, payment_token="pm_card_visa")
    made = account.dispute(intent)
    tell(paid, *account.webhook("charge.dispute.created", made, event_id=event()))
    items = paid.placed_by(buyer)
    assert {one.id: one.HasField("dispute") for one in items if one.id == order.id} == {order.id: True}
    assert sum(one.HasField("dispute") for one in items) == 1
    account.decide(made, "won")
    tell(paid, *account.webhook("charge.dispute.closed", made, event_id=event()))


def test_what_stripe_reports_is_a_change_for_those_who_follow_the_shop(
    paid: RunningShop, account: StripeDouble
) -> None:
    buyer, order, unpaid = waiting(paid, account)
    assert only_order(paid, buyer) == order, "with the id of its payment"
    account.succeed(unpaid["id"])
    tell(paid, *account.webhook("payment_intent.succeeded", unpaid["id"], event_id=event()))
    times = [order.update_time.ToNanoseconds(), only_order(paid, buyer).update_time.ToNanoseconds()]
    made = account.refund_by_hand(unpaid["id"], 100)
    tell(paid, *account.webhook("refund.created", made, event_id=event()))
    times.append(only_order(paid, buyer).update_time.ToNanoseconds())
    disputed = account.dispute(unpaid["id"], 600)
    tell(paid, *account.webhook("charge.dispute.created", disputed, event_id=event()))
    times.append(only_order(paid, buyer).update_time.ToNanoseconds())
    account.decide(disputed, "won")
    tell(paid, *account.webhook("charge.dispute.closed", disputed, event_id=event()))
    times.append(only_order(paid, buyer).update_time.ToNanoseconds())
    assert sorted(set(times)) == times


# Who is told


def test_the_shops_keeper_is_written_of_what_waits_for_a_person_once(
    paid: RunningShop, account: StripeDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, order, intent = waiting(paid, account)
    thing = intent | {"id": "pi_else", "status": "succeeded", "amount_received": intent["amount"]}
    tell(paid, *account.signed("payment_intent.succeeded", thing, event_id=event()))
    mails = paid.app.rooms.mail.outbox
    paid.run(mails.tell_of_payments())  # without MAIL_ADMIN nobody is written
    assert paid.sql("SELECT 1 FROM mails WHERE kind = 'payment_alert'") == []
    monkeypatch.setattr(mails, "_admin", "keeper@shop.test")
    paid.run(mails.tell_of_payments())
    paid.run(mails.tell_of_payments())
    [sealed] = paid.sql("SELECT key, recipient, plain, html FROM mails WHERE kind = 'payment_alert'")
    mail = opened(paid.app.core.vault, sealed)
    assert mail.recipient == "keeper@shop.test"
    assert order.number in mail.plain
    assert "pi_else" in mail.html
    assert sound(paid)


def test_alerts_are_listed_until_a_person_closes_them(paid: RunningShop, account: StripeDouble) -> None:
    _, order, intent = waiting(paid, account)
    for number in range(3):
        thing = intent | {
            "id": f"pi_list_{number}",
            "status": "succeeded",
            "amount_received": intent["amount"],
        }
        tell(paid, *account.signed("payment_intent.succeeded", thing, event_id=event()))

    def listed(include_closed: bool = False) -> list[payment_pb2.PaymentAlert]:
        def read(token: str) -> payment_pb2.ListPaymentAlertsResponse:
            request = payment_pb2.ListPaymentAlertsRequest(
                page_size=2, page_token=token, include_closed=include_closed
            )
            return paid.payments.ListPaymentAlerts(request, metadata=paid.admin.metadata)

        return [one for page in page_by_page(read) for one in page.items if one.order_id == order.id]

    found = listed()
    assert [one.gateway_id for one in found] == ["pi_list_2", "pi_list_1", "pi_list_0"]
    assert {one.kind for one in found} == {payment_pb2.PaymentAlert.OTHER_PAYMENT}
    assert order.number in found[0].message
    close = payment_pb2.ClosePaymentAlertRequest(alert_id=found[0].id)
    closed = paid.payments.ClosePaymentAlert(close, metadata=paid.admin.metadata)
    assert closed.HasField("close_time")
    assert paid.payments.ClosePaymentAlert(close, metadata=paid.admin.metadata) == closed
    assert listed() == found[1:]
    assert listed(include_closed=True) == [closed, *found[1:]]
    for alert in (closed, found[1]):
        request = payment_pb2.GetPaymentAlertRequest(alert_id=alert.id)
        assert paid.payments.GetPaymentAlert(request, metadata=paid.admin.metadata) == alert
    for rpc, absent in (
        (paid.payments.GetPaymentAlert, payment_pb2.GetPaymentAlertRequest(alert_id=10**12)),
        (paid.payments.ClosePaymentAlert, payment_pb2.ClosePaymentAlertRequest(alert_id=10**12)),
    ):
        answer = refused(rpc, absent, metadata=paid.admin.metadata)
        assert answer.reason == "PAYMENT_ALERT_NOT_FOUND"
