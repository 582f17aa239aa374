"""Every RPC called twice: with one request id it is one effect and one reply, and what is IDEMPOTENT is so."""

from __future__ import annotations

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from every_rpc import case_of, new_request
from google.protobuf import descriptor_pb2
from google.protobuf.message import Message
from ids import IDS, is_required, name_of, named_ids, set_field
from sanset.v1 import auth_pb2
from sanset.v1.access_pb2 import AccessRule
from sqlalchemy import Column, Table, func, literal, select, union_all
from support.running_shop import Account, refusal
from world import METHODS, World, everything, everything_at_rest, rows_of, rule

from server.db.base import Base

OK = grpc.StatusCode.OK

TAKES_ID = [name for name, method in METHODS.items() if "request_id" in method.input_type.fields_by_name]
IDEMPOTENT_BY_NATURE = [
    name
    for name, method in METHODS.items()
    if method.GetOptions().idempotency_level == descriptor_pb2.MethodOptions.IDEMPOTENT
    and name not in TAKES_ID
]
SAFE_WITHOUT_ID = [
    name
    for name in TAKES_ID
    if METHODS[name].GetOptions().idempotency_level == descriptor_pb2.MethodOptions.IDEMPOTENT
    and not is_required(METHODS[name].input_type.fields_by_name["request_id"])
]

TABLES = Base.metadata.tables.items()
LOGS = {"audit_entries", "events"}
"""Tables that tell of a repeat as well."""

VERSIONS = {"version", "metadata_version", "updated_at"}
"""Columns of which each change makes another value."""


def _lasting(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if column.name not in VERSIONS]


CONTENTS = {name: str(select(*_lasting(table))) for name, table in TABLES if name not in LOGS}
NOT_SERVED = {
    "CancelTraining": "recommend/test_recommend_lifecycle.py",
    "ActivateModel": "recommend/test_recommend_training.py",
    "EndExperiment": "recommend/test_recommend_experiments.py",
    "ReceivePaymentWebhook": "payment/test_payments.py",
}
"""What is IDEMPOTENT and refused here, and where in tests/integration its repeats are tested."""

AT_ONCE = [
    "Register", "AddItem", "MoveToCart", "CreateAddress", "CreatePaymentMethod", "CreateProduct",
    "AdjustInventory", "AdjustPoints", "CreateGiftCard", "CreateCoupon", "Checkout", "RefundOrder",
    "RequestReturn", "TrackEvent", "DeleteAddress", "UploadImage", "CreateReview",
]  # fmt: skip


def caller_of(world: World, method: str) -> Account:
    """Somebody who may call a method."""
    return world.admin if rule(method).permission else world.shop.customer()


def metadata_of(method: str, caller: Account) -> Any:
    return () if rule(method).level == AccessRule.PUBLIC else caller.metadata


def identified_request(world: World, method: str, caller: Account) -> Any:
    """A request that is served, with a request id."""
    request = new_request(world, method, caller)
    request.request_id = request.request_id or str(uuid.uuid4())
    return request


def reply_or_code(world: World, method: str, request: Message, metadata: Any) -> Message | grpc.StatusCode:
    try:
        return world.call(method, request, metadata)
    except grpc.RpcError as error:
        return error.code()  # type: ignore[no-any-return]


def with_another_body(world: World, method: str, first: Any, caller: Account) -> Message:
    """A good request with the id of `first` and another body."""
    request = type(first)()
    request.CopyFrom(first)
    other = case_of(method).other
    path = next((path for path in named_ids(method) if name_of(path) in IDS), None)
    if other is not None:
        set_field(request, *other)
    elif path is not None:  # of another thing: an id that is free again may be given out once more
        set_field(request, path, IDS[name_of(path)].never)
    else:
        request = new_request(world, method, caller)
        request.request_id = first.request_id
    assert request != first, f"{method} needs an `other` field in CASES of tests/security/every_rpc.py"
    return request


def test_a_request_id_makes_repeats_one_effect_and_one_reply(world: World) -> None:
    calls, first = {}, {}
    for method in TAKES_ID:
        caller = caller_of(world, method)
        request = identified_request(world, method, caller)
        calls[method] = (request, metadata_of(method, caller), caller)
        first[method] = reply_or_code(world, method, *calls[method][:2])
    served = {method for method in TAKES_ID if case_of(method).code == OK}
    assert {method for method, reply in first.items() if isinstance(reply, Message)} == served
    others = {
        method: with_another_body(world, method, calls[method][0], calls[method][2])
        for method in sorted(served)
        if len(METHODS[method].input_type.fields) > 1
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
        request, metadata = identified_request(world, method, caller), metadata_of(method, caller)
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
    """The rows of each table."""
    each = [
        select(literal(name), select(func.count()).select_from(table).scalar_subquery())
        for name, table in TABLES
    ]
    with world.shop.app.db.read() as connection:
        return {row[0]: row[1] for row in connection.execute(union_all(*each))}


def test_what_is_idempotent_by_nature_answers_a_repeat_as_it_answered_first(world: World) -> None:
    calls, first = {}, {}
    for method in IDEMPOTENT_BY_NATURE:
        caller = caller_of(world, method)
        request, metadata = new_request(world, method, caller), metadata_of(method, caller)
        if isinstance(request, auth_pb2.RevokeSessionRequest):  # another session than the one that calls
            metadata = world.shop.sign_in(caller.email).metadata
        calls[method] = (request, metadata)
        first[method] = reply_or_code(world, method, request, metadata)
    refused = {method for method, reply in first.items() if not isinstance(reply, Message)}
    assert refused == NOT_SERVED.keys(), (
        "what is refused shows nothing: test it in its room, and say so above"
    )
    before = everything_at_rest(world)
    again = {method: reply_or_code(world, method, *call) for method, call in calls.items()}
    assert {method for method in calls if again[method] != first[method]} == set()
    after = everything(world)
    assert {table for table in before if after[table] != before[table]} <= {"audit_entries"}, (
        "only a request id tells the audit log that a call repeats another"
    )


@pytest.mark.either
@pytest.mark.parametrize("method", SAFE_WITHOUT_ID)
def test_what_is_idempotent_needs_no_request_id(world: World, method: str) -> None:
    caller = caller_of(world, method)
    request, metadata = new_request(world, method, caller), metadata_of(method, caller)
    request.ClearField("request_id")
    first = world.call(method, request, metadata)  # what is refused would be refused again, whatever it does
    before = _contents(world)
    again = reply_or_code(world, method, request, metadata)
    if isinstance(again, grpc.StatusCode):  # what is gone stays gone, and what was changed has another etag
        assert again in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.ABORTED)
    else:
        assert _unversioned(again) == _unversioned(first)
    after = _contents(world)
    assert {table for table in before if after[table] != before[table]} == set()


def _contents(world: World) -> dict[str, list[str]]:
    """What the tables hold, but for versions and for what tells of a repeat as well."""
    return rows_of(world, CONTENTS)


def _unversioned(reply: Any) -> Any:
    for name in ("etag", "update_time"):
        if name in reply.DESCRIPTOR.fields_by_name:
            reply.ClearField(name)
    return reply
