"""Every RPC called twice: with one request id it is one effect and one reply, and what is IDEMPOTENT is so."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from every_rpc import CASES, METHODS, World, everything, everything_at_rest, rule
from google.protobuf import descriptor_pb2
from google.protobuf.message import Message
from sanset.v1 import auth_pb2
from sanset.v1.access_pb2 import AccessRule
from support.running_shop import Account, refusal

OK = grpc.StatusCode.OK

TAKES_ID = [name for name, method in METHODS.items() if "request_id" in method.input_type.fields_by_name]
IDEMPOTENT_BY_NATURE = [
    name
    for name, method in METHODS.items()
    if method.GetOptions().idempotency_level == descriptor_pb2.MethodOptions.IDEMPOTENT
    and name not in TAKES_ID
]

ANOTHER_BODY: dict[str, Callable[[Any], None]] = {
    "Register": lambda request: setattr(request, "password", "another-horse-2"),
    "Checkout": lambda request: setattr(request, "coupon_code", "ANOTHER"),
    "ClearCart": lambda request: setattr(request, "etag", "another"),
    "RedeemPoints": lambda request: setattr(request, "points", 1),
    "UpdateMe": lambda request: setattr(request.user, "full_name", "Ann Third"),
    "CreateAddress": lambda request: setattr(request.address, "label", "Work"),
    "AddPaymentMethod": lambda request: setattr(request.payment_method, "last_four", "4243"),
    "CreateGiftCard": lambda request: setattr(request.gift_card.balance, "units", 26),
    "CreateWebhookEndpoint": lambda request: setattr(request.endpoint, "url", "https://8.8.8.8/other"),
    "AdjustPoints": lambda request: setattr(request, "points", 6),
    # Ids that are free again may be given out once more.
    "DeletePaymentMethod": lambda request: setattr(request, "payment_method_id", 10**9),
    "DeleteAddress": lambda request: setattr(request, "address_id", 10**9),
    "DeleteWebhookEndpoint": lambda request: setattr(request, "endpoint_id", 10**9),
    "UpdateWebhookEndpoint": lambda request: setattr(request.endpoint, "id", 10**9),
    "ReplayWebhookDelivery": lambda request: setattr(request, "delivery_id", 10**9),
    "RotateWebhookSecret": lambda request: setattr(request, "endpoint_id", 10**9),
    "RemoveItem": lambda request: setattr(request, "item_id", 10**9),
    "DeleteSegment": lambda request: setattr(request, "segment_id", 10**9),
    "DeleteCategory": lambda request: setattr(request, "category_id", 10**9),
}
"""How the body of a case is made another, where a second request of the case is the same."""
NO_OTHER_BODY = {"RemoveCoupon"}

AT_ONCE = [
    "Register", "AddItem", "MoveToCart", "CreateAddress", "AddPaymentMethod", "CreateProduct", "AdjustInventory",
    "AdjustPoints", "CreateGiftCard", "CreateCoupon", "Checkout", "RefundOrder", "RequestReturn", "TrackEvent",
    "DeleteAddress",
]  # fmt: skip


def caller_of(world: World, method: str) -> Account:
    """Somebody who may call a method."""
    return world.admin if rule(method).permission else world.shop.customer()


def metadata_of(method: str, caller: Account) -> Any:
    return () if rule(method).level == AccessRule.PUBLIC else caller.metadata


def new_request(world: World, method: str, caller: Account) -> Any:
    """A request of a method's case, with a request id."""
    request: Any = CASES[method].request(world, caller)
    request.request_id = request.request_id or str(uuid.uuid4())
    return request


def reply_or_code(world: World, method: str, request: Message, metadata: Any) -> Message | grpc.StatusCode:
    try:
        return world.call(method, request, metadata)
    except grpc.RpcError as error:
        return error.code()  # type: ignore[no-any-return]


def with_another_body(world: World, method: str, first: Any, caller: Account) -> Message:
    """A good request with the id of `first` and another body."""
    if method in ANOTHER_BODY:
        request = type(first)()
        request.CopyFrom(first)
        ANOTHER_BODY[method](request)
    else:
        request = CASES[method].request(world, caller)
        request.request_id = first.request_id
    assert request != first, f"{method} needs a line in ANOTHER_BODY"
    return request


def test_a_request_id_makes_repeats_one_effect_and_one_reply(world: World) -> None:
    calls, first = {}, {}
    for method in TAKES_ID:
        caller = caller_of(world, method)
        request = new_request(world, method, caller)
        calls[method] = (request, metadata_of(method, caller), caller)
        first[method] = reply_or_code(world, method, *calls[method][:2])
    served = {method for method in TAKES_ID if CASES[method].code == OK}
    assert {method for method, reply in first.items() if isinstance(reply, Message)} == served
    others = {
        method: with_another_body(world, method, calls[method][0], calls[method][2])
        for method in sorted(served - NO_OTHER_BODY)
    }
    before = everything_at_rest(world)
    again = {method: reply_or_code(world, method, *call[:2]) for method, call in calls.items()}
    assert {method for method in TAKES_ID if again[method] != first[method]} == set()
    for method, request in others.items():
        with pytest.raises(grpc.RpcError) as caught:
            world.call(method, request, calls[method][1])
        assert refusal(caught.value).reason == "IDEMPOTENCY_MISMATCH", method
    after = everything(world)
    assert {table for table in before if after[table] != before[table]} == set()


@pytest.mark.parametrize("method", AT_ONCE)
def test_of_repeats_at_once_one_takes_effect(world: World, method: str) -> None:
    def new_rows(times: int) -> tuple[list[Message | grpc.StatusCode], Counter[str]]:
        caller = caller_of(world, method)
        request, metadata = new_request(world, method, caller), metadata_of(method, caller)
        before = counts(world)
        with ThreadPoolExecutor(times) as threads:
            replies = list(
                threads.map(lambda _: reply_or_code(world, method, request, metadata), range(times))
            )
        return replies, Counter({table: n - before[table] for table, n in counts(world).items()})

    _, once = new_rows(1)
    replies, several = new_rows(4)
    assert isinstance(replies[0], Message)
    assert all(reply == replies[0] for reply in replies)
    assert several == once


def counts(world: World) -> dict[str, int]:
    return {table: len(rows) for table, rows in everything(world).items()}


def test_what_is_idempotent_by_nature_answers_a_repeat_as_it_answered_first(world: World) -> None:
    calls, first = {}, {}
    for method in IDEMPOTENT_BY_NATURE:
        caller = caller_of(world, method)
        request, metadata = CASES[method].request(world, caller), metadata_of(method, caller)
        if isinstance(request, auth_pb2.RevokeSessionRequest):  # another session than the one that calls
            metadata = world.shop.sign_in(caller.email).metadata
        calls[method] = (request, metadata)
        first[method] = reply_or_code(world, method, request, metadata)
    before = everything_at_rest(world)
    again = {method: reply_or_code(world, method, *call) for method, call in calls.items()}
    assert {method for method in calls if again[method] != first[method]} == set()
    after = everything(world)
    assert {table for table in before if after[table] != before[table]} == set()
