"""Values that a message can carry and no database can keep: what no rule of a single field says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isfinite
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from server.errors import FieldReason, Violation
from server.rpc.custom_metadata import metadata_problem
from server.rpc.sizes import MAX_BATCH_METADATA_BYTES, MAX_STRUCT_BYTES, has_metadata

MAX_STRUCT_DEPTH = 16
"""Parsers bound how deep messages nest; a product near their limit could be stored and then not be listed."""

_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
"""The years 1 to 9999: what a Timestamp means, and a calendar holds."""

NUL = "\0"
_TOO_MUCH_METADATA = f"must have at most {MAX_BATCH_METADATA_BYTES:,} bytes of metadata together"
_TOO_LARGE = f"must have at most {MAX_STRUCT_BYTES:,} bytes"


def flaws(message: Message, path: str = "") -> Iterator[Violation]:
    """The fields of `message` that cannot be stored, each with what is wrong with it.

    Those are texts with NUL, which PostgreSQL refuses, times outside the calendar, and JSON objects with such
    texts, with numbers that JSON lacks, or nested deeper than MAX_STRUCT_DEPTH. Custom metadata has narrower
    bounds: see `custom_metadata`.
    """
    for field, value in message.ListFields():
        name = f"{path}{field.name}"
        if field.type == FieldDescriptor.TYPE_STRING:
            if any(NUL in text for text in (value if field.is_repeated else [value])):
                yield Violation(name, "must not contain NUL characters", FieldReason.INVALID_FORMAT)
        elif field.is_repeated and _has_too_much_metadata(field, value):
            yield Violation(name, _TOO_MUCH_METADATA)
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            for index, part in enumerate(value if field.is_repeated else [value]):
                yield from _message_flaws(part, f"{name}[{index}]" if field.is_repeated else name, field.name)


def _has_too_much_metadata(field: FieldDescriptor, items: Iterable[Any]) -> bool:
    size: int = sum(item.metadata.ByteSize() for item in items) if has_metadata(field.message_type) else 0
    return size > MAX_BATCH_METADATA_BYTES


def _message_flaws(message: Message, name: str, field: str) -> Iterator[Violation]:
    if isinstance(message, Timestamp):
        if not (_FIRST_SECOND <= message.seconds <= _LAST_SECOND and 0 <= message.nanos < 10**9):
            yield Violation(name, "is not a time of the years 1 to 9999", FieldReason.OUT_OF_RANGE)
    elif isinstance(message, Struct):
        problem = _TOO_LARGE if message.ByteSize() > MAX_STRUCT_BYTES else _struct_problem(message, 1)
        problem = problem or metadata_problem(field, message)
        if problem:
            yield Violation(name, problem)
    else:
        yield from flaws(message, f"{name}.")


def _struct_problem(struct: Struct, depth: int) -> str | None:
    if depth > MAX_STRUCT_DEPTH:
        return f"must not be nested deeper than {MAX_STRUCT_DEPTH}"
    if any(NUL in key for key in struct.fields):
        return "must not contain NUL characters"
    return _first(_value_problem(value, depth) for value in struct.fields.values())


def _value_problem(value: Value, depth: int) -> str | None:
    kind = value.WhichOneof("kind")
    if kind == "string_value" and NUL in value.string_value:
        return "must not contain NUL characters"
    if kind == "number_value" and not isfinite(value.number_value):
        return "must hold no number but finite ones"
    if kind == "struct_value":
        return _struct_problem(value.struct_value, depth + 1)
    if kind == "list_value":
        if depth >= MAX_STRUCT_DEPTH:
            return f"must not be nested deeper than {MAX_STRUCT_DEPTH}"
        return _first(_value_problem(item, depth + 1) for item in value.list_value.values)
    return None


def _first(problems: Iterable[str | None]) -> str | None:
    return next((problem for problem in problems if problem), None)
