"""The largest message that a method serves, added up from the limits that the contract sets on its fields."""

from __future__ import annotations

from functools import cache

from buf.validate import validate_pb2
from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

MAX_STRUCT_BYTES = 48 * 1024
"""What any JSON object may take on the wire: 8 KiB of JSON that is all small numbers take five times as much."""

MIN_LIMIT = 16 * 1024
"""A message of this size costs next to nothing, and what is wrong with its fields can be said by name."""

_ECHOED_BYTES = 128 * 1024
"""For fields that only the server fills, which a client may send back with the resource: a category's children."""
_ECHOED_TEXT = 1024
_MAX_CHARACTER = 4
_TAG_AND_LENGTH = 8
_NUMBER = 12
_BYTES_OF_TYPES = {
    "google.protobuf.Timestamp": 2 * _NUMBER,
    "google.type.Money": 2 * _NUMBER + 64,
    "google.protobuf.FieldMask": 4 * 1024,
    "google.protobuf.Struct": MAX_STRUCT_BYTES,
    "google.api.HttpBody": 256 * 1024,  # what a payment gateway reports
}
"""What types take that carry no rules."""


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
        return int(rules.repeated.max_items) * _of_one(field, rules.repeated.items)
    return _of_one(field, rules)


def _of_one(field: FieldDescriptor, rules: validate_pb2.FieldRules) -> int:
    """The most that one value takes. A text without a bound counts as empty: a test says that there is none."""
    if field.message_type is not None:
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
