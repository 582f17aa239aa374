"""The header Idempotency-Key becomes the request id."""

from __future__ import annotations

import uuid

import pytest
from sanset.v1.cart_pb2 import AddItemRequest, GetCartRequest

from server.errors import InvalidField
from server.rpc.request_ids import adopt


def adopted(key: str | bytes, request_id: str = "") -> str:
    request = AddItemRequest(product_id=1, request_id=request_id)
    adopt(request, key)
    return request.request_id


def test_a_uuid_is_the_request_id() -> None:
    key = str(uuid.uuid4())
    assert adopted(key) == adopted(key.upper()) == adopted(f'"{key}"') == key
    assert adopted(key, request_id=key.upper()) == key


@pytest.mark.parametrize("key", ["1", "order 17", "KG5LxwFBepaKHyUD", "x" * 255, "grün", b"\xff"])
def test_any_other_key_is_the_same_uuid_every_time(key: str | bytes) -> None:
    assert adopted(key) == adopted(key, request_id=adopted(key)) == str(uuid.UUID(adopted(key)))
    assert adopted(key) != adopted("another")


@pytest.mark.parametrize("key", ["", '""', "x" * 256])
def test_an_empty_or_overlong_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidField, match="idempotency-key"):
        adopted(key)


def test_a_key_that_contradicts_the_request_id_is_refused() -> None:
    with pytest.raises(InvalidField, match="request_id"):
        adopted("1", request_id=str(uuid.uuid4()))


def test_a_request_without_a_request_id_needs_none() -> None:
    request = GetCartRequest()
    adopt(request, "")
    assert request == GetCartRequest()
