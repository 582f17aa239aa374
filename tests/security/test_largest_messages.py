"""The largest message of every RPC, legal and illegal, plain and compressed: little work for all of them."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from typing import Any

import grpc
import pytest
from every_rpc import new_request, sample
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value
from hostile import assert_is_refused_well
from largest import MEBIBYTE, Large, large_fields
from sanset.v1 import user_pb2
from support.running_shop import refusal
from world import METHODS, World, path, rule

from server.rpc.sizes import largest

INVALID = grpc.StatusCode.INVALID_ARGUMENT
MAX_LOOP_SECONDS = 0.02
"""Of processor time, which the other processes of a busy machine do not count in."""
MAX_GROWTH = 20 * MEBIBYTE

LARGE = {
    f"{method}.{large.name}": (method, large)
    for method, descriptor in METHODS.items()
    for large in large_fields(descriptor.input_type)
}
each = pytest.mark.parametrize(("method", "large"), LARGE.values(), ids=LARGE)


def _send(
    world: World, method: str, data: bytes, metadata: Any, *, gzip: bool = False
) -> grpc.RpcError | None:
    """How a call was refused, which must have taken the loop less than it owes the others."""
    compression = grpc.Compression.Gzip if gzip else grpc.Compression.NoCompression
    gc.disable()  # a round through all that the tests have made is none of the call's work
    before = world.shop.run(_loop_seconds())
    try:
        if METHODS[method].server_streaming:
            stream = world.shop.channel.unary_stream(path(method))
            answers = stream(data, metadata=metadata, compression=compression, timeout=30)
            next(iter(answers))
            answers.cancel()
        else:
            unary = world.shop.channel.unary_unary(path(method))
            unary(data, metadata=metadata, compression=compression, timeout=30)
    except grpc.RpcError as error:
        return error
    finally:
        taken = world.shop.run(_loop_seconds()) - before
        gc.enable()
        assert taken < MAX_LOOP_SECONDS
    return None


async def _loop_seconds() -> float:
    return time.thread_time()


def _metadata(world: World, method: str) -> Any:
    if rule(method).permission:
        return world.admin.metadata
    return () if rule(method).level in (rule(method).PUBLIC, rule(method).OPTIONAL) else world.buyer.metadata


def _sample(world: World, method: str) -> Message:
    request = type(sample(world, method))()
    request.CopyFrom(sample(world, method))
    return request


@pytest.mark.either
@each
def test_the_largest_legal_value_is_looked_at_and_not_called_too_large(
    world: World, method: str, large: Large
) -> None:
    account = world.admin if rule(method).permission else world.shop.customer()
    request = new_request(world, method, account)
    if not large.fill(request):
        pytest.skip("the server fills it, or compares it with a few names")
    assert request.ByteSize() <= largest(METHODS[method].input_type)
    error = _send(world, method, request.SerializeToString(), account.metadata)
    if error is not None:
        assert_is_refused_well(error)
        refused = refusal(error)  # by the rules of the shop, which knows no such lines or steps
        assert refused.reason not in ("REQUEST_TOO_LARGE", "OVERLOADED")
        assert "must have at most" not in refused.message


@pytest.mark.either
@each
@pytest.mark.parametrize("gzip", [False, True], ids=["plain", "gzip"])
def test_the_largest_illegal_value_is_refused_before_it_is_read(
    world: World, method: str, large: Large, gzip: bool
) -> None:
    limit = largest(METHODS[method].input_type)
    data = large.overfill(_sample(world, method), MEBIBYTE - 100)
    metadata = _metadata(world, method)
    before = _resident()
    error = _send(world, method, data, metadata, gzip=gzip)
    assert error is not None
    assert_is_refused_well(error)
    refused = refusal(error)
    assert (refused.code, refused.reason) == (INVALID, "REQUEST_TOO_LARGE")
    assert refused.facts["limit"] == str(limit)
    assert _resident() - before < MAX_GROWTH


@pytest.mark.either
@each
def test_an_illegal_value_below_the_limit_of_bytes_is_refused_by_its_count(
    world: World, method: str, large: Large
) -> None:
    data = large.overfill(_sample(world, method), largest(METHODS[method].input_type))
    error = _send(world, method, data, _metadata(world, method))
    if large.output_only:
        return  # ignored, whatever it is
    if error is not None:
        assert_is_refused_well(error)
        refused = refusal(error)
        assert refused.code == INVALID or large.name == "update_mask"
        if large.field.is_repeated:
            assert refused.fields == [large.name]
            assert "must have at most" in refused.message


@pytest.mark.either
def test_a_message_above_what_any_method_takes_is_not_even_received(world: World) -> None:
    for gzip in (False, True):
        error = _send(world, "BatchGetProducts", b"\x08\x00" * MEBIBYTE, (), gzip=gzip)
        assert error is not None
        assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_preferences_of_many_values_are_measured_before_they_are_read(world: World) -> None:
    account = world.shop.customer()
    numbers = Struct(fields={"a": Value()})
    numbers.fields["a"].list_value.values.extend([Value(number_value=1)] * 2000)
    request = user_pb2.UpdateMeRequest(user=user_pb2.User(full_name="Ann", preferences=numbers))
    assert _send(world, "UpdateMe", request.SerializeToString(), account.metadata) is None
    numbers.fields["a"].list_value.values.extend([Value(number_value=1)] * 100)
    request.user.preferences.CopyFrom(numbers)
    error = _send(world, "UpdateMe", request.SerializeToString(), account.metadata)
    assert error is not None
    assert "must not exceed 8192 bytes" in refusal(error).message


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096
