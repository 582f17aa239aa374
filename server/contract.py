"""Declarations of the protos about each method, beyond its messages: the one list of RPCs that the server has."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Final, NamedTuple

import sanset.v1
from google.api import annotations_pb2, field_behavior_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor
from sanset.v1 import access_pb2
from sanset.v1.access_pb2 import AccessRule

RAW_BODY: Final = "google.api.HttpBody"
"""The message that stands for a body which is no JSON: a file, or bytes that a signature covers."""

ETAG: Final = "etag"
"""The field that holds the version of a resource, and in a request the version that a change expects."""

REPORTS_A_MINUTE: Final = 6000
"""Of one network. A payment gateway reports every payment from a few addresses, and a busy shop has many. A forged
report costs one signature, so the limit may be wide."""

FILES_A_MINUTE: Final = 6000
"""Of one network: a page shows a hundred pictures, and a company whose people look at them has one address."""

_FIELD_MASK: Final = "google.protobuf.FieldMask"
_NOT_WRITABLE: Final = frozenset({field_behavior_pb2.OUTPUT_ONLY, field_behavior_pb2.IMMUTABLE})
_NO_SIDE_EFFECTS: Final = descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS


class Binding(NamedTuple):
    """A verb and a path over HTTP, and the field that holds the body ("*": the whole request)."""

    verb: str
    path: str
    body: str


class Resource(NamedTuple):
    """A resource in a request: the field that holds it, and what it is."""

    name: str
    message: Descriptor


def _every_service() -> Iterator[ServiceDescriptor]:
    """Yield each service of the protos, by the names of their files."""
    for module in sorted(module.name for module in iter_modules(sanset.v1.__path__)):
        if module.endswith("_pb2"):
            yield from import_module(f"sanset.v1.{module}").DESCRIPTOR.services_by_name.values()


SERVICES: Final[tuple[ServiceDescriptor, ...]] = tuple(_every_service())
METHODS: Final[tuple[MethodDescriptor, ...]] = tuple(
    method for service in SERVICES for method in service.methods
)


def native_path(method: MethodDescriptor) -> str:
    """The path of a method in gRPC."""
    return f"/{method.containing_service.full_name}/{method.name}"


def bindings_of(method: MethodDescriptor) -> Iterator[Binding]:
    """The verbs and paths of a method over HTTP, the first of them its own."""
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    for each in (rule, *rule.additional_bindings):
        if (verb := each.WhichOneof("pattern")) is not None:
            yield Binding(verb.upper(), getattr(each, verb), each.body)


def is_read(method: MethodDescriptor) -> bool:
    """Tell whether a call changes nothing, so that it may be repeated whatever became of it."""
    return bool(method.GetOptions().idempotency_level == _NO_SIDE_EFFECTS)


def resource_of_update(request: Descriptor) -> Resource | None:
    """The resource that an update changes: what stands beside a mask in its request. None: it is no update."""
    messages = {field.name: field.message_type for field in request.fields if field.message_type is not None}
    resources = [Resource(*each) for each in messages.items() if each[1].full_name != _FIELD_MASK]
    return resources[0] if len(resources) < len(messages) else None


def is_writable(field: FieldDescriptor) -> bool:
    """Tell whether an update may change a field of its resource."""
    behaviors = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return field.name != ETAG and _NOT_WRITABLE.isdisjoint(behaviors)


def is_public(method: MethodDescriptor) -> bool:
    """Tell whether no token is read."""
    return bool(method.GetOptions().Extensions[access_pb2.access].level == AccessRule.PUBLIC)


def is_cacheable(method: MethodDescriptor) -> bool:
    """Tell whether caches may keep the reply that callers get who are not signed in."""
    return bool(method.GetOptions().Extensions[access_pb2.cacheable])


def is_immutable(method: MethodDescriptor) -> bool:
    """Tell whether what a request is answered with never changes, so that caches may keep it."""
    return bool(method.GetOptions().Extensions[access_pb2.immutable])


def is_search(method: MethodDescriptor) -> bool:
    """Tell whether a call costs what a search does, of which each address may make fewer."""
    return bool(method.GetOptions().Extensions[access_pb2.searches])


def is_upload(method: MethodDescriptor) -> bool:
    """Tell whether callers send a file of any length, and get one reply."""
    return bool(method.client_streaming and not method.server_streaming)


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
