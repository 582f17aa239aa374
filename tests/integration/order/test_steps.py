"""What the steps of an order say to programs, by code and facts, and to people, in their language."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sanset.v1 import order_pb2 as pb
from sanset.v1 import tracking_pb2
from sanset.v1.payment_pb2 import Payment
from support.cart_shop import buyer_of
from support.refund_story import (
    approve,
    ask_return,
    bought,
    cancel,
    delivered,
    receive,
    refund,
    refunds,
    reject,
    units,
    usd,
)
from support.running_shop import Account, RunningShop, refused

pytestmark = pytest.mark.either

GERMAN = ("accept-language", "de")


def steps(
    shop: RunningShop, who: Account, order_id: int, *metadata: tuple[str, str]
) -> Sequence[pb.OrderEvent]:
    """The steps of an order."""
    request = tracking_pb2.GetTrackingRequest(order_id=order_id)
    return shop.orders.GetTracking(request, metadata=(*who.metadata, *metadata)).events


def codes(events: Sequence[pb.OrderEvent]) -> list[str]:
    """What happened, in order."""
    return [pb.OrderEvent.Code.Name(event.code) for event in events]


def test_the_way_of_an_order_to_its_buyer(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (5, 0, 2))
    shop.move(order.id, pb.Order.PROCESSING, message="Maya packs it.", location="Hall 2")
    for number in ("11", "22"):
        parcel = pb.Shipment(carrier="DHL", tracking_number=number, items=units(order, 1))
        shop.move(order.id, pb.Order.SHIPPED, shipment=parcel)
    parcel = pb.Shipment(id=1, carrier="DHL", tracking_number="12", items=units(order, 1))
    shop.move(order.id, pb.Order.SHIPPED, shipment=parcel)
    shop.move(order.id, pb.Order.DELIVERED)
    events = steps(shop, buyer, order.id)
    assert codes(events) == [
        *("PLACED", "PAID", "PACKING", "SHIPPED", "PARCEL_SHIPPED", "PARCEL_CORRECTED", "DELIVERED")
    ]
    assert [event.shipment_id for event in events] == [0, 0, 0, 1, 2, 1, 0]
    assert (events[2].message, events[2].comment) == ("Maya packs it.", "Maya packs it.")
    german = [event.message for event in steps(shop, buyer, order.id, GERMAN)]
    assert german[1:4] == [
        "Ihre Zahlung ist eingegangen, und Ihre Bestellung ist bestätigt.",
        "Maya packs it.",
        "Ihre Bestellung ist unterwegs.",
    ]


def test_a_stream_says_the_same_as_the_snapshot(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (5, 0, 1))
    cancel(shop, buyer, order.id)
    request = tracking_pb2.TrackOrderRequest(order_id=order.id)
    stream = shop.orders.TrackOrder(request, metadata=(*buyer.metadata, GERMAN), timeout=60)
    streamed = [message.event for message in stream if message.HasField("event")]
    assert streamed == list(steps(shop, buyer, order.id, GERMAN))


@pytest.mark.parametrize(("by_staff", "who"), [(False, "BUYER"), (True, "STAFF")])
def test_a_cancellation_names_who_cancelled_and_what_goes_back(
    shop: RunningShop, by_staff: bool, who: str
) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (5, 0, 1))
    cancel(shop, shop.admin if by_staff else buyer, order.id)
    (paid_back,) = refunds(shop, buyer, order.id)
    step = next(one for one in steps(shop, buyer, order.id) if one.code == pb.OrderEvent.CANCELLED)
    assert pb.OrderEvent.Canceller.Name(step.cancelled_by) == who
    assert (step.refund_id, step.amount) == (paid_back.id, order.totals.total)
    text = f"{order.totals.total.units}.{order.totals.total.nanos // 10_000_000:02} USD"
    assert step.message == f"Your order was cancelled. {text} goes back to you."
    german = next(one for one in steps(shop, buyer, order.id, GERMAN) if one.code == step.code)
    assert german.message == f"Ihre Bestellung wurde storniert. {text} gehen an Sie zurück."


def test_a_declined_payment_has_the_code_of_its_decline(shop: RunningShop) -> None:
    buyer, _ = buyer_of(shop, 1000, 2)
    refused(lambda *_, **__: shop.checkout(buyer, payment_token="tok_decline_expired"), pb.Order())
    (order,) = shop.placed_by(buyer)
    last = steps(shop, buyer, order.id)[-1]
    assert (last.code, last.decline_code) == (pb.OrderEvent.PAYMENT_DECLINED, Payment.EXPIRED)
    assert last.cancelled_by == pb.OrderEvent.SHOP


def test_refunds_and_returns_name_their_amounts_and_units(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = delivered(shop, bought(shop, buyer, (5, 0, 3)))
    part = refund(shop, order.id, amount=usd("1.00"))
    refused_return = ask_return(shop, buyer, order.id, units(order, 1))
    reject(shop, refused_return.id)
    returned = ask_return(shop, buyer, order.id, units(order, 2))
    approve(shop, returned.id)
    receive(shop, returned.id)
    events = [one for one in steps(shop, buyer, order.id) if one.sequence > 5]
    assert codes(events) == [
        *("REFUND_STARTED", "RETURN_REQUESTED", "RETURN_REJECTED"),
        *("RETURN_REQUESTED", "RETURN_APPROVED", "RETURN_RECEIVED"),
    ]
    assert (events[0].refund_id, events[0].amount) == (part.id, usd("1.00"))
    assert [one.return_id for one in events[1:]] == [refused_return.id] * 2 + [returned.id] * 3
    assert [one.return_quantity for one in events] == [0, 1, 1, 2, 2, 2]
    assert events[5].refund_id > 0
    german = steps(shop, buyer, order.id, GERMAN)
    assert german[events[2].sequence - 1].message == "Ihre Rückgabe wurde abgelehnt: It was worn."
    assert german[events[2].sequence - 1].comment == "It was worn."


def test_a_step_of_an_earlier_release_can_be_read(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = bought(shop, buyer, (5, 0, 1))
    shop.sql("UPDATE order_events SET code = '', facts = NULL WHERE order_id = :id", id=order.id)
    step = steps(shop, buyer, order.id, GERMAN)[0]
    assert step.code == pb.OrderEvent.CODE_UNSPECIFIED
    assert step.message == "Ihre Bestellung ist eingegangen und wartet auf die Zahlung."


def test_a_step_in_the_words_of_a_later_release_can_be_read(shop: RunningShop) -> None:
    buyer, _ = buyer_of(shop, 1000, 2)
    refused(lambda *_, **__: shop.checkout(buyer, payment_token="tok_decline_expired"), pb.Order())
    (order,) = shop.placed_by(buyer)
    shop.sql("UPDATE payments SET decline_code = 'CARD_EATEN' WHERE order_id = :id", id=order.id)
    facts = '{"decline_code": "CARD_EATEN", "cancelled_by": "ROBOT"}'
    shop.sql("UPDATE order_events SET facts = :facts WHERE order_id = :id", facts=facts, id=order.id)
    last = steps(shop, buyer, order.id)[-1]
    assert (last.decline_code, last.cancelled_by) == (Payment.OTHER, pb.OrderEvent.CANCELLER_UNSPECIFIED)
    assert shop.placed_by(buyer)[0].payment.decline_code == Payment.OTHER
