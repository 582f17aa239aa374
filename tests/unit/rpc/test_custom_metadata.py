"""Custom metadata: its bounds, and its way to a column and back."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from sanset.v1 import behavior_pb2, order_pb2, order_service_pb2

from server.metadata import MAX_METADATA_BYTES, metadata_json
from server.rpc.custom_metadata import metadata_column, metadata_of, metadata_to_wire
from server.rpc.sizes import MAX_METADATA_STRUCT_BYTES
from server.rpc.storable import flaws


def struct(**values: Any) -> Struct:
    """A JSON object."""
    message = Struct()
    message.update(values)
    return message


def test_whole_numbers_are_whole_and_others_are_not() -> None:
    values = {"a": 1, "b": [1.5, {"c": -3}], "d": 2**60, "e": None, "f": "1"}
    kept = metadata_of(struct(**values))
    assert kept == values
    assert metadata_json(kept) == '{"a":1,"b":[1.5,{"c":-3}],"d":1.152921504606847e+18,"e":null,"f":"1"}'
    assert metadata_to_wire(kept) == struct(**values)


def test_empty_metadata_is_none() -> None:
    assert metadata_to_wire(None) is metadata_to_wire({}) is None
    assert metadata_json({}) == ""
    assert metadata_column({"name": "Mug", "metadata": {}}) == {"name": "Mug", "custom_metadata": None}
    assert metadata_column({"name": "Mug"}) == {"name": "Mug"}


def test_what_fits_as_json_fits_on_the_wire() -> None:
    densest = struct(a=[0] * ((MAX_METADATA_BYTES - len('{"a":[]}') + 1) // 2))
    assert len(metadata_json(metadata_of(densest))) == MAX_METADATA_BYTES - 1
    assert densest.ByteSize() <= MAX_METADATA_STRUCT_BYTES
    request = order_service_pb2.UpdateOrderRequest(order=order_pb2.Order(metadata=densest))
    assert list(flaws(request)) == []


@pytest.mark.parametrize(
    "metadata",
    [
        struct(a="x" * MAX_METADATA_BYTES),
        struct(a=[0] * 2_500),
        struct(**{"k" * 65: 1}),
        struct(a=[{"": 1}]),
    ],
    ids=["long", "many", "key", "empty key"],
)
def test_metadata_beyond_its_bounds_has_a_flaw_wherever_it_is(metadata: Struct) -> None:
    checkout = order_service_pb2.CheckoutRequest(metadata=metadata)
    assert [flaw.field for flaw in flaws(checkout)] == ["metadata"]
    events = [behavior_pb2.BehaviorEvent(), behavior_pb2.BehaviorEvent(metadata=metadata)]
    tracked = behavior_pb2.TrackEventRequest(events=events)
    assert [flaw.field for flaw in flaws(tracked)] == ["events[1].metadata"]


def test_the_items_of_a_list_have_a_bound_together() -> None:
    event = behavior_pb2.BehaviorEvent(metadata=struct(a="x" * 4000))
    for count, fields in ((8, []), (9, ["events"])):
        request = behavior_pb2.TrackEventRequest(events=[event] * count)
        assert [flaw.field for flaw in flaws(request)] == fields
