"""Every rule of the contract has a sentence that a person can act on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from buf.validate import validate_pb2
from google.api.field_behavior_pb2 import REQUIRED, field_behavior
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from sanset.v1.auth_pb2 import LoginRequest, RegisterRequest
from sanset.v1.model_pb2 import Model
from sanset.v1.model_service_pb2 import TrainModelRequest
from sanset.v1.order_pb2 import LineQuantity
from sanset.v1.order_service_pb2 import CheckoutRequest
from sanset.v1.product_pb2 import (
    BatchGetProductsRequest,
    CreateProductRequest,
    GetProductRequest,
    ListProductsRequest,
    Product,
)
from sanset.v1.promotion_pb2 import AdjustPointsRequest
from sanset.v1.refund_service_pb2 import RefundOrderRequest, RequestReturnRequest
from sanset.v1.user_pb2 import Address, CreateAddressRequest
from sanset.v1.webhook_pb2 import CreateWebhookEndpointRequest, WebhookEndpoint
from support.every import every

from server.contract import METHODS, SERVICES
from server.errors import FieldReason, InvalidField
from server.rpc.sentences import (
    CONDITIONS,
    PATTERNS,
    REQUIRED_TOGETHER,
    SENTENCES,
    choice_of,
    sentence_of,
)
from server.rpc.validation import Validation
from server.text.languages import ENGLISH, languages, translated

NUMBERS = {"gt", "gte", "lt", "lte", "in", "not_in"}
NO_RULES = {"ignore"}


def _messages(message: Descriptor, seen: set[str]) -> Iterator[Descriptor]:
    if message.full_name in seen or message.full_name.startswith("google."):
        return
    seen.add(message.full_name)
    yield message
    for field in message.fields:
        if field.message_type is not None:
            yield from _messages(field.message_type, seen)


SEEN: set[str] = set()
MESSAGES = [m for s in SERVICES for method in s.methods for m in _messages(method.input_type, SEEN)]


def _rules(rules: Any, kind: str = "") -> Iterator[tuple[str, str, Any]]:
    """Each rule as (kind, rule, value): ("string", "max_len", 200)."""
    for option, value in rules.ListFields():
        if option.name == "items":
            yield from _rules(value)
        elif option.message_type is not None and not option.is_repeated:
            yield from _rules(value, option.name)
        elif option.name not in NO_RULES:
            yield kind, option.name, value


RULES = {
    (kind, rule): (field.full_name, value)
    for message in MESSAGES
    for field in message.fields
    for kind, rule, value in _rules(field.GetOptions().Extensions[validate_pb2.field])
}


@pytest.mark.parametrize(("kind", "rule"), RULES)
def test_every_kind_of_rule_in_the_contract_has_its_sentence(kind: str, rule: str) -> None:
    if kind in ("int32", "int64", "double"):
        assert rule in NUMBERS
    else:
        assert f"{kind}.{rule}".removeprefix(".") in SENTENCES, RULES[kind, rule]


def test_every_pattern_in_the_contract_has_its_sentence_and_none_is_stale() -> None:
    used = {
        value
        for message in MESSAGES
        for field in message.fields
        for _, rule, value in _rules(field.GetOptions().Extensions[validate_pb2.field])
        if rule == "pattern"
    }
    assert used == PATTERNS.keys()


def test_every_rule_over_a_whole_request_has_its_sentence_and_none_is_stale() -> None:
    used = {
        rule.id for message in MESSAGES for rule in message.GetOptions().Extensions[validate_pb2.message].cel
    }
    assert used == CONDITIONS.keys() | REQUIRED_TOGETHER.keys()


def _rule_ids(rules: validate_pb2.FieldRules) -> Iterator[tuple[validate_pb2.FieldRules, str]]:
    """Each rule by protovalidate's id, with the rules that it stands in."""
    for option, value in rules.ListFields():
        if option.message_type is None or option.is_repeated:
            yield rules, option.name
            continue
        for inner, limit in value.ListFields():
            if isinstance(limit, validate_pb2.FieldRules):
                yield from _rule_ids(limit)
            else:
                yield rules, f"{option.name}.{inner.name}"
                yield rules, f"{option.name}.{inner.name}_empty"


def _every_sentence() -> Iterator[str]:
    """What may be said of the fields of any request."""
    yield from PATTERNS.values()
    yield from (condition.description for condition in CONDITIONS.values())
    for message in MESSAGES:
        for oneof in message.oneofs:
            if oneof.GetOptions().Extensions[validate_pb2.oneof].required:
                yield choice_of(oneof)
        for field in message.fields:
            for rules, rule_id in _rule_ids(field.GetOptions().Extensions[validate_pb2.field]):
                yield sentence_of(field, rules, rule_id) or ""


@pytest.mark.parametrize("language", sorted(languages() - {ENGLISH}))
def test_every_sentence_about_a_field_is_translated(language: str) -> None:
    sentences = {sentence for sentence in _every_sentence() if sentence}
    assert len(sentences) > 100
    english = sorted(sentence for sentence in sentences if translated(sentence, language) == sentence)
    assert english == [], f"translate it in server/text/locale/{language}.po"


def _said(request: Message) -> dict[str, str]:
    with pytest.raises(InvalidField) as caught:
        Validation(SERVICES).check(request)
    said = {violation.field: violation.description for violation in caught.value.violations}
    assert len(said) == len(caught.value.violations)
    return said


def test_an_id_that_was_not_sent_is_required_by_name() -> None:
    """The least id there may be says nothing to who did not know that one is to be sent."""
    for method in METHODS:
        required = {
            field.name
            for field in method.input_type.fields
            if re.fullmatch(r"(.*_)?id", field.name)
            and field.type == FieldDescriptor.TYPE_INT64
            and REQUIRED in field.GetOptions().Extensions[field_behavior]
        }
        if required:
            with pytest.raises(InvalidField) as caught:
                Validation(SERVICES).check(GetMessageClass(method.input_type)())
            said = {one.field: (one.description, one.reason) for one in caught.value.violations}
            assert {name: said[name] for name in required} == dict.fromkeys(
                required, ("is required", FieldReason.REQUIRED)
            ), method.name


UUID = "3f2b8c1e-6a4d-4e0b-9c57-0d1f2a3b4c5d"
REQUEST_ID = f"must be a UUID, such as {UUID}"


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (RegisterRequest(email="x"), {
            "full_name": "must not be empty",
            "email": "must be an e-mail address, such as ann@example.com",
            "password": "must have at least 8 characters",
        }),
        (RegisterRequest(full_name="x" * 201, email="a@b.de", password="long-enough"), {
            "full_name": "must have at most 200 characters",
        }),
        (CheckoutRequest(payment_method=1, payment_token="!" * 129, request_id=UUID), {  # type: ignore[arg-type]
            "payment_token": "must have at most 128 characters",  # and no second sentence
        }),
        (CheckoutRequest(request_id="x"), {
            "payment_method": "must be CARD, UPI or GIFT_CARD", "request_id": REQUEST_ID,
        }),
        (CheckoutRequest(payment_method=77), {  # type: ignore[arg-type]
            "payment_method": "must be CARD, UPI or GIFT_CARD",
            "request_id": "must not be empty: make a UUID for each new request",
        }),
        (GetProductRequest(), {"key": "send exactly one of product_id or slug"}),
        (GetProductRequest(product_id=-1), {"product_id": "must be at least 1"}),
        (CreateAddressRequest(), {"address": "is required"}),
        (CreateAddressRequest(address=Address(line1="1 Main Street", country="1", lat=91, lng=float("nan"))), {
            "address.city": "is required",
            "address.country": "must be a country code of two letters, such as US",
            "address.lat": "must be between -90 and 90",
            "address.lng": "must be between -180 and 180",
        }),
        (CreateProductRequest(product=Product(stock=10**9, tags=["a", "a", ""])), {
            "product.name": "is required",
            "product.price": "is required",
            "product.stock": "must be between 0 and 100,000,000",
            "product.tags": "must not have the same entry twice",
            "product.tags[2]": "must not be empty",
        }),
        (TrainModelRequest(), {"model_type": "must be ALS, COPURCHASE, CONTENT, ALL, REORDER or SEGMENTS"}),
        (RefundOrderRequest(order_id=1), {
            "items": 'say what to pay back by exactly one of items, amount and "all": true',
        }),
        (RefundOrderRequest(order_id=1, items=[LineQuantity(quantity=1)]), {
            "items[0].variant_id": "name the units by their variant_id or product_id",
        }),
        (RequestReturnRequest(order_id=1, reason="Too small"), {
            "items": 'say what to send back by exactly one of items and "all": true',
        }),
        (AdjustPointsRequest(user_id=1, reason="Sorry"), {"points": "must not be 0"}),
        (ListProductsRequest(page_size=-1, min_price="cheap"), {
            "page_size": "must be at least 0", "min_price": "must be a decimal number such as 9.99",
        }),
        (TrainModelRequest(model_type=Model.ALL, parameters=TrainModelRequest.Parameters(alpha=-1)), {
            "parameters.alpha": "must be above 0 and at most 1,000",
        }),
        (LoginRequest(email="a@b.de", username="ann", password="x"), {
            "email": "send either email or username, and only one of them",
        }),
        (CreateWebhookEndpointRequest(endpoint=WebhookEndpoint(url="x", event_types=["shipped"])), {
            "endpoint.event_types[0]": "must name a step of an order, such as order.shipped",
        }),
        (BatchGetProductsRequest(), {"product_ids": "must have at least 1 entry"}),
        (BatchGetProductsRequest(product_ids=[0] * 101), {"product_ids": "must have at most 100 entries"}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Message) else "",
)  # fmt: skip
def test_a_broken_rule_reads_as_a_person_would_write_it(request_: Message, said: dict[str, str]) -> None:
    assert _said(request_) == said


def test_at_most_twenty_violations_are_reported() -> None:
    assert len(_said(BatchGetProductsRequest(product_ids=[0] * 100))) == 20


@every("message", {message.full_name: message for message in MESSAGES})
def test_no_text_of_the_library_reaches_a_client(message: Descriptor) -> None:
    empty = GetMessageClass(message)()
    try:
        Validation(SERVICES).check(empty)
    except InvalidField as refusal:
        for _, text, reason in refusal.violations:
            assert reason in FieldReason
            assert "item(s)" not in text
            assert "value" not in text
            assert "regex" not in text
