"""Saved payment methods on both databases: tokens that are kept and never told, one default, nobody else's."""

from __future__ import annotations

import uuid

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from sanset.v1 import order_pb2 as pb
from sanset.v1 import payment_method_pb2, payment_pb2
from support.cart_shop import buyer_of
from support.payment_shop import gift_card
from support.running_shop import Account, RunningShop, refusal, refused

pytestmark = pytest.mark.either

CARD = payment_pb2.Payment.CARD


def save(shop: RunningShop, owner: Account, **fields: object) -> payment_method_pb2.PaymentMethod:
    """Save a payment method."""
    values = {"kind": CARD, "token": "pm_1", "brand": "Visa", "last_four": "4242"} | fields
    method = payment_method_pb2.PaymentMethod(**values)  # type: ignore[arg-type]
    request = payment_method_pb2.CreatePaymentMethodRequest(payment_method=method)
    return shop.users.CreatePaymentMethod(request, metadata=owner.metadata)


def saved(shop: RunningShop, owner: Account) -> list[payment_method_pb2.PaymentMethod]:
    """What an account has saved."""
    request = payment_method_pb2.ListPaymentMethodsRequest()
    return list(shop.users.ListPaymentMethods(request, metadata=owner.metadata).items)


def test_a_token_is_kept_and_never_told(shop: RunningShop) -> None:
    owner = shop.customer(address=False)
    method = save(shop, owner)
    assert (method.kind, method.brand, method.last_four, method.token) == (CARD, "Visa", "4242", "")
    assert method.is_default
    assert saved(shop, owner) == [method]
    assert saved(shop, shop.customer(address=False)) == []


def update(*paths: str, **fields: object) -> payment_method_pb2.UpdatePaymentMethodRequest:
    """A request to change a payment method."""
    method = payment_method_pb2.PaymentMethod(**fields)  # type: ignore[arg-type]
    mask = FieldMask(paths=paths) if paths else None
    return payment_method_pb2.UpdatePaymentMethodRequest(payment_method=method, update_mask=mask)


def test_another_becomes_the_default_and_the_default_stays_one(shop: RunningShop) -> None:
    owner = shop.customer(address=False)
    first, second = save(shop, owner), save(shop, owner, token="pm_2")
    for _ in range(2):
        changed = shop.users.UpdatePaymentMethod(
            update(id=second.id, is_default=True), metadata=owner.metadata
        )
        assert (changed.id, changed.is_default, changed.token) == (second.id, True, "")
    assert [method.id for method in saved(shop, owner)] == [second.id, first.id]
    answer = refused(shop.users.UpdatePaymentMethod, update(id=second.id, is_default=False), owner)
    assert answer.fields == ["payment_method.is_default"]
    answer = refused(shop.users.UpdatePaymentMethod, update("brand", id=first.id, brand="Other"), owner)
    assert answer.reason == "INVALID_UPDATE_MASK"
    [default, other] = saved(shop, owner)
    for method in (default, other):
        request = payment_method_pb2.GetPaymentMethodRequest(payment_method_id=method.id)
        assert shop.users.GetPaymentMethod(request, metadata=owner.metadata) == method


def stored_token(shop: RunningShop, method: payment_method_pb2.PaymentMethod) -> str:
    """What the database holds as the token of a saved payment method."""
    [row] = shop.sql("SELECT token FROM payment_methods WHERE id = :id", id=method.id)
    return str(row.token)


def test_a_token_is_sealed_in_the_database(shop: RunningShop) -> None:
    owner = shop.customer(address=False)
    code = gift_card(shop, 30).code
    method = save(shop, owner, kind=payment_pb2.Payment.GIFT_CARD, token=code)
    longest = save(shop, owner, token="a" * 128)
    assert code not in stored_token(shop, method)
    assert "aaaa" not in stored_token(shop, longest)


def test_one_is_the_default(shop: RunningShop) -> None:
    owner = shop.customer(address=False)
    first, second = save(shop, owner), save(shop, owner, token="pm_2")
    assert [method.id for method in saved(shop, owner)] == [first.id, second.id]
    third = save(shop, owner, token="pm_3", is_default=True)
    assert [(method.id, method.is_default) for method in saved(shop, owner)] == [
        (third.id, True),
        (second.id, False),
        (first.id, False),
    ]
    request = payment_method_pb2.DeletePaymentMethodRequest(payment_method_id=third.id)
    shop.users.DeletePaymentMethod(request, metadata=owner.metadata)
    assert [(method.id, method.is_default) for method in saved(shop, owner)] == [
        (second.id, True),
        (first.id, False),
    ]


def test_a_repeat_saves_once(shop: RunningShop) -> None:
    owner = shop.customer(address=False)
    method = payment_method_pb2.PaymentMethod(kind=CARD, token="pm_1")
    request = payment_method_pb2.CreatePaymentMethodRequest(
        payment_method=method, request_id=str(uuid.uuid4())
    )
    first = shop.users.CreatePaymentMethod(request, metadata=owner.metadata)
    assert shop.users.CreatePaymentMethod(request, metadata=owner.metadata) == first
    assert len(saved(shop, owner)) == 1


def test_anothers_is_not_found(shop: RunningShop) -> None:
    theirs = save(shop, shop.customer(address=False))
    me = shop.customer()
    request = payment_method_pb2.DeletePaymentMethodRequest(payment_method_id=theirs.id)
    answer = refused(shop.users.DeletePaymentMethod, request, me)
    assert (answer.code, answer.reason) == (grpc.StatusCode.NOT_FOUND, "PAYMENT_METHOD_NOT_FOUND")
    shop.add(me, shop.product().id)
    with pytest.raises(grpc.RpcError) as caught:
        shop.checkout(me, payment_method_id=theirs.id)
    assert refusal(caught.value).reason == "PAYMENT_METHOD_NOT_FOUND"


def test_an_account_has_at_most_twenty(shop: RunningShop) -> None:
    owner = shop.customer(address=False)
    for _ in range(20):
        save(shop, owner)
    method = payment_method_pb2.PaymentMethod(kind=CARD, token="pm_1")
    answer = refused(
        shop.users.CreatePaymentMethod,
        payment_method_pb2.CreatePaymentMethodRequest(payment_method=method),
        owner,
    )
    assert (answer.code, answer.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "TOO_MANY")


@pytest.mark.either
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"token": "4111111111111111"}, "CARD_NUMBER_REFUSED"),
        ({"token": "4111-1111-1111-1111"}, "CARD_NUMBER_REFUSED"),
        ({"brand": "Visa 4111 1111 1111 1111"}, "CARD_NUMBER_REFUSED"),
        ({"brand": "4111.1111.1111.1111"}, "CARD_NUMBER_REFUSED"),
        ({"token": "41111111111111111227123"}, "CARD_NUMBER_REFUSED"),
        ({"token": "7-4111111111111111"}, "CARD_NUMBER_REFUSED"),
        ({"token": ""}, "INVALID_FIELD"),
        ({"kind": 0}, "INVALID_FIELD"),
        ({"last_four": "12345"}, "INVALID_FIELD"),
    ],
)
def test_what_is_no_payment_method_is_refused(
    shop: RunningShop, fields: dict[str, object], reason: str
) -> None:
    values = {"kind": CARD, "token": "pm_1"} | fields
    request = payment_method_pb2.CreatePaymentMethodRequest(
        payment_method=payment_method_pb2.PaymentMethod(**values)  # type: ignore[arg-type]
    )
    answer = refused(shop.users.CreatePaymentMethod, request, shop.customer(address=False))
    assert (answer.code, answer.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
    assert "4111" not in str(answer)


def test_a_token_of_before_the_vault_pays(shop: RunningShop) -> None:
    buyer, _ = buyer_of(shop)
    method = save(shop, buyer, kind=payment_pb2.Payment.GIFT_CARD)
    plain = gift_card(shop, 100).code
    shop.sql("UPDATE payment_methods SET token = :plain WHERE id = :id", plain=plain, id=method.id)
    order = shop.checkout(
        buyer, payment_method=payment_pb2.Payment.GIFT_CARD, payment_method_id=method.id
    ).order
    assert order.status == pb.Order.CONFIRMED


def test_anothers_token_does_not_open(shop: RunningShop) -> None:
    """Whoever could write to the table cannot pay with what another saved."""
    buyer, _ = buyer_of(shop)
    theirs, mine = save(shop, shop.customer(address=False)), save(shop, buyer)
    moved = stored_token(shop, theirs)
    shop.sql("UPDATE payment_methods SET token = :moved WHERE id = :id", moved=moved, id=mine.id)
    with pytest.raises(grpc.RpcError) as caught:
        shop.checkout(buyer, payment_method_id=mine.id)
    answer = refusal(caught.value)
    assert (answer.reason, answer.fields) == ("INVALID_FIELD", ["payment_method_id"])


def test_a_saved_method_pays(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop)
    card = gift_card(shop, 100)
    method = save(shop, buyer, kind=payment_pb2.Payment.GIFT_CARD, token=card.code)
    order = shop.checkout(
        buyer, payment_method=payment_pb2.Payment.GIFT_CARD, payment_method_id=method.id
    ).order
    assert (order.status, order.payment.gateway) == (pb.Order.CONFIRMED, "gift_card")
    shop.add(buyer, product_id)
    with pytest.raises(grpc.RpcError) as caught:
        shop.checkout(buyer, payment_method=payment_pb2.Payment.CARD, payment_method_id=method.id)
    answer = refusal(caught.value)
    assert (answer.reason, answer.fields) == ("INVALID_FIELD", ["payment_method"])
