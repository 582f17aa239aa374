"""Says how orders were paid, takes what payment gateways report, and keeps gift cards.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.api import httpbody_pb2
from google.protobuf import field_mask_pb2
from sanset.v1 import gift_card_pb2, payment_pb2

from sanset_client.rpc import Metadata, Prepared, Items, Unary, prepare


def get_payment(
    *,
    order_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets the payment of an order of the caller's, or of any for admins. Returns NOT_FOUND as GetOrder."""
    return prepare(
        payment_pb2.GetPaymentRequest,
        timeout,
        metadata,
        order_id=order_id,
    )


def receive_payment_webhook(
    *,
    payload: httpbody_pb2.HttpBody | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Takes what a payment gateway reports.

    For gateways, not for clients: the signature in the headers must be the gateway's own, or the call is
    PERMISSION_DENIED (SIGNATURE_INVALID). Repeated, late and reordered reports are harmless. A payment that
    succeeds after its order was given up is paid back. A report counts for the order whose payment has the
    `gateway_id` it is about, and confirms it only with the amount and currency that the order costs; any other is
    accepted, confirms nothing, and raises a payment alert. Refunds and disputes made at the gateway are recorded.
    """
    return prepare(
        payment_pb2.ReceivePaymentWebhookRequest,
        timeout,
        metadata,
        payload=payload,
    )


def list_payment_alerts(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    include_closed: bool | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists what a person must look at, the newest first: reports of gateways that fit no order, refunds that failed,
    disputes.
    """
    return prepare(
        payment_pb2.ListPaymentAlertsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
        include_closed=include_closed,
    )


def get_payment_alert(
    *,
    alert_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a payment alert, closed or not. Returns NOT_FOUND (PAYMENT_ALERT_NOT_FOUND)."""
    return prepare(
        payment_pb2.GetPaymentAlertRequest,
        timeout,
        metadata,
        alert_id=alert_id,
    )


def close_payment_alert(
    *,
    alert_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Notes that a person is done with an alert, and returns it. Repeating it changes nothing. Returns NOT_FOUND
    (PAYMENT_ALERT_NOT_FOUND).
    """
    return prepare(
        payment_pb2.ClosePaymentAlertRequest,
        timeout,
        metadata,
        alert_id=alert_id,
    )


def create_gift_card(
    *,
    gift_card: gift_card_pb2.GiftCard | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Creates a gift card, and returns it with its code, which no later reply contains."""
    return prepare(
        gift_card_pb2.CreateGiftCardRequest,
        timeout,
        metadata,
        gift_card=gift_card,
        request_id=request_id,
    )


def list_gift_cards(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the gift cards, the newest first, without their codes."""
    return prepare(
        gift_card_pb2.ListGiftCardsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def get_gift_card(
    *,
    gift_card_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a gift card, without its code. Returns NOT_FOUND (GIFT_CARD_NOT_FOUND)."""
    return prepare(
        gift_card_pb2.GetGiftCardRequest,
        timeout,
        metadata,
        gift_card_id=gift_card_id,
    )


def update_gift_card(
    *,
    gift_card: gift_card_pb2.GiftCard | None = None,
    update_mask: field_mask_pb2.FieldMask | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Updates a gift card, and returns it without its code: `active: false` disables it, as one that was lost.

    A disabled card keeps its balance, and gets what is refunded, but pays nothing until it is switched on again.
    Over HTTP PUT replaces what can be changed, PATCH changes what is sent, null clears. Returns NOT_FOUND
    (GIFT_CARD_NOT_FOUND), ABORTED (STALE_ETAG), and INVALID_ARGUMENT for another `expire_time` that is in the past.
    """
    return prepare(
        gift_card_pb2.UpdateGiftCardRequest,
        timeout,
        metadata,
        gift_card=gift_card,
        update_mask=update_mask,
        request_id=request_id,
    )


def get_gift_card_balance(
    *,
    code: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Says what is left on a gift card. Returns NOT_FOUND (GIFT_CARD_NOT_FOUND) for an unknown code."""
    return prepare(
        gift_card_pb2.GetGiftCardBalanceRequest,
        timeout,
        metadata,
        code=code,
    )


class PaymentMethods:
    """Says how orders were paid, takes what payment gateways report, and keeps gift cards."""

    get_payment = Unary("GetPayment", get_payment, payment_pb2.Payment)
    receive_payment_webhook = Unary("ReceivePaymentWebhook", receive_payment_webhook, payment_pb2.ReceivePaymentWebhookResponse)
    list_payment_alerts = Unary("ListPaymentAlerts", list_payment_alerts, payment_pb2.ListPaymentAlertsResponse)
    iter_payment_alerts = Items("ListPaymentAlerts", list_payment_alerts.request, payment_pb2.PaymentAlert)
    get_payment_alert = Unary("GetPaymentAlert", get_payment_alert, payment_pb2.PaymentAlert)
    close_payment_alert = Unary("ClosePaymentAlert", close_payment_alert, payment_pb2.PaymentAlert)
    create_gift_card = Unary("CreateGiftCard", create_gift_card, gift_card_pb2.GiftCard)
    list_gift_cards = Unary("ListGiftCards", list_gift_cards, gift_card_pb2.ListGiftCardsResponse)
    iter_gift_cards = Items("ListGiftCards", list_gift_cards.request, gift_card_pb2.GiftCard)
    get_gift_card = Unary("GetGiftCard", get_gift_card, gift_card_pb2.GiftCard)
    update_gift_card = Unary("UpdateGiftCard", update_gift_card, gift_card_pb2.GiftCard)
    get_gift_card_balance = Unary("GetGiftCardBalance", get_gift_card_balance, gift_card_pb2.GetGiftCardBalanceResponse)
