"""Declarations of the protos about each method, beyond its messages: the one list of RPCs that the server has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from google.api import annotations_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from sanset.v1 import access_pb2
from sanset.v1.access_pb2 import AccessRule

RAW_BODY: Final = "google.api.HttpBody"
"""The message that stands for a body which is no JSON: a file, or bytes that a signature covers."""

REPORTS_A_MINUTE: Final = 6000
"""Of one network. A payment gateway reports every payment from a few addresses, and a busy shop has many. A forged
report costs one signature, so the limit may be wide."""

_NO_SIDE_EFFECTS: Final = descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS


class Binding(NamedTuple):
    """A verb and a path over HTTP, and the field that holds the body ("*": the whole request)."""

    verb: str
    path: str
    body: str


def methods_of(descriptor_set: bytes) -> Sequence[MethodDescriptor]:
    """The methods of the shop's own services in a descriptor set, in its order."""
    pool = descriptor_pool.DescriptorPool()
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set).file
    for file in files:
        pool.Add(file)
    return [
        method
        for file in files
        if file.package.startswith("sanset.")
        for service in pool.FindFileByName(file.name).services_by_name.values()
        for method in service.methods
    ]


def native_path(method: MethodDescriptor) -> str:
    """The path of a method in gRPC."""
    return f"/{method.containing_service.full_name}/{method.name}"


def bindings_of(method: MethodDescriptor) -> Iterator[Binding]:
    """The verbs and paths of a method over HTTP, the first of them its own."""
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    for each in (rule, *rule.additional_bindings):
        verb = each.WhichOneof("pattern")
        yield Binding(verb.upper(), getattr(each, verb), each.body)


def is_read(method: MethodDescriptor) -> bool:
    """Tell whether a call changes nothing, so that it may be repeated whatever became of it."""
    return bool(method.GetOptions().idempotency_level == _NO_SIDE_EFFECTS)


def is_public(method: MethodDescriptor) -> bool:
    """Tell whether no token is read."""
    return bool(method.GetOptions().Extensions[access_pb2.access].level == AccessRule.PUBLIC)


def is_export(method: MethodDescriptor) -> bool:
    """Tell whether it streams a file."""
    return bool(method.server_streaming and method.output_type.full_name == RAW_BODY)


def is_report(method: MethodDescriptor) -> bool:
    """Tell whether a machine of somebody else's reports by it, whose signature covers the bytes of the body."""
    return is_public(method) and any(_is_raw(method, binding.body) for binding in bindings_of(method))


def _is_raw(method: MethodDescriptor, body: str) -> bool:
    if body in ("", "*"):
        return False
    message = method.input_type.fields_by_name[body].message_type
    return message is not None and message.full_name == RAW_BODY
