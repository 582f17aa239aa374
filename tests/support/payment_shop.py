"""Short ways to what the tests of payments need: shops that soon give a payment up, and what became of things."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import grpc
from google.type.money_pb2 import Money
from sanset.v1 import gift_card_pb2, payment_pb2
from sanset.v1 import order_pb2 as pb
from support.cart_shop import CENT, buyer_of, refused
from support.running_shop import Account, RunningShop

from server import money as amounts
from server.payment.gateway import Outcome
from server.payment.in_house import gateway_id_of
from server.verify import verify


def stuck(shop: RunningShop, token: str = "tok_timeout", **fields: Any) -> tuple[Account, int, pb.Order, str]:
    """A checkout that its gateway left without an answer: buyer, product, order, request id."""
    buyer, product_id = buyer_of(shop)
    request_id = str(uuid.uuid4())
    answer = refused(shop, buyer, request_id=request_id, payment_token=token, **fields)
    assert (answer.code, answer.reason) == (grpc.StatusCode.UNAVAILABLE, "PAYMENT_UNAVAILABLE")
    return buyer, product_id, only_order(shop, buyer), request_id


def only_order(shop: RunningShop, buyer: Account) -> pb.Order:
    """The one order of a buyer."""
    [order] = shop.placed_by(buyer)
    return order


def payment(shop: RunningShop, buyer: Account, order_id: int) -> payment_pb2.Payment:
    """The payment of an order."""
    request = payment_pb2.GetPaymentRequest(order_id=order_id)
    return shop.payments.GetPayment(request, metadata=buyer.metadata)


def charged(shop: RunningShop, number: str) -> list[tuple[str, int, int]]:
    """What the books say of an order: status, amount, paid back."""
    rows = shop.sql(
        "SELECT status, amount_minor, refunded_minor FROM gateway_charges WHERE key = :key", key=number
    )
    return [tuple(row) for row in rows]


def let_expire(shop: RunningShop, order_id: int) -> None:
    """Turn an order's clock forward: the time that it holds its goods is over, and so is its checkout's lease."""
    shop.sql(
        "UPDATE orders SET reserved_until = placed_at WHERE id = :id AND status = 'PENDING_PAYMENT'",
        id=order_id,
    )
    let_die(shop, order_id)


def let_die(shop: RunningShop, order_id: int) -> None:
    """Have the lease of an order's checkout run out, as it does after a crash."""
    shop.sql(
        "UPDATE idempotency_keys SET leased_until = created_at WHERE leased_until IS NOT NULL AND request_id = "
        "(SELECT request_id FROM orders WHERE id = :id)",
        id=order_id,
    )


def sweep(shop: RunningShop) -> None:
    """Let the sweeper run once."""
    shop.run(shop.app.rooms.order.sweeper.sweep())


def tell(shop: RunningShop, body: bytes, headers: dict[str, str]) -> bool:
    """Send a webhook; whether it had been taken before."""
    request = payment_pb2.ReceivePaymentWebhookRequest()
    request.payload.data = body
    reply = shop.payments.ReceivePaymentWebhook(request, metadata=tuple(headers.items()), timeout=30)
    return bool(reply.repeated)


def report(
    shop: RunningShop,
    number: str,
    status: str = "CAPTURED",
    event_id: str = "",
    *,
    gateway_id: str = "",
    received: amounts.Money | None = None,
) -> tuple[bytes, dict[str, str]]:
    """A webhook that the demo gateway signed: about the order's own payment and all it costs, if not said else."""
    demo = shop.app.rooms.payment.demo
    assert demo is not None
    rows = shop.sql("SELECT total_minor, currency FROM orders WHERE number = :n", n=number)
    cost = amounts.Money(rows[0].total_minor, rows[0].currency) if rows else None
    problem = "" if status == "CAPTURED" else "The card was declined."
    outcome = Outcome(status, gateway_id or gateway_id_of(number), problem, received=received or cost)
    return demo.webhook(event_id or f"evt_{uuid.uuid4().hex}", number, outcome)


def gift_card(shop: RunningShop, units: int, **fields: Any) -> gift_card_pb2.GiftCard:
    """A new gift card in USD, with its code."""
    card = gift_card_pb2.GiftCard(balance=Money(currency_code="USD", units=units), **fields)
    return shop.payments.CreateGiftCard(
        gift_card_pb2.CreateGiftCardRequest(gift_card=card), metadata=shop.admin.metadata
    )


def balance(shop: RunningShop, code: str) -> tuple[int, int]:
    """What is left on a gift card, in units and cents."""
    card = shop.payments.GetGiftCardBalance(
        gift_card_pb2.GetGiftCardBalanceRequest(code=code), metadata=shop.admin.metadata
    )
    return card.balance.units, card.balance.nanos // CENT


def eventually(check: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < until, "it did not come to be"
        time.sleep(0.02)


def sound(shop: RunningShop) -> bool:
    """Whether every invariant holds; says which does not."""
    found = verify(shop.app.db.engine)
    assert found == [], "\n".join(map(str, found))
    return True
