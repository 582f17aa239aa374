"""Payments through the public interface, on both databases: tokens, repeats, late captures, webhooks, sweeps."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from sanset.v1 import order_pb2 as pb
from sanset.v1 import payment_pb2, tracking_pb2
from support.cart_shop import buyer_of, cart_of, cents, refused, stock_of
from support.payment_shop import (
    charged,
    eventually,
    let_die,
    let_expire,
    only_order,
    payment,
    report,
    sound,
    stuck,
    sweep,
    tell,
)
from support.running_shop import RunningShop, refusal, test_settings
from support.running_shop import refused as refused_call

from server.crypto.keys import derived_key
from server.crypto.ring import KeyRing
from server.crypto.vault import Cell, Vault
from server.payment.in_house import gateway_id_of

pytestmark = pytest.mark.either


@pytest.fixture(scope="module")
def brisk_shop(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A shop that soon gives a payment up; in the end every invariant holds."""
    home: Path = tmp_path_factory.mktemp("brisk")
    shop = RunningShop(test_settings(module_database_url, home, payment_timeout_seconds=0.3))
    yield shop
    sound(shop)
    shop.stop()


@pytest.fixture
def brisk(brisk_shop: RunningShop) -> Iterator[RunningShop]:
    """The same; afterwards no order waits for its payment."""
    yield brisk_shop
    for order_id, *_ in brisk_shop.sql("SELECT id FROM orders WHERE status = 'PENDING_PAYMENT'"):
        let_expire(brisk_shop, order_id)
    sweep(brisk_shop)


# What GetPayment tells


def test_the_payment_of_an_order_is_told(brisk: RunningShop) -> None:
    buyer, _ = buyer_of(brisk)
    order = brisk.checkout(buyer).order
    told = payment(brisk, buyer, order.id)
    assert told == order.payment
    assert (told.gateway, told.status, told.captured) == (
        "demo",
        payment_pb2.Payment.CAPTURED,
        order.totals.total,
    )
    assert (told.refunded.units, told.decline_message) == (0, "")
    assert told.gateway_id
    assert payment(brisk, brisk.admin, order.id) == told


def test_the_payment_of_anothers_order_is_not_found(brisk: RunningShop) -> None:
    order = brisk.order()
    request = payment_pb2.GetPaymentRequest(order_id=order.id)
    answer = refused_call(brisk.payments.GetPayment, request, brisk.customer())
    assert (answer.code, answer.reason) == (grpc.StatusCode.NOT_FOUND, "ORDER_NOT_FOUND")


def test_why_a_payment_was_declined_is_told_also_to_a_repeat(brisk: RunningShop) -> None:
    buyer, _ = buyer_of(brisk)
    request_id = str(uuid.uuid4())
    first = refused(brisk, buyer, payment_token="tok_decline", request_id=request_id)
    assert first.reason == "PAYMENT_DECLINED"
    assert first.message.startswith("The card was declined. ")
    assert refused(brisk, buyer, payment_token="tok_decline", request_id=request_id) == first
    told = payment(brisk, buyer, only_order(brisk, buyer).id)
    assert (told.status, told.decline_message) == (payment_pb2.Payment.DECLINED, "The card was declined.")
    assert told.captured.units == 0


def test_the_token_is_forgotten_once_the_payment_is_settled(brisk: RunningShop) -> None:
    buyer, _ = buyer_of(brisk)
    order = brisk.checkout(buyer, payment_token="tok_fine").order
    assert [
        row.token for row in brisk.sql("SELECT token FROM payments WHERE order_id = :id", id=order.id)
    ] == [""]


def test_a_token_that_another_key_sealed_charges_nothing(brisk: RunningShop) -> None:
    """SECRET_KEY was changed while the order was being paid."""
    buyer, product_id, order, request_id = stuck(brisk)
    [row] = brisk.sql("SELECT token FROM payments WHERE order_id = :id", id=order.id)
    assert row.token != "tok_timeout"
    other = Vault(KeyRing([b"another secret"])).seal_token("tok_fine", Cell("", 0), buyer.user_id)
    brisk.sql("UPDATE payments SET token = :other WHERE order_id = :id", other=other, id=order.id)
    let_die(brisk, order.id)
    assert (
        refused(brisk, buyer, request_id=request_id, payment_token="tok_timeout").reason
        == "PAYMENT_UNAVAILABLE"
    )
    let_expire(brisk, order.id)
    sweep(brisk)
    assert only_order(brisk, buyer).status == pb.Order.CANCELLED
    assert cart_of(brisk, buyer) == {product_id: 1}


@pytest.mark.parametrize(
    "number", ["4111111111111111", "4111-1111-1111-1111", "tok_5500005555555559", "41111111111111111227123"]
)
def test_a_card_number_is_refused_and_not_repeated(brisk: RunningShop, number: str) -> None:
    buyer, product_id = buyer_of(brisk)
    answer = refused(brisk, buyer, payment_token=number)
    assert (answer.code, answer.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "CARD_NUMBER_REFUSED")
    assert number not in str(answer)
    assert cart_of(brisk, buyer) == {product_id: 1}


@pytest.mark.parametrize("token", ["4111111111111112", "pm_1MqLiJLkdIwHu7ixUEgbFdYl", "123456789012"])
def test_a_token_that_is_no_card_number_passes(brisk: RunningShop, token: str) -> None:
    buyer, _ = buyer_of(brisk)
    assert brisk.checkout(buyer, payment_token=token).order.status == pb.Order.CONFIRMED


# Gateways that do not answer


def test_what_was_charged_without_an_answer_is_confirmed_by_a_repeat(brisk: RunningShop) -> None:
    buyer, product_id, order, request_id = stuck(brisk, "tok_late")
    let_die(brisk, order.id)
    again = brisk.checkout(buyer, request_id=request_id, payment_token="tok_late").order
    assert (again.id, again.status) == (order.id, pb.Order.CONFIRMED)
    assert charged(brisk, order.number) == [("CAPTURED", cents(order.payment.amount), 0)]
    assert stock_of(brisk, product_id) == 4


def test_what_was_charged_without_an_answer_is_confirmed_by_the_gateways_report(brisk: RunningShop) -> None:
    buyer, _, order, request_id = stuck(brisk, "tok_late")
    eventually(lambda: only_order(brisk, buyer).status == pb.Order.CONFIRMED)
    # The report stored the reply: a repeat neither waits for a lease nor asks the gateway
    again = brisk.checkout(buyer, request_id=request_id, payment_token="tok_late", timeout=2)
    assert (again.order_id, again.order.status) == (order.id, pb.Order.CONFIRMED)


def test_what_was_reported_twice_is_confirmed_once(brisk: RunningShop) -> None:
    buyer, _ = buyer_of(brisk)
    order = brisk.checkout(buyer, payment_token="tok_twice").order
    assert order.status == pb.Order.CONFIRMED
    eventually(
        lambda: len(brisk.sql("SELECT 1 FROM payment_events WHERE charge_key = :key", key=order.number)) == 1
    )
    tracking = brisk.orders.GetTracking(
        tracking_pb2.GetTrackingRequest(order_id=order.id), metadata=buyer.metadata
    )
    assert [step.status for step in tracking.events] == [pb.Order.PENDING_PAYMENT, pb.Order.CONFIRMED]
    assert len(charged(brisk, order.number)) == 1


def test_the_sweeper_confirms_what_a_dead_checkout_had_charged(brisk: RunningShop) -> None:
    buyer, _, order, request_id = stuck(brisk, "tok_late")
    sweep(brisk)  # the lease still runs: whoever holds it may be at work
    let_die(brisk, order.id)
    sweep(brisk)
    assert only_order(brisk, buyer).status == pb.Order.CONFIRMED
    assert brisk.checkout(buyer, request_id=request_id, payment_token="tok_late").order_id == order.id


def test_the_sweeper_leaves_what_may_still_be_paid(brisk: RunningShop) -> None:
    buyer, _, order, _ = stuck(brisk)
    let_die(brisk, order.id)
    sweep(brisk)
    held = only_order(brisk, buyer)
    assert (held.status, held.payment.status) == (pb.Order.PENDING_PAYMENT, payment_pb2.Payment.PENDING)
    assert held.HasField("reserved_until")


def test_what_was_not_paid_in_time_is_given_up(brisk: RunningShop) -> None:
    buyer, product_id, order, request_id = stuck(brisk)
    assert stock_of(brisk, product_id) == 4
    let_expire(brisk, order.id)
    sweep(brisk)
    ended = only_order(brisk, buyer)
    assert (ended.status, ended.payment.status) == (pb.Order.CANCELLED, payment_pb2.Payment.VOIDED)
    assert (stock_of(brisk, product_id), cart_of(brisk, buyer)) == (5, {product_id: 1})
    assert charged(brisk, order.number) == [("CANCELLED", 0, 0)]
    answer = refused(brisk, buyer, request_id=request_id, payment_token="tok_timeout")
    assert answer.reason == "PAYMENT_DECLINED"
    assert answer.message.startswith("The order was not paid in time. ")


def test_a_sweep_that_died_after_it_told_the_gateway_is_carried_on_with_the_same_words(
    brisk: RunningShop,
) -> None:
    buyer, _, order, request_id = stuck(brisk)
    let_expire(brisk, order.id)
    demo = brisk.app.rooms.payment.demo
    assert demo is not None
    brisk.run(demo.cancel(order.number, ""))
    sweep(brisk)
    ended = only_order(brisk, buyer)
    assert (ended.status, ended.payment.status) == (pb.Order.CANCELLED, payment_pb2.Payment.VOIDED)
    answer = refused(brisk, buyer, request_id=request_id, payment_token="tok_timeout")
    assert answer.reason == "PAYMENT_DECLINED"
    assert answer.message.startswith("The order was not paid in time. ")


def test_what_is_given_up_stays_out_of_a_cart_in_another_currency(brisk: RunningShop) -> None:
    buyer, product_id, order, _ = stuck(brisk)
    dearer = brisk.product().id
    brisk.sql("UPDATE products SET currency = 'EUR' WHERE id = :id", id=dearer)
    brisk.add(buyer, dearer)
    let_expire(brisk, order.id)
    sweep(brisk)
    assert only_order(brisk, buyer).status == pb.Order.CANCELLED
    assert (cart_of(brisk, buyer), stock_of(brisk, product_id)) == ({dearer: 1}, 5)


def test_a_gateway_that_is_away_is_asked_again_later(
    brisk: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer, product_id, order, _ = stuck(brisk)
    let_expire(brisk, order.id)
    demo = brisk.app.rooms.payment.demo

    async def away(*_: object) -> None:
        from server.payment.gateway import GatewayAway

        raise GatewayAway("gone")

    with monkeypatch.context() as broken:
        broken.setattr(demo, "find", away)
        sweep(brisk)
    assert only_order(brisk, buyer).status == pb.Order.PENDING_PAYMENT
    sweep(brisk)
    assert (only_order(brisk, buyer).status, stock_of(brisk, product_id)) == (pb.Order.CANCELLED, 5)


@pytest.mark.both
def test_sweepers_and_repeats_beside_each_other_end_every_order_once(brisk: RunningShop) -> None:
    some = [stuck(brisk, "tok_late" if place % 2 else "tok_timeout") for place in range(6)]
    for _, _, order, _ in some:
        let_expire(brisk, order.id)

    def repeat(buyer: Any, request_id: str, token: str) -> str:
        try:
            brisk.checkout(buyer, request_id=request_id, payment_token=token, timeout=10)
        except grpc.RpcError as error:
            return refusal(error).reason
        return "OK"

    with ThreadPoolExecutor(12) as threads:
        sweeps = [threads.submit(sweep, brisk) for _ in range(4)]
        repeats = [
            threads.submit(repeat, buyer, request_id, "tok_late" if place % 2 else "tok_timeout")
            for place, (buyer, _, _, request_id) in enumerate(some)
        ]
        for one in sweeps:
            one.result(timeout=60)
        answers = [one.result(timeout=60) for one in repeats]
    sweep(brisk)
    for place, (buyer, product_id, _, _) in enumerate(some):
        ended = only_order(brisk, buyer)
        late = place % 2
        assert ended.status == (pb.Order.CONFIRMED if late else pb.Order.CANCELLED)
        assert stock_of(brisk, product_id) == (4 if late else 5)
        assert answers[place] in (
            ("OK",) if late else ("PAYMENT_DECLINED", "PAYMENT_UNAVAILABLE", "STILL_RUNNING")
        )


# What gateways report


def test_a_report_that_comes_ten_times_has_one_effect(brisk: RunningShop) -> None:
    buyer, _, order, _ = stuck(brisk)
    body, headers = report(brisk, order.number)
    shop_believes = [tell(brisk, body, headers) for _ in range(10)]
    assert shop_believes == [False] + [True] * 9
    ended = only_order(brisk, buyer)
    assert (ended.status, ended.payment.gateway_id) == (pb.Order.CONFIRMED, gateway_id_of(order.number))
    # Nobody charged it in the books: put right what this test made the shop believe
    _enter(brisk, order)


@pytest.mark.both
def test_ten_reports_at_once_have_one_effect(brisk: RunningShop) -> None:
    buyer, _, order, _ = stuck(brisk)
    _enter(brisk, order)
    webhooks = [report(brisk, order.number, event_id="evt_same")] * 5
    webhooks += [report(brisk, order.number) for _ in range(5)]
    with ThreadPoolExecutor(10) as threads:
        told = list(threads.map(lambda webhook: tell(brisk, *webhook), webhooks))
    assert sum(told) == 4  # the other six are five events of their own, and the first of the same
    tracking = brisk.orders.GetTracking(
        tracking_pb2.GetTrackingRequest(order_id=order.id), metadata=buyer.metadata
    )
    assert [step.status for step in tracking.events] == [pb.Order.PENDING_PAYMENT, pb.Order.CONFIRMED]


def test_a_failure_reported_after_the_success_changes_nothing(brisk: RunningShop) -> None:
    buyer, _ = buyer_of(brisk)
    order = brisk.checkout(buyer).order
    assert not tell(brisk, *report(brisk, order.number, "DECLINED"))
    assert only_order(brisk, buyer) == order


def test_a_failure_that_the_gateway_does_not_know_of_changes_nothing(brisk: RunningShop) -> None:
    buyer, _, order, _ = stuck(brisk)
    assert not tell(brisk, *report(brisk, order.number, "DECLINED"))
    assert only_order(brisk, buyer).status == pb.Order.PENDING_PAYMENT


def test_a_success_after_the_order_was_given_up_is_paid_back(brisk: RunningShop) -> None:
    buyer, product_id, order, _ = stuck(brisk)
    let_expire(brisk, order.id)
    sweep(brisk)
    brisk.sql("DELETE FROM gateway_charges WHERE key = :key", key=order.number)
    _enter(brisk, order)  # a gateway that charged although it was told not to
    body, headers = report(brisk, order.number)
    assert [tell(brisk, body, headers) for _ in range(3)] == [False, True, True]
    tell(brisk, *report(brisk, order.number))  # another event of the same success
    ended = only_order(brisk, buyer)
    assert (ended.status, ended.payment.status) == (pb.Order.CANCELLED, payment_pb2.Payment.CAPTURED)
    assert ended.payment.refunded == ended.payment.captured == order.payment.amount
    assert stock_of(brisk, product_id) == 5
    assert len(brisk.sql("SELECT 1 FROM refunds WHERE order_id = :id", id=order.id)) == 1


def test_a_forged_report_is_refused(brisk: RunningShop) -> None:
    buyer, _, order, _ = stuck(brisk)
    body, headers = report(brisk, order.number)
    [(name, good)] = headers.items()
    moment = good.partition(",")[0]
    other = hmac.new(derived_key(b"x" * 32, "demo gateway webhooks"), body, hashlib.sha256).hexdigest()
    forged: list[tuple[bytes, dict[str, str]]] = [
        (body, {}),
        (body, {name: ""}),
        (body, {name: f"{moment},v1={other}"}),
        (body, {name: good.replace("t=", "t=9")}),
        (body, {name: "t=x,v1=y"}),
        (body.replace(b"captured", b"declined"), headers),
        (body, {"stripe-signature": good}),
        (b"", headers),
    ]
    for sent, with_headers in forged:
        with pytest.raises(grpc.RpcError) as caught:
            tell(brisk, sent, with_headers)
        answer = refusal(caught.value)
        assert (answer.code, answer.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SIGNATURE_INVALID")
    assert only_order(brisk, buyer).status == pb.Order.PENDING_PAYMENT


def test_an_old_signature_is_refused(brisk: RunningShop) -> None:
    _, _, order, _ = stuck(brisk)
    body, headers = report(brisk, order.number)
    key = derived_key(brisk.settings.secret_key.get_secret_value().encode(), "demo gateway webhooks")
    [name] = headers
    moment = str(int(headers[name].partition(",")[0].removeprefix("t=")) - 301)
    signature = hmac.new(key, moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    with pytest.raises(grpc.RpcError) as caught:
        tell(brisk, body, {name: f"t={moment},v1={signature}"})
    assert refusal(caught.value).reason == "SIGNATURE_INVALID"


def test_a_report_of_an_unknown_order_is_taken_without_effect(brisk: RunningShop) -> None:
    assert not tell(brisk, *report(brisk, "SO-00000-00000"))


def test_a_report_that_is_too_large_is_refused(brisk: RunningShop) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        tell(brisk, b"x" * 300_000, {"sanset-demo-signature": "t=1,v1=2"})
    answer = refusal(caught.value)
    assert answer.reason == "REQUEST_TOO_LARGE"


def test_signed_nonsense_is_refused(brisk: RunningShop) -> None:
    demo = brisk.app.rooms.payment.demo
    assert demo is not None
    for body in (b"", b"[]", b"{}", json.dumps({"type": "payment.captured"}).encode()):
        headers = {"sanset-demo-signature": demo._signer.header(body)}
        with pytest.raises(grpc.RpcError) as caught:
            tell(brisk, body, headers)
        assert refusal(caught.value).reason == "SIGNATURE_INVALID"


def _enter(shop: RunningShop, order: pb.Order) -> None:
    """Have the books know a charge that no call of the shop's made."""
    shop.sql(
        "INSERT INTO gateway_charges (key, gateway_id, method, status, amount_minor, refunded_minor, currency, "
        "problem, created_at) SELECT orders.number, :gateway_id, 'CARD', 'CAPTURED', total_minor, 0, currency, "
        "'', placed_at FROM orders WHERE id = :id",
        id=order.id,
        gateway_id=gateway_id_of(order.number),
    )
