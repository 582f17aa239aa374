"""Custom metadata as it arrives and leaves: its bounds, and its way from a Struct to a column and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct, Value

from server.metadata import MAX_METADATA_BYTES, MAX_METADATA_KEY, Metadata, metadata_json
from server.rpc.sizes import MAX_METADATA_STRUCT_BYTES, METADATA

_WHOLE_NUMBERS = 2**53
"""Up to here a double is a whole number without loss."""


def metadata_problem(name: str, struct: Struct) -> str | None:
    """What is wrong with a JSON object in the field `name`, if that is metadata."""
    if name != METADATA:
        return None
    # Its size on the wire first, which costs nothing.
    if struct.ByteSize() > MAX_METADATA_STRUCT_BYTES or _json_size(struct) > MAX_METADATA_BYTES:
        return f"must have at most {MAX_METADATA_BYTES:,} bytes as JSON"
    if any(len(key) > MAX_METADATA_KEY or not key.strip() for key in _keys(struct)):
        return f"must have names of 1 to {MAX_METADATA_KEY} characters"
    return None


def _json_size(struct: Struct) -> int:
    return len(metadata_json(metadata_of(struct)).encode())


def metadata_of(struct: Struct) -> Metadata:
    """The JSON object of a message; whole numbers are written without a fraction."""
    return {key: _plain(value) for key, value in MessageToDict(struct).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < _WHOLE_NUMBERS else value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def metadata_column(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with their metadata, if it is among them, under the name of its column; None when it is empty."""
    columns = dict(values)
    if METADATA in columns:
        columns["custom_metadata"] = columns.pop(METADATA) or None
    return columns


def metadata_to_wire(metadata: Mapping[str, Any] | None) -> Struct | None:
    """Stored metadata as its message; None when there is none."""
    if not metadata:
        return None
    struct = Struct()
    struct.update(metadata)
    return struct


def _keys(struct: Struct) -> Iterable[str]:
    for key, value in struct.fields.items():
        yield key
        yield from _keys_in(value)


def _keys_in(value: Value) -> Iterable[str]:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        yield from _keys(value.struct_value)
    elif kind == "list_value":
        for item in value.list_value.values:
            yield from _keys_in(item)
