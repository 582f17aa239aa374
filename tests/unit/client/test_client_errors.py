"""What a refusal looks like to the caller."""

from __future__ import annotations

import grpc
import pytest
from sanset.v1.cart_pb2 import AddItemRequest
from sanset.v1.error_details_pb2 import LineFailure, PriceChange
from sanset_client import (
    Aborted,
    AlreadyExists,
    Client,
    FailedPrecondition,
    InvalidArgument,
    PermissionDenied,
    SansetError,
    Unavailable,
)
from sanset_client.errors import STATUS_DETAILS, read_error
from shop_double import Refusal, ShopDouble


def test_a_refusal_carries_its_reason_its_facts_and_its_sentence(shop: ShopDouble, client: Client) -> None:
    shop.refuse("AddItem", Refusal("FAILED_PRECONDITION", "OUT_OF_STOCK", metadata={"available": "2"}))
    with pytest.raises(FailedPrecondition) as caught:
        client.cart.add(product_id=7, quantity=3)
    error = caught.value
    assert (error.code, error.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "OUT_OF_STOCK")
    assert error.metadata == {"available": "2"}
    assert error.message == "Refused: FAILED_PRECONDITION."
    assert str(error) == "OUT_OF_STOCK: Refused: FAILED_PRECONDITION."
    assert (error.retry_after, error.violations) == (None, ())
    assert error.request_id == shop.requests("AddItem")[-1].request_id != ""


def test_typed_facts_are_found_by_their_message_type(shop: ShopDouble, client: Client) -> None:
    line = LineFailure.Line(reason="OUT_OF_STOCK", item_id=3, product_id=7, available=2, requested=4)
    facts = [LineFailure(lines=[line])]
    shop.refuse("AddItem", Refusal("FAILED_PRECONDITION", "OUT_OF_STOCK", facts=facts))
    with pytest.raises(FailedPrecondition) as caught:
        client.cart.add(product_id=7, quantity=4)
    assert caught.value.detail(LineFailure) == facts[0]
    assert caught.value.detail(PriceChange) is None


def test_every_wrong_field_is_named(shop: ShopDouble, client: Client) -> None:
    wrong = (("quantity", "must be at least 1"), ("product_id", "must be above 0"))
    shop.refuse("AddItem", Refusal("INVALID_ARGUMENT", "INVALID_FIELD", violations=wrong))
    with pytest.raises(InvalidArgument) as caught:
        client.cart.add()
    assert tuple((pair.field, pair.description) for pair in caught.value.violations) == wrong


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ALREADY_EXISTS", AlreadyExists),
        ("PERMISSION_DENIED", PermissionDenied),
        ("ABORTED", Aborted),
        ("UNIMPLEMENTED", SansetError),
        ("INTERNAL", SansetError),
    ],
)
def test_each_code_is_an_error_of_its_own_kind(
    shop: ShopDouble, client: Client, code: str, kind: type[SansetError]
) -> None:
    shop.refuse("AddItem", Refusal(code))
    with pytest.raises(SansetError) as caught:
        client.cart.add(product_id=7)
    assert type(caught.value) is kind
    assert caught.value.code.name == code
    assert caught.value.reason == ""


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with Client("127.0.0.1:1", timeout=1) as client, pytest.raises(Unavailable) as caught:
        client.cart.add(product_id=7)
    assert caught.value.reason == ""


def test_a_future_fails_with_the_same_error(shop: ShopDouble, client: Client) -> None:
    shop.refuse("AddItem", Refusal("ABORTED", "STALE_ETAG"))
    future = client.cart.AddItem.future(AddItemRequest(product_id=7))
    with pytest.raises(Aborted):
        future.result()
    assert client.cart.AddItem.future(AddItemRequest(product_id=7)).result().item_count == 0


def test_details_that_cannot_be_read_do_not_hide_the_status() -> None:
    error = read_error(grpc.StatusCode.NOT_FOUND, "Gone.", ((STATUS_DETAILS, b"\xff\xff"),))
    assert (error.code, error.message, error.reason) == (grpc.StatusCode.NOT_FOUND, "Gone.", "")


def test_an_error_without_a_sentence_says_its_code() -> None:
    assert read_error(grpc.StatusCode.DATA_LOSS, None, None).message == "Data loss"
