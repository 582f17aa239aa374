"""Between the messages of cancellations, refunds and returns and plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sanset.v1 import order_pb2
from sanset.v1 import refund_service_pb2 as pb
from sanset.v1.refund_pb2 import Refund, Return

from server.errors import FieldReason, InvalidField
from server.etags import etag_of
from server.money import Money
from server.order.status import RETURN_VERSIONS
from server.order.units import NamedUnits
from server.refund.records import OrderRefund, OrderReturn, RefundedUnits, ReturnedUnits
from server.refund.service import RefundPreview, RefundTerms
from server.rpc.wire import money_from_wire, money_to_wire, time_to_wire


def units_from_wire(items: Iterable[order_pb2.LineQuantity]) -> list[NamedUnits]:
    """Units as the caller names them."""
    return [NamedUnits(item.variant_id, item.product_id, item.quantity) for item in items]


def terms_from_wire(request: pb.RefundOrderRequest) -> RefundTerms:
    """What an admin wants paid back. Raises InvalidField and InvalidMoney."""
    if request.HasField("amount") and request.restock:
        raise InvalidField(("restock", "an amount names no units that could go back", FieldReason.CONFLICT))
    units, amount = units_from_wire(request.items), _amount_from_wire(request)
    return RefundTerms(
        request.order_id, units, amount, request.all, request.reason, request.restock, request.etag
    )


def previewed_terms_from_wire(request: pb.PreviewRefundRequest) -> RefundTerms:
    """What an admin thinks of paying back. Raises InvalidMoney."""
    units, amount = units_from_wire(request.items), _amount_from_wire(request)
    return RefundTerms(request.order_id, units, amount, request.all, reason="", restock=False)


def _amount_from_wire(request: pb.RefundOrderRequest | pb.PreviewRefundRequest) -> Money | None:
    if not request.HasField("amount"):
        return None
    # The order's currency, which is not known yet, holds when none is named.
    currency = request.amount.currency_code.upper()
    return money_from_wire(request.amount, "amount", currency=currency)


def preview_to_wire(preview: RefundPreview) -> pb.PreviewRefundResponse:
    """What a refund would pay back."""
    currency = preview.currency
    return pb.PreviewRefundResponse(
        amount=money_to_wire(preview.parts.amount, currency),
        tax=money_to_wire(preview.parts.tax, currency),
        shipping=money_to_wire(preview.parts.shipping, currency),
        left=money_to_wire(preview.left, currency),
    )


def refund_to_wire(refund: OrderRefund, lines: Sequence[RefundedUnits]) -> Refund:
    """A refund with its lines."""
    return Refund(
        id=refund.id,
        order_id=refund.order_id,
        status=Refund.Status.Value(refund.status),
        amount=money_to_wire(refund.amount_minor, refund.currency),
        tax=money_to_wire(refund.tax_minor, refund.currency),
        shipping=money_to_wire(refund.shipping_minor, refund.currency),
        items=_items_to_wire(lines),
        reason=refund.reason,
        gateway_id=refund.gateway_id,
        create_time=time_to_wire(refund.created_at),
        update_time=time_to_wire(refund.updated_at),
        origin=Refund.Origin.Value(refund.origin),
    )


def return_to_wire(returned: OrderReturn, lines: Sequence[ReturnedUnits]) -> Return:
    """A return with its lines."""
    return Return(
        id=returned.id,
        order_id=returned.order_id,
        status=Return.Status.Value(returned.status),
        items=_items_to_wire(lines),
        reason=returned.reason,
        comment=returned.answer,
        refund_id=returned.refund_id or 0,
        create_time=time_to_wire(returned.created_at),
        update_time=time_to_wire(returned.updated_at),
        etag=etag_of(RETURN_VERSIONS[returned.status]),
    )


def _items_to_wire(lines: Iterable[RefundedUnits | ReturnedUnits]) -> list[order_pb2.LineQuantity]:
    """Units by line; what was only paid towards units that another refund counts names none."""
    return [
        order_pb2.LineQuantity(variant_id=line.variant_id, quantity=line.quantity, product_id=line.product_id)
        for line in lines
        if line.quantity
    ]
