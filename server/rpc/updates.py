"""Which fields of a resource an update changes, and to what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from server.contract import is_writable
from server.errors import FieldReason, InvalidField, InvalidUpdateMask

M = TypeVar("M", bound=Message)

EVERYTHING: Final = FieldMask(paths=["*"])
"""The mask of a replacement: every field that an update may change."""


def masked_values(
    resource: M,
    mask: FieldMask | None,
    name: str,
    *,
    stays: Collection[str] = (),
    **converted: Callable[[M], object],
) -> dict[str, Any]:
    """The fields of `resource` that an update changes, by name; an absent one has its default, which clears it.

    Without a mask those are the populated fields (AIP-134); "*" means all that may change, but for those of
    `stays` that are absent: the server gives their values. Functions of the resource in `converted` make values
    that are no plain ones.

    Raises InvalidUpdateMask for a path that may not change, and InvalidField for what is required and absent, as
    a field of `name`, which is what the request calls the resource.
    """
    fields = _writable(resource.DESCRIPTOR)
    paths = _paths(resource, mask, fields, stays)
    absent = [path for path in paths if fields[path].is_required and not resource.HasField(path)]
    if absent:
        raise InvalidField(*((f"{name}.{path}", "is required", FieldReason.REQUIRED) for path in absent))
    return {
        path: converted[path](resource) if path in converted else getattr(resource, path) for path in paths
    }


class _Field(NamedTuple):
    has_presence: bool
    is_required: bool


def _paths(
    resource: Message, mask: FieldMask | None, fields: dict[str, _Field], stays: Collection[str]
) -> Sequence[str]:
    paths = list(dict.fromkeys(mask.paths)) if mask is not None else []
    if not paths:
        return [path for path, field in fields.items() if _is_populated(resource, path, field)]
    if paths == EVERYTHING.paths:
        return [path for path in fields if path not in stays or resource.HasField(path)]
    for path in paths:
        if path not in fields:
            raise InvalidUpdateMask(path=path, allowed=", ".join(fields))
    return paths


@cache
def _writable(resource: Descriptor) -> dict[str, _Field]:
    return {
        field.name: _Field(field.has_presence, _is_required(field))
        for field in resource.fields
        if is_writable(field)
    }


def _is_required(field: FieldDescriptor) -> bool:
    return field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]


def _is_populated(resource: Message, name: str, field: _Field) -> bool:
    return resource.HasField(name) if field.has_presence else bool(getattr(resource, name))
