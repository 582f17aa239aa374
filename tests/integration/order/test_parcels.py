"""Parcels: who carries them and under which number; nothing is made up, and no estimate lies in the past."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sanset.v1 import order_pb2 as pb
from sanset.v1 import order_service_pb2, refund_service_pb2, tracking_pb2
from sanset.v1.order_pb2 import LineQuantity
from support.module_shop import module_shop as module_shop
from support.payment_shop import sound
from support.refund_story import ask_return, refund, refunded_by, state, stock, try_again
from support.running_shop import RunningShop, refusal, refused

pytestmark = pytest.mark.either

SHIPPED = pb.Order.SHIPPED
DHL = {
    "carrier": "DHL",
    "tracking_number": "00340434161094022115",
    "tracking_url": "https://dhl.test/00340434161094022115",
}


def packed(shop: RunningShop, units: int = 3) -> pb.Order:
    """An order that waits for its carrier."""
    order = shop.order(None, units)
    return shop.move(order.id, pb.Order.PROCESSING)


def ship(shop: RunningShop, order: pb.Order, **fields: Any) -> pb.Order:
    """Hand a parcel over."""
    return shop.move(order.id, SHIPPED, shipment=pb.Shipment(**fields))


def refused_parcel(shop: RunningShop, order: pb.Order, status: int = SHIPPED, **fields: Any) -> list[str]:
    """The fields that are wrong in a parcel."""
    request = order_service_pb2.UpdateOrderStatusRequest(
        order_id=order.id, status=status, shipment=pb.Shipment(**fields)
    )  # type: ignore[arg-type]
    said = refused(shop.orders.UpdateOrderStatus, request, shop.admin)
    assert said.code == grpc.StatusCode.INVALID_ARGUMENT
    return said.fields


def tracking(shop: RunningShop, order: pb.Order) -> pb.Tracking:
    """The steps and parcels of an order."""
    return shop.orders.GetTracking(
        tracking_pb2.GetTrackingRequest(order_id=order.id), metadata=shop.admin.metadata
    )


def one_of(order: pb.Order, units: int) -> LineQuantity:
    """Units of the order's first line."""
    return LineQuantity(variant_id=order.items[0].variant_id, quantity=units)


def test_no_number_is_shown_before_a_carrier_has_given_one(shop: RunningShop) -> None:
    order = packed(shop)
    assert (order.tracking_number, list(order.shipments), order.items[0].shipped_quantity) == ("", [], 0)
    shipped = shop.move(order.id, SHIPPED)
    assert (shipped.tracking_number, list(shipped.shipments), shipped.items[0].shipped_quantity) == (
        "",
        [],
        3,
    )
    assert list(tracking(shop, order).shipments) == []


def test_carrier_number_and_link_are_set_with_the_step_and_shown(shop: RunningShop) -> None:
    order = packed(shop)
    shipped = ship(shop, order, **DHL)
    assert shipped.status == SHIPPED
    assert {name: getattr(shipped.shipments[0], name) for name in DHL} == DHL
    told = tracking(shop, order)
    assert told.tracking_number == DHL["tracking_number"]
    (parcel,) = told.shipments
    assert {name: getattr(parcel, name) for name in DHL} == DHL
    assert (parcel.id, list(parcel.items)) == (1, [])
    assert [event.shipment_id for event in told.events] == [0, 0, 0, 1]
    assert list(shipped.shipments) == [parcel]
    assert parcel.ship_time.seconds > 0


def test_parcels_say_which_units_they_hold_and_hold_each_once(shop: RunningShop) -> None:
    order = packed(shop)
    first = ship(shop, order, **DHL, items=[one_of(order, 2)])
    assert first.items[0].shipped_quantity == 2
    assert refused_parcel(shop, order, tracking_number="2", items=[one_of(order, 2)]) == ["shipment.items"]
    by_product = LineQuantity(product_id=order.items[0].product_id, quantity=1)
    after = ship(shop, order, carrier="UPS", tracking_number="1Z999", items=[by_product])
    assert (after.status, after.shipments[-1].carrier, after.tracking_number) == (SHIPPED, "UPS", "1Z999")
    assert after.items[0].shipped_quantity == 3
    parcels = tracking(shop, order).shipments
    assert [(one.id, one.carrier, [item.quantity for item in one.items]) for one in parcels] == [
        (1, "DHL", [2]),
        (2, "UPS", [1]),
    ]
    assert tracking(shop, order).events[-1].message == "Another parcel of your order is on its way."
    assert refused_parcel(shop, order, tracking_number="3", items=[one_of(order, 1)]) == ["shipment.items"]


def test_a_parcel_can_be_corrected_and_a_repeat_changes_nothing(shop: RunningShop) -> None:
    order = packed(shop)
    first = ship(shop, order, **DHL)
    assert ship(shop, order, **DHL) == first
    corrected = ship(shop, order, id=1, **(DHL | {"tracking_number": "42"}))
    assert (corrected.tracking_number, corrected.etag != first.etag) == ("42", True)
    assert ship(shop, order, id=1, **(DHL | {"tracking_number": "42"})) == corrected
    (parcel,) = tracking(shop, order).shipments
    assert parcel.tracking_number == "42"


def test_beside_a_parcel_that_holds_everything_there_is_no_other(shop: RunningShop) -> None:
    order = packed(shop)
    ship(shop, order, **DHL)
    assert refused_parcel(shop, order, tracking_number="2", items=[one_of(order, 1)]) == ["shipment"]
    ship(shop, order, id=1, **DHL, items=[one_of(order, 2)])
    ship(shop, order, tracking_number="2", items=[one_of(order, 1)])
    assert refused_parcel(shop, order, id=1, **DHL) == ["shipment.items"]
    assert sound(shop)


def test_what_was_paid_back_before_is_not_shipped(shop: RunningShop) -> None:
    order = packed(shop)
    refund(shop, order.id, items=[one_of(order, 1)], restock=True)
    assert refused_parcel(shop, order, **DHL, items=[one_of(order, 3)]) == ["shipment.items"]
    shipped = ship(shop, order, **DHL, items=[one_of(order, 2)])
    assert [item.quantity for item in shipped.shipments[0].items] == [2]


def test_what_was_paid_back_before_is_in_none_of_the_parcels(shop: RunningShop) -> None:
    order = packed(shop, 5)
    refund(shop, order.id, items=[one_of(order, 2)])
    ship(shop, order, **DHL, items=[one_of(order, 2)])
    assert refused_parcel(shop, order, tracking_number="2", items=[one_of(order, 2)]) == ["shipment.items"]
    refund(
        shop, order.id, items=[one_of(order, 1)]
    )  # one of two was broken: its money goes back, it does not
    shipped = ship(shop, order, tracking_number="2", items=[one_of(order, 1)])
    assert shipped.items[0].shipped_quantity == 3
    assert refused_parcel(shop, order, tracking_number="3", items=[one_of(order, 1)]) == ["shipment.items"]
    assert refused_parcel(shop, order, id=2, **DHL, items=[one_of(order, 2)]) == ["shipment.items"]
    assert sound(shop)


def test_what_was_paid_back_before_is_not_in_a_parcel_that_lists_its_units_later(shop: RunningShop) -> None:
    order = packed(shop, 5)
    refund(shop, order.id, items=[one_of(order, 2)])
    assert shop.move(order.id, SHIPPED).items[0].shipped_quantity == 3
    refund(shop, order.id, items=[one_of(order, 1)])
    assert ship(shop, order, **DHL).items[0].shipped_quantity == 3
    assert refused_parcel(shop, order, id=1, **DHL, items=[one_of(order, 4)]) == ["shipment.items"]
    assert ship(shop, order, id=1, **DHL, items=[one_of(order, 3)]).items[0].shipped_quantity == 3


def test_units_of_a_refund_that_failed_can_be_shipped(shop: RunningShop) -> None:
    order = packed(shop, 5)
    with refunded_by(shop, "PENDING"):
        refund(shop, order.id, items=[one_of(order, 2)])
    ship(shop, order, **DHL, items=[one_of(order, 3)])
    assert refused_parcel(shop, order, tracking_number="2", items=[one_of(order, 2)]) == ["shipment.items"]
    with refunded_by(shop, "FAILED"):
        try_again(shop)
    assert ship(shop, order, tracking_number="2", items=[one_of(order, 2)]).items[0].shipped_quantity == 5


def test_a_refund_after_one_that_failed_takes_nothing_out_of_the_parcels(shop: RunningShop) -> None:
    order = packed(shop, 5)
    with refunded_by(shop, "PENDING"):
        refund(shop, order.id, items=[one_of(order, 2)])
    ship(shop, order, **DHL, items=[one_of(order, 3)])
    with refunded_by(shop, "FAILED"):
        try_again(shop)
    ship(shop, order, tracking_number="2", items=[one_of(order, 2)])
    refund(shop, order.id, items=[one_of(order, 1)])
    assert sound(shop)
    corrected = ship(shop, order, id=2, carrier="UPS", tracking_number="2", items=[one_of(order, 2)])
    assert (corrected.shipments[1].carrier, corrected.items[0].shipped_quantity) == ("UPS", 5)


def test_units_of_a_refund_that_failed_can_be_shipped_beside_later_refunds(shop: RunningShop) -> None:
    order = packed(shop, 5)
    with refunded_by(shop, "PENDING"):
        refund(shop, order.id, items=[one_of(order, 2)])
    ship(shop, order, **DHL, items=[one_of(order, 3)])
    refund(shop, order.id, items=[one_of(order, 2)])
    with refunded_by(shop, "FAILED"):
        try_again(shop)
    assert ship(shop, order, tracking_number="2", items=[one_of(order, 2)]).items[0].shipped_quantity == 5
    assert sound(shop)


def test_what_stayed_in_the_house_for_a_refund_that_failed_cannot_be_sent_back(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = shop.order(buyer, 5)
    shop.move(order.id, pb.Order.PROCESSING)
    with refunded_by(shop, "PENDING"):
        refund(shop, order.id, items=[one_of(order, 2)])
    shop.move(order.id, SHIPPED)
    with refunded_by(shop, "FAILED"):
        try_again(shop)
    assert ship(shop, order, **DHL).items[0].shipped_quantity == 3
    shop.move(order.id, pb.Order.DELIVERED)
    assert [item.quantity for item in ask_return(shop, buyer, order.id).items] == [3]
    assert sound(shop)


def test_what_stayed_in_the_house_for_a_refund_that_failed_can_follow_in_a_parcel(shop: RunningShop) -> None:
    order = packed(shop, 5)
    with refunded_by(shop, "PENDING"):
        refund(shop, order.id, items=[one_of(order, 2)])
    shop.move(order.id, SHIPPED)
    with refunded_by(shop, "FAILED"):
        try_again(shop)
    ship(shop, order, **DHL, items=[one_of(order, 3)])
    assert ship(shop, order, tracking_number="2", items=[one_of(order, 2)]).items[0].shipped_quantity == 5


def test_a_refund_that_fails_before_an_order_is_shipped_withholds_nothing(shop: RunningShop) -> None:
    order = packed(shop, 5)
    with refunded_by(shop, "PENDING"):
        refund(shop, order.id, items=[one_of(order, 2)])
    with refunded_by(shop, "FAILED"):
        try_again(shop)
    refund(shop, order.id, items=[one_of(order, 1)])
    ship(shop, order, **DHL, items=[one_of(order, 4)])
    assert refused_parcel(shop, order, tracking_number="2", items=[one_of(order, 1)]) == ["shipment.items"]
    assert sound(shop)


@pytest.mark.both
def test_parcels_and_a_refund_at_once_never_send_what_was_paid_back_before(shop: RunningShop) -> None:
    orders = [packed(shop, 5) for _ in range(4)]

    def send(order: pb.Order, number: str) -> bool:
        try:
            ship(shop, order, tracking_number=number, items=[one_of(order, 4)])
        except grpc.RpcError as error:
            return refusal(error).fields != ["shipment.items"]
        return True

    with ThreadPoolExecutor(3) as threads:
        for order in orders:
            paid = threads.submit(refund, shop, order.id, items=[one_of(order, 2)])
            parcels = [threads.submit(send, order, number) for number in ("1", "2")]
            paid.result()
            assert sum(parcel.result() for parcel in parcels) <= 1
    assert sound(shop)


def test_units_in_no_parcel_go_back_into_stock_when_the_order_ends(shop: RunningShop) -> None:
    order = packed(shop)
    ship(shop, order, **DHL, items=[one_of(order, 2)])
    assert refund(shop, order.id).amount == order.totals.total
    assert (state(shop, order.id), stock(shop, order)) == ("REFUNDED", [98])
    assert sound(shop)


def test_units_in_no_parcel_cannot_be_sent_back(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = shop.order(buyer, 3)
    shop.move(order.id, pb.Order.PROCESSING)
    ship(shop, order, **DHL, items=[one_of(order, 2)])
    shop.move(order.id, pb.Order.DELIVERED)
    request = refund_service_pb2.RequestReturnRequest(
        order_id=order.id, items=[one_of(order, 3)], reason="Too many"
    )
    answer = refused(shop.refunds.RequestReturn, request, buyer)
    assert answer.reason == "NOT_RETURNABLE"
    assert [item.quantity for item in ask_return(shop, buyer, order.id).items] == [2]


def test_a_stream_shows_the_parcels_of_its_steps_before_and_live(shop: RunningShop) -> None:
    order = packed(shop)
    ship(shop, order, **DHL)
    request = tracking_pb2.TrackOrderRequest(order_id=order.id, after_sequence=3)
    stream = shop.orders.TrackOrder(request, metadata=shop.admin.metadata, timeout=30)
    before = next(stream)
    assert (before.event.shipment_id, before.shipment.tracking_number) == (1, DHL["tracking_number"])
    ship(shop, order, id=1, **(DHL | {"tracking_number": "42"}))
    live = next(stream)
    stream.cancel()
    assert (live.event.sequence, live.event.shipment_id, live.shipment.tracking_number) == (5, 1, "42")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, ["shipment"]),
        ({"carrier": "DHL"}, ["shipment"]),
        ({"tracking_number": "<script>"}, ["shipment.tracking_number"]),
        ({"tracking_number": "1\n2"}, ["shipment.tracking_number"]),
        ({"tracking_url": "http://dhl.test/1"}, ["shipment.tracking_url"]),
        ({"tracking_url": "javascript:alert(1)"}, ["shipment.tracking_url"]),
        ({"id": 7, "tracking_number": "1"}, ["shipment.id"]),
        ({"items": [LineQuantity(variant_id=10**12, quantity=1)]}, ["shipment.items"]),
    ],
)
def test_a_parcel_that_makes_no_sense_is_refused(
    shop: RunningShop, fields: dict[str, Any], wrong: list[str]
) -> None:
    order = packed(shop)
    assert refused_parcel(shop, order, **fields) == wrong
    assert tracking(shop, order).status == pb.Order.PROCESSING


def test_a_parcel_goes_with_no_other_step(shop: RunningShop) -> None:
    order = packed(shop)
    assert refused_parcel(shop, order, pb.Order.DELIVERED, **DHL) == ["shipment"]
    shop.move(order.id, SHIPPED)
    shop.move(order.id, pb.Order.DELIVERED)
    request = order_service_pb2.UpdateOrderStatusRequest(
        order_id=order.id, status=SHIPPED, shipment=pb.Shipment(**DHL)
    )
    assert refused(shop.orders.UpdateOrderStatus, request, shop.admin).reason == "ILLEGAL_TRANSITION"


def late(shop: RunningShop, order: pb.Order) -> None:
    """Let a week go by."""
    for column in ("eta", "placed_at", "updated_at"):
        shop.sql(f"UPDATE orders SET {column} = :at WHERE id = :id", at=_days_ago(shop, 7), id=order.id)


def _days_ago(shop: RunningShop, days: int) -> Any:
    moment = datetime.now(UTC) - timedelta(days=days)
    return moment if shop.app.db.engine.dialect.name == "postgresql" else f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def test_an_estimate_is_renewed_when_the_order_is_shipped_late(shop: RunningShop) -> None:
    order = packed(shop)
    late(shop, order)
    shown = shop.orders.GetOrder(
        order_service_pb2.GetOrderRequest(order_id=order.id), metadata=shop.admin.metadata
    )
    assert not shown.HasField("eta"), "one that has passed is not told"
    assert not tracking(shop, order).HasField("eta")
    now = datetime.now(UTC)
    shipped = shop.move(order.id, SHIPPED)
    expected = now + timedelta(days=3)
    assert abs(shipped.eta.ToDatetime(UTC) - expected) < timedelta(minutes=5)
    assert tracking(shop, order).events[-1].eta == shipped.eta


def test_no_step_tells_an_estimate_that_has_passed(shop: RunningShop) -> None:
    order = packed(shop)
    shop.move(order.id, SHIPPED)
    late(shop, order)
    delivered = shop.move(order.id, pb.Order.DELIVERED)
    assert not delivered.HasField("eta")
    events = tracking(shop, order).events
    assert not events[-1].HasField("eta")
    assert all(
        not event.HasField("eta") or event.eta.ToNanoseconds() > event.time.ToNanoseconds()
        for event in events
    )


def test_what_the_staff_promised_stands_until_it_has_passed(shop: RunningShop) -> None:
    order = shop.order()
    promised = Timestamp(seconds=order.eta.seconds - 86_400)
    shop.move(order.id, pb.Order.PROCESSING, eta=promised)
    assert shop.move(order.id, SHIPPED).eta == promised
    request = order_service_pb2.UpdateOrderStatusRequest(
        order_id=order.id, status=pb.Order.DELIVERED, eta=Timestamp(seconds=1_700_000_000)
    )
    assert refused(shop.orders.UpdateOrderStatus, request, shop.admin).fields == ["eta"]
