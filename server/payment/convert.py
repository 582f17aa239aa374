"""Between the messages of payments and plain values."""

from __future__ import annotations

from typing import Any

from sanset.v1 import payment_pb2 as pb

from server.db.base import AnyRow
from server.payment.order_payment import OrderPayment
from server.rpc.wire import money_to_wire, time_to_wire


def dispute_to_wire(row: AnyRow) -> pb.Dispute:
    """A dispute."""
    return pb.Dispute(
        gateway_id=row.gateway_id,
        status=pb.Dispute.Status.Value(row.status),
        amount=money_to_wire(row.amount_minor, row.currency),
        reason=row.reason,
        respond_by=time_to_wire(row.respond_by),
        create_time=time_to_wire(row.opened_at),
        close_time=time_to_wire(row.closed_at),
    )


def payment_to_wire(payment: OrderPayment) -> pb.Payment:
    """The payment of an order."""
    currency = payment.currency
    return pb.Payment(
        method=pb.Payment.Method.Value(payment.method),
        status=pb.Payment.Status.Value(payment.status),
        amount=money_to_wire(payment.amount_minor, currency),
        gateway_id=payment.gateway_id,
        gateway=payment.gateway,
        captured=money_to_wire(payment.captured_minor, currency),
        refunded=money_to_wire(payment.refunded_minor, currency),
        problem=payment.problem,
        update_time=time_to_wire(payment.updated_at),
    )


def gift_card_to_wire(card: Any, code: str = "") -> pb.GiftCard:
    """A gift card; with its code only when it was just made."""
    return pb.GiftCard(
        id=card.id,
        code=code,
        last_four=card.last_four,
        balance=money_to_wire(card.balance_minor, card.currency),
        expire_time=time_to_wire(card.expires_at),
        create_time=time_to_wire(card.created_at),
    )


def alert_to_wire(row: AnyRow) -> pb.PaymentAlert:
    """Something about a payment that a person must look at."""
    return pb.PaymentAlert(
        id=row.id,
        kind=pb.PaymentAlert.Kind.Value(row.kind),
        gateway=row.gateway,
        gateway_id=row.gateway_id,
        order_id=row.order_id or 0,
        problem=row.problem,
        create_time=time_to_wire(row.created_at),
        close_time=time_to_wire(row.closed_at),
    )
