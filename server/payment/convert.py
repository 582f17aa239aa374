"""Between the messages of payments and plain values."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sanset.v1 import gift_card_pb2
from sanset.v1 import payment_pb2 as pb

from server.errors import FieldReason, InvalidField
from server.money import Money, is_currency
from server.payment.order_payment import OrderPayment
from server.payment.records import IssuedGiftCard, OrderDispute, RecordedAlert
from server.rpc.updates import masked_values
from server.rpc.wire import money_from_wire, money_to_wire, time_from_wire, time_to_wire
from server.text.languages import said

_DECLINE_CODES: Final = {"": pb.Payment.DECLINE_CODE_UNSPECIFIED, **dict(pb.Payment.DeclineCode.items())}


def decline_code_to_wire(code: str) -> pb.Payment.DeclineCode.ValueType:
    """Why a payment was declined; OTHER for what another release calls by a name of its own."""
    return _DECLINE_CODES.get(code, pb.Payment.OTHER)


def dispute_to_wire(dispute: OrderDispute) -> pb.Dispute:
    """A dispute."""
    return pb.Dispute(
        gateway_id=dispute.gateway_id,
        status=pb.Dispute.Status.Value(dispute.status),
        amount=money_to_wire(dispute.amount_minor, dispute.currency) if dispute.amount_minor else None,
        reason=dispute.reason,
        respond_by=time_to_wire(dispute.respond_by),
        create_time=time_to_wire(dispute.opened_at),
        close_time=time_to_wire(dispute.closed_at),
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
        decline_message=said(payment.problem),
        decline_code=decline_code_to_wire(payment.decline_code),
        payment_url=payment.payment_url,
        update_time=time_to_wire(payment.updated_at),
    )


def gift_card_to_wire(card: IssuedGiftCard, code: str = "") -> gift_card_pb2.GiftCard:
    """A gift card; with its code only when it was just made."""
    return gift_card_pb2.GiftCard(
        id=card.id,
        code=code,
        last_four=card.last_four,
        balance=money_to_wire(card.balance_minor, card.currency),
        expire_time=time_to_wire(card.expires_at),
        create_time=time_to_wire(card.created_at),
        active=card.active,
        etag=card.etag,
    )


def balance_from_wire(card: gift_card_pb2.GiftCard, currency: str) -> Money:
    """What a card to create is worth, in `currency` where it names none. Raises InvalidField and InvalidMoney."""
    named = card.balance.currency_code.upper() or currency
    if not is_currency(named):
        problem = "must be an ISO 4217 code such as USD"
        raise InvalidField(("gift_card.balance.currency_code", problem, FieldReason.INVALID_FORMAT))
    return money_from_wire(card.balance, "gift_card.balance", currency=named)


def gift_card_changes(request: gift_card_pb2.UpdateGiftCardRequest) -> dict[str, Any]:
    """Return what UpdateGiftCard changes, by column. Raises InvalidUpdateMask."""
    values = masked_values(
        request.gift_card,
        request.update_mask,
        "gift_card",
        stays=("active",),  # whoever replaces everything need not switch a disabled card on
        active=lambda card: card.active or not card.HasField("active"),
        expire_time=lambda card: time_from_wire(card, "expire_time"),
    )
    if "expire_time" in values:
        values["expires_at"] = values.pop("expire_time")
    return values


def gift_card_balance_to_wire(
    card: IssuedGiftCard, now: datetime
) -> gift_card_pb2.GetGiftCardBalanceResponse:
    """What a card still pays."""
    return gift_card_pb2.GetGiftCardBalanceResponse(
        balance=money_to_wire(card.balance_minor, card.currency),
        expire_time=time_to_wire(card.expires_at),
        active=card.active and not card.has_expired(now),
    )


def alert_to_wire(alert: RecordedAlert) -> pb.PaymentAlert:
    """Something about a payment that a person must look at."""
    return pb.PaymentAlert(
        id=alert.id,
        kind=pb.PaymentAlert.Kind.Value(alert.kind),
        gateway=alert.gateway,
        gateway_id=alert.gateway_id,
        order_id=alert.order_id or 0,
        message=alert.problem,
        create_time=time_to_wire(alert.created_at),
        close_time=time_to_wire(alert.closed_at),
    )
