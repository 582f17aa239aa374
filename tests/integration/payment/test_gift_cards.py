"""Gift cards on both databases: made, read, spent to the last cent, and never beyond."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from sanset.v1 import gift_card_pb2, payment_pb2, refund_service_pb2
from sanset.v1 import order_pb2 as pb
from support.cart_shop import buyer_of, cart_of, refused, stock_of
from support.payment_shop import balance, gift_card, only_order, payment, sound
from support.running_shop import RunningShop, refusal, test_settings
from support.running_shop import refused as refused_call

from server.crypto.ring import KeyRing
from server.crypto.vault import Cell, Vault
from server.payment.gateway import Charge, Outcome

pytestmark = pytest.mark.either

GIFT_CARD = payment_pb2.Payment.GIFT_CARD


@pytest.fixture(scope="module")
def giving(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A shop of this module's own; in the end every invariant holds."""
    home: Path = tmp_path_factory.mktemp("giving")
    shop = RunningShop(test_settings(module_database_url, home, tax_rate="0", shipping_fee={"USD": "0"}))
    yield shop
    sound(shop)
    shop.stop()


def test_a_new_card_tells_its_code_once(giving: RunningShop) -> None:
    card = gift_card(giving, 25)
    assert card.code.startswith("GIFT-")
    assert card.last_four == card.code[-4:]
    assert (card.balance.units, card.balance.currency_code) == (25, "USD")
    read = giving.payments.GetGiftCardBalance(
        gift_card_pb2.GetGiftCardBalanceRequest(code=card.code), metadata=giving.customer().metadata
    )
    assert read == gift_card_pb2.GetGiftCardBalanceResponse(balance=card.balance, active=True)
    [newest] = giving.payments.ListGiftCards(
        gift_card_pb2.ListGiftCardsRequest(page_size=1), metadata=giving.admin.metadata
    ).items
    got = giving.payments.GetGiftCard(
        gift_card_pb2.GetGiftCardRequest(gift_card_id=card.id), metadata=giving.admin.metadata
    )
    assert newest == got
    assert (got.id, got.code, got.last_four, got.balance) == (card.id, "", card.last_four, card.balance)
    stored = [str(row) for row in giving.sql("SELECT * FROM gift_cards WHERE id = :id", id=card.id)]
    assert card.code not in stored[0]
    assert card.code.replace("-", "") not in stored[0]


def test_a_code_is_read_as_people_write_it(giving: RunningShop) -> None:
    code = gift_card(giving, 5).code
    assert balance(giving, code.lower()) == balance(giving, code.replace("-", " ")) == (5, 0)


def test_a_repeated_creation_makes_one_card(giving: RunningShop) -> None:
    card = gift_card_pb2.GiftCard(balance=Money(currency_code="USD", units=5))
    request = gift_card_pb2.CreateGiftCardRequest(gift_card=card, request_id=str(uuid.uuid4()))
    first = giving.payments.CreateGiftCard(request, metadata=giving.admin.metadata)
    assert giving.payments.CreateGiftCard(request, metadata=giving.admin.metadata) == first


def test_the_code_of_a_new_card_lies_nowhere_in_plain(giving: RunningShop) -> None:
    card = gift_card_pb2.GiftCard(balance=Money(currency_code="USD", units=5))
    request = gift_card_pb2.CreateGiftCardRequest(gift_card=card, request_id=str(uuid.uuid4()))
    code = giving.payments.CreateGiftCard(request, metadata=giving.admin.metadata).code
    [row] = giving.sql("SELECT reply FROM idempotency_keys WHERE request_id = :id", id=request.request_id)
    assert row.reply
    assert code.encode() not in bytes(row.reply)


def test_a_repeat_under_another_secret_key_names_the_card_without_its_code(giving: RunningShop) -> None:
    card = gift_card_pb2.GiftCard(balance=Money(currency_code="USD", units=5))
    request = gift_card_pb2.CreateGiftCardRequest(gift_card=card, request_id=str(uuid.uuid4()))
    first = giving.payments.CreateGiftCard(request, metadata=giving.admin.metadata)
    kept = gift_card_pb2.GiftCard()
    kept.CopyFrom(first)
    other = Vault(KeyRing([b"another secret"]))
    kept.code = other.seal_token(first.code, Cell("", 0), giving.admin.user_id)
    giving.sql(
        "UPDATE idempotency_keys SET reply = :reply WHERE request_id = :id",
        reply=kept.SerializeToString(),
        id=request.request_id,
    )
    again = giving.payments.CreateGiftCard(request, metadata=giving.admin.metadata)
    assert (again.id, again.last_four, again.code) == (first.id, first.last_four, "")


def test_the_code_of_an_unpaid_order_is_sealed(giving: RunningShop, monkeypatch: pytest.MonkeyPatch) -> None:
    code, seen = gift_card(giving, 25).code, []
    gateway = giving.app.rooms.payment.gateways.named("gift_card")
    charge = gateway.charge

    async def watched(asked: Charge, gateway_id: str) -> Outcome:
        held = "SELECT token FROM payments JOIN orders ON orders.id = order_id WHERE number = :number"
        seen.append((asked.token, giving.sql(held, number=asked.key)[0].token))
        return await charge(asked, gateway_id)

    monkeypatch.setattr(gateway, "charge", watched)
    buyer, _ = buyer_of(giving)
    giving.checkout(buyer, payment_method=GIFT_CARD, payment_token=code)
    [(asked, stored)] = seen
    assert asked == code
    assert stored
    assert code not in stored


def test_an_unknown_code_is_not_found(giving: RunningShop) -> None:
    request = gift_card_pb2.GetGiftCardBalanceRequest(code="GIFT-0000-0000-0000-0000")
    answer = refused_call(giving.payments.GetGiftCardBalance, request, giving.customer())
    assert (answer.code, answer.reason) == (grpc.StatusCode.NOT_FOUND, "GIFT_CARD_NOT_FOUND")


def test_a_card_is_in_the_currency_of_the_shop_unless_it_names_one(giving: RunningShop) -> None:
    request = gift_card_pb2.CreateGiftCardRequest(gift_card=gift_card_pb2.GiftCard(balance=Money(units=5)))
    card = giving.payments.CreateGiftCard(request, metadata=giving.admin.metadata)
    assert card.balance == Money(currency_code="USD", units=5)


@pytest.mark.either
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"balance": Money(currency_code="USD")}, "INVALID_FIELD"),
        ({"balance": Money(currency_code="USD", units=-5)}, "INVALID_MONEY"),
        ({"balance": Money(currency_code="USD", nanos=1)}, "INVALID_MONEY"),
        ({"balance": Money(currency_code="ZZZ", units=5)}, "INVALID_FIELD"),
        (
            {"balance": Money(currency_code="USD", units=5), "expire_time": Timestamp(seconds=1)},
            "INVALID_FIELD",
        ),
    ],
)
def test_a_card_that_makes_no_sense_is_refused(
    giving: RunningShop, fields: dict[str, Any], reason: str
) -> None:
    request = gift_card_pb2.CreateGiftCardRequest(gift_card=gift_card_pb2.GiftCard(**fields))
    answer = refused_call(giving.payments.CreateGiftCard, request, giving.admin)
    assert (answer.code, answer.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)


def test_a_card_pays_orders_until_it_is_empty(giving: RunningShop) -> None:
    code = gift_card(giving, 25).code
    buyer, product_id = buyer_of(giving)
    order = giving.checkout(buyer, payment_method=GIFT_CARD, payment_token=code).order
    assert (order.status, order.payment.gateway, order.payment.method) == (
        pb.Order.CONFIRMED,
        "gift_card",
        GIFT_CARD,
    )
    assert balance(giving, code) == (15, 0)
    giving.add(buyer, product_id)
    giving.checkout(buyer, payment_method=GIFT_CARD, payment_token=code)
    giving.add(buyer, product_id)
    answer = refused(giving, buyer, payment_method=GIFT_CARD, payment_token=code)
    assert answer.reason == "PAYMENT_DECLINED"
    assert answer.message.startswith("The gift card holds 5.00 USD, the order costs 10.00 USD.")
    assert answer.facts == {"decline_code": "INSUFFICIENT_FUNDS"}
    assert (balance(giving, code), cart_of(giving, buyer), stock_of(giving, product_id)) == (
        (5, 0),
        {product_id: 1},
        3,
    )


def change(shop: RunningShop, *paths: str, **fields: Any) -> gift_card_pb2.GiftCard:
    """Change a gift card, as the admin."""
    mask = FieldMask(paths=paths) if paths else None
    request = gift_card_pb2.UpdateGiftCardRequest(
        gift_card=gift_card_pb2.GiftCard(**fields), update_mask=mask
    )
    return shop.payments.UpdateGiftCard(request, metadata=shop.admin.metadata)


def test_a_disabled_card_pays_nothing_and_keeps_its_money(giving: RunningShop) -> None:
    card = gift_card(giving, 25)
    buyer, product_id = buyer_of(giving)
    paid = giving.checkout(buyer, payment_method=GIFT_CARD, payment_token=card.code).order
    assert not change(giving, id=card.id, active=False).active
    giving.add(buyer, product_id)
    answer = refused(giving, buyer, payment_method=GIFT_CARD, payment_token=card.code)
    assert answer.reason == "PAYMENT_DECLINED"
    assert answer.message.startswith("The gift card is disabled.")
    refund = refund_service_pb2.RefundOrderRequest(order_id=paid.id, all=True)
    giving.refunds.RefundOrder(refund, metadata=giving.admin.metadata)
    assert balance(giving, card.code) == (25, 0)
    assert not change(giving, "*", id=card.id).active, "replacing everything switches nothing on"
    assert change(giving, id=card.id, active=True).active
    giving.checkout(buyer, payment_method=GIFT_CARD, payment_token=card.code)
    assert balance(giving, card.code) == (15, 0)


def test_the_end_of_a_card_moves_and_its_balance_does_not(giving: RunningShop) -> None:
    card = gift_card(giving, 25, expire_time=ending(1))
    later = change(giving, id=card.id, expire_time=ending(30))
    assert later.expire_time.seconds > card.expire_time.seconds
    assert not change(giving, "expire_time", id=card.id).HasField("expire_time")

    def refusal_of(*paths: str, **fields: Any) -> tuple[str, list[str]]:
        request = gift_card_pb2.UpdateGiftCardRequest(
            gift_card=gift_card_pb2.GiftCard(**fields), update_mask=FieldMask(paths=paths)
        )
        answer = refused_call(giving.payments.UpdateGiftCard, request, giving.admin)
        return answer.reason, answer.fields

    past = refusal_of(id=card.id, expire_time=ending(-1))
    assert past == ("INVALID_FIELD", ["gift_card.expire_time"])
    assert refusal_of("balance", id=card.id)[0] == "INVALID_UPDATE_MASK"
    assert refusal_of(id=2**62, active=False)[0] == "GIFT_CARD_NOT_FOUND"
    assert balance(giving, card.code) == (25, 0)


def test_a_repeat_pays_once(giving: RunningShop) -> None:
    code = gift_card(giving, 25).code
    buyer, _ = buyer_of(giving)
    request_id = str(uuid.uuid4())
    for _ in range(3):
        giving.checkout(buyer, payment_method=GIFT_CARD, payment_token=code, request_id=request_id)
    assert balance(giving, code) == (15, 0)


def test_an_unknown_card_is_declined(giving: RunningShop) -> None:
    buyer, _ = buyer_of(giving)
    answer = refused(giving, buyer, payment_method=GIFT_CARD, payment_token="GIFT-NOSUCHCARD")
    assert answer.message.startswith("There is no gift card with this code.")
    order = only_order(giving, buyer)
    assert payment(giving, buyer, order.id).decline_message == "There is no gift card with this code."


def ending(days: float) -> Timestamp:
    """A time some days from now."""
    moment = Timestamp()
    moment.FromDatetime(datetime.now(UTC) + timedelta(days=days))
    return moment


def let_end(shop: RunningShop, card: gift_card_pb2.GiftCard) -> None:
    """Have a card's time run out."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    told = past.strftime("%Y-%m-%d %H:%M:%S.%f") if not shop.app.db.is_postgresql else past
    shop.sql("UPDATE gift_cards SET expires_at = :past WHERE id = :id", past=told, id=card.id)


@pytest.mark.both
@pytest.mark.parametrize(("days", "at_least"), [(None, None), (1, 90), (30, 90), (200, 199)])
def test_money_that_goes_back_on_a_card_can_be_spent(
    giving: RunningShop, days: int | None, at_least: int | None
) -> None:
    card = gift_card(giving, 25, expire_time=ending(days) if days else None)
    buyer, product_id = buyer_of(giving)
    order = giving.checkout(buyer, payment_method=GIFT_CARD, payment_token=card.code).order
    if days == 1:
        let_end(giving, card)
    giving.refunds.RefundOrder(
        refund_service_pb2.RefundOrderRequest(order_id=order.id, all=True), metadata=giving.admin.metadata
    )
    read = giving.payments.GetGiftCardBalance(
        gift_card_pb2.GetGiftCardBalanceRequest(code=card.code), metadata=giving.admin.metadata
    )
    assert read.HasField("expire_time") == (at_least is not None)
    if at_least is not None:
        left = read.expire_time.ToDatetime(tzinfo=UTC) - datetime.now(UTC)
        assert timedelta(days=at_least, minutes=-1) < left < timedelta(days=at_least + 1)
    giving.add(buyer, product_id)
    giving.checkout(buyer, payment_method=GIFT_CARD, payment_token=card.code)
    assert balance(giving, card.code) == (15, 0)


@pytest.mark.both
def test_an_expired_card_is_declined(giving: RunningShop) -> None:
    card = gift_card(giving, 25, expire_time=ending(1))
    buyer, _ = buyer_of(giving)
    let_end(giving, card)
    answer = refused(giving, buyer, payment_method=GIFT_CARD, payment_token=card.code)
    assert "has expired" in answer.message


def test_a_card_in_another_currency_is_declined(giving: RunningShop) -> None:
    card = gift_card_pb2.GiftCard(balance=Money(currency_code="EUR", units=50))
    made = giving.payments.CreateGiftCard(
        gift_card_pb2.CreateGiftCardRequest(gift_card=card), metadata=giving.admin.metadata
    )
    buyer, _ = buyer_of(giving)
    answer = refused(giving, buyer, payment_method=GIFT_CARD, payment_token=made.code)
    assert answer.message.startswith("The gift card is in EUR, the order in USD.")


@pytest.mark.both
def test_ten_checkouts_at_once_share_the_last_of_a_card(giving: RunningShop) -> None:
    code = gift_card(giving, 35).code
    product = giving.product(units=10, stock=100).id
    buyers = [giving.customer() for _ in range(10)]
    for buyer in buyers:
        giving.add(buyer, product)

    def buy(place: int) -> str:
        try:
            giving.checkout(buyers[place], payment_method=GIFT_CARD, payment_token=code)
        except grpc.RpcError as error:
            return refusal(error).reason
        return "OK"

    with ThreadPoolExecutor(10) as threads:
        assert Counter(threads.map(buy, range(10))) == {"OK": 3, "PAYMENT_DECLINED": 7}
    assert (balance(giving, code), stock_of(giving, product)) == ((5, 0), 97)
