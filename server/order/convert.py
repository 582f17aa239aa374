"""Between the orders' protobuf messages and plain values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp
from sanset.v1 import order_pb2 as pb
from sanset.v1 import order_service_pb2, payment_pb2, tracking_pb2, user_pb2

from server.cart.convert import line_to_wire, totals_to_wire
from server.catalog.variants.convert import options_to_wire
from server.catalog.variants.options import COLOR, SIZE, value_of
from server.clock import utc_now
from server.crypto.vault import Vault
from server.db.base import AnyRow
from server.errors import FieldReason, InvalidField
from server.etags import etag_of
from server.events.order_steps import Parcel, Step
from server.events.streams import Reconnect
from server.money import Money
from server.order.list_queries import OrderFilter
from server.order.placed import PlacedLine, PlacedOrder, payment_of
from server.order.preview import Preview
from server.order.reserve import Purchase
from server.order.service import NextStep, OrderChanges
from server.order.settlement import METHOD
from server.order.shipments import ParcelDraft, shipped_units
from server.order.status import future_eta
from server.order.steps import code_of, message_of
from server.order.tracking import End, Heartbeat, Message
from server.order.units import NamedUnits
from server.payment.convert import decline_code_to_wire, dispute_to_wire, payment_to_wire
from server.payment.order_payment import OrderPayment
from server.payment.records import OrderDispute
from server.pricing.prices import Totals
from server.repeats.claims import claim_of
from server.rpc.custom_metadata import metadata_of, metadata_to_wire
from server.rpc.updates import masked_values
from server.rpc.wire import money_from_wire, money_to_wire, time_from_wire, time_to_wire
from server.text.languages import requested_language, said, spoken
from server.user.card_numbers import refuse_card_number
from server.user.sealed_addresses import AddressSnapshot, open_snapshot

_SEQUENCE = re.compile(r"[0-9]{1,9}")
_CANCELLERS: Final = dict(pb.OrderEvent.Canceller.items())


def purchase_from_wire(request: order_service_pb2.CheckoutRequest, user_id: int) -> Purchase:
    """What a buyer asks for. Raises CardNumberRefused."""
    refuse_card_number("payment_token", request.payment_token)
    return Purchase(
        user_id=user_id,
        claim=claim_of(user_id, METHOD, request),
        payment_method=payment_pb2.Payment.Method.Name(request.payment_method),
        payment_token=request.payment_token,
        address_id=request.address_id or None,
        delivery_option=delivery_from_wire(request.delivery_option),
        expected_total=_expected_total(request),
        payment_method_id=request.payment_method_id or None,
        coupon_code=request.coupon_code,
        metadata=metadata_of(request.metadata) or None,
        language=requested_language(),
    )


def delivery_from_wire(option: pb.Delivery.Option.ValueType) -> str:
    """The delivery option, STANDARD when none is named."""
    return pb.Delivery.Option.Name(option or pb.Delivery.STANDARD)


def preview_to_wire(preview: Preview) -> order_service_pb2.PreviewCheckoutResponse:
    """What a checkout would charge, and by when it would arrive."""
    parts = zip(preview.lines, preview.priced.lines, strict=True)
    return order_service_pb2.PreviewCheckoutResponse(
        items=[line_to_wire(line, part) for line, part in parts],
        totals=totals_to_wire(preview.priced),
        eta=time_to_wire(preview.eta),
    )


def _expected_total(request: order_service_pb2.CheckoutRequest) -> Money | None:
    if not request.HasField("expected_total"):
        return None
    sent = request.expected_total  # without a currency it is in the order's, which is not known yet
    return money_from_wire(sent, "expected_total", currency=sent.currency_code.upper())


def filter_from_wire(request: order_service_pb2.ListOrdersRequest, user_id: int | None) -> OrderFilter:
    """Which orders a list holds: those of a user, or None for everyone's."""
    sorts = order_service_pb2.ListOrdersRequest
    updated_since = time_from_wire(request, "updated_since")
    if updated_since is not None and request.sort == sorts.NEWEST:
        raise InvalidField(("sort", "must be UPDATED, or absent, with updated_since", FieldReason.CONFLICT))
    start, end = time_from_wire(request, "start_time"), time_from_wire(request, "end_time")
    if start is not None and end is not None and start > end:
        raise InvalidField(("start_time", "must not be after end_time", FieldReason.CONFLICT))
    return OrderFilter(
        user_id=user_id,
        status=pb.Order.Status.Name(request.status) if request.status else None,
        number=request.number or None,
        placed_from=start,
        placed_before=end,
        updated_since=updated_since,
        by_change=updated_since is not None or request.sort == sorts.UPDATED,
    )


def order_to_wire(order: PlacedOrder, vault: Vault) -> pb.Order:
    """An order with its lines, and its address, which `vault` opens."""
    shipped = shipped_units(order)
    whole = _summary(order, sum(line.quantity for line in order.lines), order.payment, order.dispute)
    whole.items.extend(_line_to_wire(line, order.currency, shipped[line.position]) for line in order.lines)
    whole.address.CopyFrom(_address_to_wire(open_snapshot(vault, order.address, order.id)))
    whole.shipments.extend(map(_parcel_to_wire, order.shipments))
    metadata = metadata_to_wire(order.custom_metadata)
    if metadata is not None:
        whole.metadata.CopyFrom(metadata)
    return whole


def summary_to_wire(row: AnyRow, dispute: OrderDispute | None) -> pb.Order:
    """What a list shows of an order, from its row of `list_queries.SUMMARIES`."""
    return _summary(row, row.item_count, payment_of(row), dispute)


def _summary(
    order: PlacedOrder | AnyRow, item_count: int, payment: OrderPayment | None, dispute: OrderDispute | None
) -> pb.Order:
    """All of an order but what takes more room than the rest; a row's columns are named like its fields."""
    return pb.Order(
        id=order.id,
        number=order.number,
        user_id=order.user_id or 0,
        status=pb.Order.Status.Value(order.status),
        item_count=item_count,
        totals=totals_to_wire(_totals(order)),
        payment=payment_to_wire(payment) if payment is not None else None,
        delivery_option=pb.Delivery.Option.Value(order.delivery_option),
        tracking_number=order.tracking_number,
        eta=_eta_to_wire(order),
        reserved_until=time_to_wire(order.reserved_until),
        create_time=time_to_wire(order.placed_at),
        update_time=time_to_wire(order.updated_at),
        etag=etag_of(order.last_sequence + order.metadata_version),
        coupon_code=order.coupon_code,
        deliver_time=time_to_wire(order.delivered_at),
        dispute=dispute_to_wire(dispute) if dispute is not None else None,
    )


def _address_to_wire(address: AddressSnapshot) -> user_pb2.Address:
    fields: dict[str, Any] = dict(address)
    return user_pb2.Address(**fields | {"metadata": metadata_to_wire(address.get("metadata"))})


def _totals(order: PlacedOrder | AnyRow) -> Totals:
    return Totals(
        currency=order.currency,
        subtotal=order.subtotal_minor,
        product_discount=order.product_discount_minor,
        tier_discount=order.tier_discount_minor,
        coupon_discount=order.coupon_discount_minor,
        points_discount=order.points_discount_minor,
        points_redeemed=order.points_redeemed,
        points_earned=order.points_earned,
        tax=order.tax_minor,
        shipping=order.shipping_minor,
    )


def _line_to_wire(line: PlacedLine, currency: str, shipped: int) -> pb.OrderItem:
    return pb.OrderItem(
        product_id=line.product_id,
        variant_id=line.variant_id,
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        price=money_to_wire(line.price_minor, currency),
        line_total=money_to_wire(line.total_minor, currency),
        list_price=money_to_wire(line.list_price_minor, currency),
        discount=money_to_wire(line.discount_minor, currency),
        tax=money_to_wire(line.tax_minor, currency),
        total=money_to_wire(line.total_minor - line.discount_minor + line.tax_minor, currency),
        refunded_quantity=line.refunded_quantity,
        returning_quantity=line.returning_quantity,
        returned_quantity=line.returned_quantity,
        shipped_quantity=shipped,
        options=options_to_wire(line.options),
        color=value_of(line.options, COLOR),
        size=value_of(line.options, SIZE),
    )


def checkout_to_wire(
    vault: Vault, order: PlacedOrder, payment_url: str
) -> order_service_pb2.CheckoutResponse:
    """An order that was placed, and where its payment goes on."""
    return order_service_pb2.CheckoutResponse(
        order_id=order.id, order=order_to_wire(order, vault), payment_url=payment_url
    )


def step_to_wire(step: Step) -> pb.OrderEvent:
    """A step of an order."""
    facts = step.facts
    amount, refund = facts.money, facts.refund or facts.failed_refund
    return pb.OrderEvent(
        sequence=step.sequence,
        status=pb.Order.Status.Value(step.status),
        message=message_of(step, spoken()),
        location=step.location,
        eta=time_to_wire(step.eta),
        time=time_to_wire(step.time),
        shipment_id=step.parcel.id if step.parcel is not None else 0,
        code=pb.OrderEvent.Code.Value(code_of(step) or "CODE_UNSPECIFIED"),
        decline_code=decline_code_to_wire(facts.decline_code),
        cancelled_by=_CANCELLERS.get(facts.cancelled_by, pb.OrderEvent.CANCELLER_UNSPECIFIED),
        amount=money_to_wire(amount.minor, amount.currency) if amount is not None else None,
        refund_id=refund.id if refund is not None else 0,
        return_id=facts.returned.id if facts.returned is not None else 0,
        return_quantity=facts.returned.quantity if facts.returned is not None else 0,
        comment=facts.comment,
    )


def tracking_to_wire(order: PlacedOrder, steps: Sequence[Step]) -> pb.Tracking:
    """The steps of an order so far."""
    return pb.Tracking(
        order_id=order.id,
        status=pb.Order.Status.Value(order.status),
        tracking_number=order.tracking_number,
        eta=_eta_to_wire(order),
        events=[step_to_wire(step) for step in steps],
        shipments=[_parcel_to_wire(parcel) for parcel in order.shipments],
    )


def next_step_from_wire(request: order_service_pb2.UpdateOrderStatusRequest) -> NextStep:
    """The step that the staff takes."""
    return NextStep(
        status=pb.Order.Status.Name(request.status),
        message=request.message,
        location=request.location,
        eta=time_from_wire(request, "eta"),
        parcel=_parcel_from_wire(request),
        etag=request.etag,
    )


def order_changes_from_wire(request: order_service_pb2.UpdateOrderRequest) -> OrderChanges | None:
    """What staff change of an order; None when nothing is named. Raises InvalidUpdateMask."""
    order = request.order
    values = masked_values(
        order, request.update_mask, "order", metadata=lambda sent: metadata_of(sent.metadata) or None
    )
    return OrderChanges(order.id, values["metadata"], order.etag) if values else None


def _parcel_from_wire(request: order_service_pb2.UpdateOrderStatusRequest) -> ParcelDraft | None:
    if not request.HasField("shipment"):
        return None
    sent = request.shipment
    items = [NamedUnits(item.variant_id, item.product_id, item.quantity) for item in sent.items]
    return ParcelDraft(sent.id, sent.carrier, sent.tracking_number, sent.tracking_url, items)


def _parcel_to_wire(parcel: Parcel) -> pb.Shipment:
    return pb.Shipment(
        id=parcel.id,
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        tracking_url=parcel.tracking_url,
        items=[
            pb.LineQuantity(variant_id=item.variant_id, product_id=item.product_id, quantity=item.quantity)
            for item in parcel.items
        ],
        ship_time=time_to_wire(parcel.shipped_at),
    )


def _eta_to_wire(order: PlacedOrder | AnyRow) -> Timestamp | None:
    return time_to_wire(future_eta(order.status, order.eta, utc_now()))


def resume_point(request: tracking_pb2.TrackOrderRequest, last_event_id: str | bytes) -> int:
    """The step after which a stream goes on: a browser connects again with the first request, and its last id."""
    if not last_event_id:
        return request.after_sequence
    if not _SEQUENCE.fullmatch(str(last_event_id)):
        raise InvalidField(("last-event-id", "must be the id of an event of this stream"))
    return max(request.after_sequence, int(last_event_id))


def message_to_wire(message: Message, now: datetime) -> tracking_pb2.TrackOrderResponse:
    """One message of a tracking stream."""
    match message:
        case Step():
            shipment = _parcel_to_wire(message.parcel) if message.parcel is not None else None
            return tracking_pb2.TrackOrderResponse(event=step_to_wire(message), shipment=shipment)
        case Heartbeat():
            heartbeat = tracking_pb2.TrackOrderResponse.Heartbeat(time=time_to_wire(now))
            return tracking_pb2.TrackOrderResponse(heartbeat=heartbeat)
        case Reconnect():
            reconnect = tracking_pb2.TrackOrderResponse.Reconnect(
                after_sequence=message.sequence, message=said(message.message)
            )
            return tracking_pb2.TrackOrderResponse(reconnect=reconnect)
        case End():
            status = pb.Order.Status.Value(message.status)
            return tracking_pb2.TrackOrderResponse(
                end=tracking_pb2.TrackOrderResponse.End(status=status, sequence=message.sequence)
            )
