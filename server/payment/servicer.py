"""PaymentService: payments, what gateways report of them, and gift cards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from sanset.v1 import gift_card_pb2, payment_pb2_grpc
from sanset.v1 import payment_pb2 as pb
from sqlalchemy import Connection

from server.audit import log as audit
from server.audit.log import Actor
from server.clock import Clock
from server.crypto.vault import Vault
from server.db.database import Database
from server.identity import Identity
from server.paging import Pages
from server.payment import alert_queries, convert, gift_card_queries, gift_cards
from server.payment.errors import PaymentAlertNotFound
from server.payment.gift_cards import Codes
from server.payment.order_payment import OrderPayment
from server.payment.records import RecordedAlert
from server.repeats.short_call import once
from server.rpc.call import Call
from server.rpc.wire import time_from_wire
from server.user.card_numbers import refuse_card_number

ReadPayment = Callable[[Connection, Identity, int], OrderPayment]
"""Reads the payment of an order that the caller may see; payments know no orders."""

TakeReport = Callable[[bytes, Mapping[str, object]], Awaitable[bool]]
"""Acts on what a gateway reports, which changes orders and refunds; True when that was done before."""


class PaymentServicer(payment_pb2_grpc.PaymentServiceServicer):
    """Translates calls about payments and gift cards."""

    def __init__(
        self,
        db: Database,
        pages: Pages,
        clock: Clock,
        *,
        read_payment: ReadPayment,
        take_report: TakeReport,
        gift_card_codes: Codes,
        vault: Vault,
        currency: str,
    ) -> None:
        self._db = db
        self._pages = pages
        self._clock = clock
        self._read_payment = read_payment
        self._take_report = take_report
        self._codes = gift_card_codes
        self._vault = vault
        self._currency = currency

    def GetPayment(self, request: pb.GetPaymentRequest, call: Call) -> pb.Payment:
        with self._db.read() as connection:
            return convert.payment_to_wire(self._read_payment(connection, call.identity, request.order_id))

    async def ReceivePaymentWebhook(
        self, request: pb.ReceivePaymentWebhookRequest, call: Call
    ) -> pb.ReceivePaymentWebhookResponse:
        repeated = await self._take_report(request.payload.data, call.headers)
        return pb.ReceivePaymentWebhookResponse(repeated=repeated)

    @once(gift_card_pb2.GiftCard, sealed="code")
    def CreateGiftCard(
        self, tx: Connection, request: gift_card_pb2.CreateGiftCardRequest, call: Call, now: datetime
    ) -> gift_card_pb2.GiftCard:
        requested = request.gift_card
        balance = convert.balance_from_wire(requested, self._currency)
        code, card = gift_cards.create(
            tx,
            self._codes,
            balance,
            now,
            expires_at=time_from_wire(requested, "expire_time"),
            active=requested.active or not requested.HasField("active"),
        )
        audit.write(tx, Actor.of(call), "CreateGiftCard", f"gift_card/{card.id}", now, balance=str(balance))
        return convert.gift_card_to_wire(card, code)

    def ListGiftCards(
        self, request: gift_card_pb2.ListGiftCardsRequest, call: Call
    ) -> gift_card_pb2.ListGiftCardsResponse:
        scope = ("ListGiftCards", call.identity.user_id)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            cards = gift_card_queries.gift_card_page(connection, after[0] if after else None, size + 1)
        items, token = self._pages.page(
            cards, size, convert.gift_card_to_wire, lambda card: [card.id], *scope
        )
        return gift_card_pb2.ListGiftCardsResponse(items=items, next_page_token=token)

    def GetGiftCard(self, request: gift_card_pb2.GetGiftCardRequest, call: Call) -> gift_card_pb2.GiftCard:
        with self._db.read() as connection:
            return convert.gift_card_to_wire(gift_cards.get(connection, request.gift_card_id))

    @once(gift_card_pb2.GiftCard)
    def UpdateGiftCard(
        self, tx: Connection, request: gift_card_pb2.UpdateGiftCardRequest, call: Call, now: datetime
    ) -> gift_card_pb2.GiftCard:
        sent, changes = request.gift_card, convert.gift_card_changes(request)
        card = gift_cards.change(tx, sent.id, changes, sent.etag, actor=Actor.of(call), now=now)
        return convert.gift_card_to_wire(card)

    def GetGiftCardBalance(
        self, request: gift_card_pb2.GetGiftCardBalanceRequest, call: Call
    ) -> gift_card_pb2.GetGiftCardBalanceResponse:
        refuse_card_number("code", request.code)
        with self._db.read() as connection:
            card = gift_cards.with_code(connection, self._codes, request.code)
        return convert.gift_card_balance_to_wire(card, self._clock())

    def ListPaymentAlerts(
        self, request: pb.ListPaymentAlertsRequest, call: Call
    ) -> pb.ListPaymentAlertsResponse:
        scope = ("ListPaymentAlerts", call.identity.user_id, request.include_closed)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            alerts = alert_queries.alert_page(
                connection,
                include_closed=request.include_closed,
                after=after[0] if after else None,
                limit=size + 1,
            )
        items, token = self._pages.page(alerts, size, convert.alert_to_wire, lambda alert: [alert.id], *scope)
        return pb.ListPaymentAlertsResponse(items=items, next_page_token=token)

    def GetPaymentAlert(self, request: pb.GetPaymentAlertRequest, call: Call) -> pb.PaymentAlert:
        with self._db.read() as connection:
            return convert.alert_to_wire(_alert(connection, request.alert_id))

    def ClosePaymentAlert(self, request: pb.ClosePaymentAlertRequest, call: Call) -> pb.PaymentAlert:
        now = self._clock()
        with self._db.transaction() as tx:
            if alert_queries.close_alert(tx, request.alert_id, now):
                audit.write(tx, Actor.of(call), "ClosePaymentAlert", f"payment_alert/{request.alert_id}", now)
            return convert.alert_to_wire(_alert(tx, request.alert_id))


def _alert(connection: Connection, alert_id: int) -> RecordedAlert:
    """An alert; raises PaymentAlertNotFound."""
    alert = alert_queries.alert(connection, alert_id)
    if alert is None:
        raise PaymentAlertNotFound(alert_id=alert_id)
    return alert
