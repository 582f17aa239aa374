"""The largest message that a method serves, added up from the limits that the contract sets on its fields."""

from __future__ import annotations

from functools import cache

from buf.validate import validate_pb2
from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

MAX_STRUCT_BYTES = 48 * 1024
"""What any JSON object may take on the wire: 8 KiB of JSON that is all small numbers take five times as much."""

METADATA = "metadata"
"""The name of the fields that hold custom metadata: see `custom_metadata`."""

MAX_METADATA_STRUCT_BYTES = 24 * 1024
"""What custom metadata may take on the wire: 4 KiB of JSON that is all small numbers take five times as much."""

MAX_BATCH_METADATA_BYTES = 32 * 1024
"""What the custom metadata of all items of a list may take on the wire: each value is looked at."""

MIN_LIMIT = 16 * 1024
"""A message of this size costs next to nothing, and what is wrong with its fields can be said by name."""

MAX_PIECE_BYTES = 1024 * 1024 + 16 * 1024
"""What a message of a stream of the caller's may take: the gateway sends a body in pieces of a mebibyte at most,
and with the first one what the path and the query say."""

_ECHOED_BYTES = 128 * 1024
"""For fields that only the server fills, which a client may send back with the resource: a category's children."""
_ECHOED_TEXT = 1024
_MAX_CHARACTER = 4
_STRUCT = "google.protobuf.Struct"
_TAG_AND_LENGTH = 8
_NUMBER = 12
_BYTES_OF_TYPES = {
    "google.protobuf.Timestamp": 2 * _NUMBER,
    "google.type.Money": 2 * _NUMBER + 64,
    "google.protobuf.FieldMask": 4 * 1024,
    _STRUCT: MAX_STRUCT_BYTES,
    "google.api.HttpBody": 256 * 1024,  # what a payment gateway reports
}
"""What types take that carry no rules."""


def largest_of(method: MethodDescriptor) -> int:
    """The bytes that a message of a method's caller may take."""
    return MAX_PIECE_BYTES if method.client_streaming else largest(method.input_type)


def largest(message: Descriptor) -> int:
    """The bytes above which a message of this type breaks a rule for certain, or MIN_LIMIT."""
    return max(MIN_LIMIT, _bytes_of(message))


@cache
def _bytes_of(message: Descriptor) -> int:
    declared = _BYTES_OF_TYPES.get(message.full_name)
    return declared if declared is not None else sum(_bytes_of_field(field) for field in message.fields)


def _bytes_of_field(field: FieldDescriptor) -> int:
    options = field.GetOptions()
    behaviors = options.Extensions[field_behavior_pb2.field_behavior]
    if field_behavior_pb2.OUTPUT_ONLY in behaviors:
        if field.is_repeated:
            return _ECHOED_BYTES
        return _of_one(field, validate_pb2.FieldRules()) + _ECHOED_TEXT
    rules = options.Extensions[validate_pb2.field]
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        pair = _of_one(field.message_type.fields_by_name["key"], rules.map.keys)
        pair += _of_one(field.message_type.fields_by_name["value"], rules.map.values)
        return int(rules.map.max_pairs) * (pair + _TAG_AND_LENGTH)
    if field.is_repeated:
        size = _of_one(field, rules.repeated.items)
        if has_metadata(field.message_type):
            return (
                int(rules.repeated.max_items) * (size - MAX_METADATA_STRUCT_BYTES) + MAX_BATCH_METADATA_BYTES
            )
        return int(rules.repeated.max_items) * size
    return _of_one(field, rules)


def has_metadata(message: Descriptor | None) -> bool:
    """Whether the messages of a type carry custom metadata."""
    field = message.fields_by_name.get(METADATA) if message is not None else None
    return field is not None and field.message_type is not None and field.message_type.full_name == _STRUCT


def _of_one(field: FieldDescriptor, rules: validate_pb2.FieldRules) -> int:
    """The most that one value takes. A text without a bound counts as empty: a test says that there is none."""
    if field.message_type is not None:
        if field.name == METADATA and field.message_type.full_name == _STRUCT:
            return _TAG_AND_LENGTH + MAX_METADATA_STRUCT_BYTES
        return _TAG_AND_LENGTH + _bytes_of(field.message_type)
    if field.type == FieldDescriptor.TYPE_STRING:
        return _TAG_AND_LENGTH + _longest_text(rules.string)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _TAG_AND_LENGTH + int(rules.bytes.max_len or rules.bytes.len)
    return _NUMBER


def _longest_text(rules: validate_pb2.StringRules) -> int:
    if rules.uuid:
        return 36
    in_bytes = int(rules.max_bytes or rules.len_bytes)
    return in_bytes or _MAX_CHARACTER * int(rules.max_len or rules.len)
