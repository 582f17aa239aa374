"""What a message can carry and no database can keep."""

from __future__ import annotations

import pytest
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from sanset.v1 import behavior_pb2, order_service_pb2, product_pb2, user_pb2

from server.rpc.storable import MAX_STRUCT_DEPTH, flaws


def _nested(depth: int, *, lists: bool) -> Struct:
    value: object = True
    for _ in range(depth - 1):
        value = [value] if lists else {"a": value}
    struct = Struct()
    struct.update({"a": value})
    return struct


def test_nul_is_found_wherever_text_is() -> None:
    product = product_pb2.Product(name="a\0b", tags=["fine", "\0"])
    request = product_pb2.UpdateProductRequest(product=product, update_mask={"paths": ["\0"]})
    assert [field for field, *_ in flaws(request)] == ["product.name", "product.tags", "update_mask.paths"]
    events = [behavior_pb2.BehaviorEvent(), behavior_pb2.BehaviorEvent(query="\0")]
    assert [f for f, *_ in flaws(behavior_pb2.TrackEventRequest(events=events))] == ["events[1].query"]


@pytest.mark.parametrize(
    ("seconds", "nanos", "fine"),
    [
        (0, 0, True), (253_402_300_799, 999_999_999, True), (-62_135_596_800, 0, True),
        (253_402_300_800, 0, False), (-62_135_596_801, 0, False), (0, -1, False), (0, 10**9, False),
        (2**63 - 1, 0, False),
    ],
)  # fmt: skip
def test_a_time_is_of_the_calendar(seconds: int, nanos: int, fine: bool) -> None:
    request = order_service_pb2.UpdateOrderStatusRequest(eta=Timestamp(seconds=seconds, nanos=nanos))
    assert [field for field, *_ in flaws(request)] == ([] if fine else ["eta"])
    if fine:
        request.eta.ToDatetime()


@pytest.mark.parametrize(
    "values",
    [{"a": float("nan")}, {"a": [1, {"b": float("inf")}]}, {"a\0": 1}, {"a": "\0"}, {"a": [{"b": ["\0"]}]}],
)
def test_an_object_holds_only_what_json_holds(values: dict[str, object]) -> None:
    user = user_pb2.User()
    user.preferences.update(values)
    assert [field for field, *_ in flaws(user_pb2.UpdateMeRequest(user=user))] == ["user.preferences"]


@pytest.mark.parametrize("lists", [False, True])
def test_an_object_nests_only_so_deep(lists: bool) -> None:
    for depth, fields in ((MAX_STRUCT_DEPTH, []), (MAX_STRUCT_DEPTH + 1, ["user.preferences"])):
        user = user_pb2.User(preferences=_nested(depth, lists=lists))
        assert [field for field, *_ in flaws(user_pb2.UpdateMeRequest(user=user))] == fields


def test_what_is_fine_has_no_flaws() -> None:
    user = user_pb2.User(full_name="Zoë\n💥")
    user.preferences.update({"diet": "vegan", "sizes": [1, None, {"a": True}]})
    assert not list(flaws(user_pb2.UpdateMeRequest(user=user)))
