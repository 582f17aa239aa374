"""The largest legal and the largest illegal values of lists, maps and JSON objects, made from the contract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from buf.validate import validate_pb2
from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from support.wire_bytes import delimited, tag

STRUCT, MASK = "google.protobuf.Struct", "google.protobuf.FieldMask"
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Large:
    """A field that can be large, by the fields that lead to it."""

    where: tuple[FieldDescriptor, ...]

    @property
    def name(self) -> str:
        """Its path."""
        return ".".join(field.name for field in self.where)

    @property
    def field(self) -> FieldDescriptor:
        """The field itself."""
        return self.where[-1]

    @property
    def output_only(self) -> bool:
        """Whether only the server fills it."""
        behaviors = self.field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
        return field_behavior_pb2.OUTPUT_ONLY in behaviors

    def holder(self, request: Message) -> Any:
        """The message that has the field, within a request."""
        for field in self.where[:-1]:
            request = getattr(request, field.name)
        return request

    def fill(self, request: Message) -> bool:
        """Put the most that is legal in; False where no value is better than another."""
        holder = self.holder(request)
        kind = self.field.message_type.full_name if self.field.message_type is not None else ""
        if kind == STRUCT:
            getattr(holder, self.field.name).Clear()
            getattr(holder, self.field.name).update({"n": list(range(1000))})
            return True
        if kind == MASK or self.output_only:
            return False
        rules = self.field.GetOptions().Extensions[validate_pb2.field].repeated
        holder.ClearField(self.field.name)
        values = [_value(self.field, rules.items, n) for n in range(rules.max_items)]
        getattr(holder, self.field.name).extend(values)
        return True

    def overfill(self, request: Message, size: int) -> bytes:
        """The request with about `size` bytes of the smallest entries there are, written by hand: no client could
        hold so many."""
        holder = self.holder(request)
        holder.ClearField(self.field.name)
        entry = _smallest(self.field)
        data = entry * ((size - request.ByteSize() - 40) // len(entry))
        kind = self.field.message_type.full_name if self.field.message_type is not None else ""
        if kind == STRUCT:  # fields: {"": {list_value: {values: …}}}
            for number in (6, 2, 1):
                data = delimited(number, data)
            data = delimited(self.field.number, data)
        elif kind == MASK:
            data = delimited(self.field.number, data)
        for field in reversed(self.where[:-1]):
            data = delimited(field.number, data)
        return request.SerializeToString() + data


def large_fields(message: Descriptor, within: tuple[FieldDescriptor, ...] = ()) -> Iterator[Large]:
    """Every list, map, JSON object and mask of a request and of the resources in it."""
    for field in message.fields:
        where = (*within, field)
        inner = field.message_type
        if field.is_repeated or (inner is not None and inner.full_name in (STRUCT, MASK)):
            yield Large(where)
        elif inner is not None and not inner.full_name.startswith("google."):
            yield from large_fields(inner, where)


def _value(field: FieldDescriptor, rules: Any, number: int) -> Any:
    """A legal value as large as can be, another one for each number."""
    if field.type == FieldDescriptor.TYPE_STRING:
        if rules.string.pattern.startswith("^order"):
            return "order." + "".join(chr(97 + int(digit)) for digit in str(number))
        most = rules.string.max_len
        if rules.string.pattern.startswith("^[^:]+:"):
            return f"{number}:{'💥' * 2000}"[:most]
        text = f"{number}{'💥' * 2000}"[:most] if most else "x" * rules.string.max_bytes
        return text.encode()[: rules.string.max_bytes or None].decode(errors="ignore")
    if field.type in (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64):
        return 10**6 + number if field.type == FieldDescriptor.TYPE_INT64 else 1
    if field.type == FieldDescriptor.TYPE_ENUM:
        return field.enum_type.values[1].number
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        message = _new(field.message_type)
        for part in field.message_type.fields:
            if not part.is_repeated and part.type != FieldDescriptor.TYPE_MESSAGE:
                value = _value(part, part.GetOptions().Extensions[validate_pb2.field], number)
                setattr(message, part.name, value)
        return message
    return True


def _new(message: Descriptor) -> Any:
    return GetMessageClass(message)()


def _smallest(field: FieldDescriptor) -> bytes:
    kind = field.message_type.full_name if field.message_type is not None else ""
    if kind == STRUCT:
        return b"\x0a\x02\x08\x00"  # values: {null_value: 0}
    if kind == MASK:
        return b"\x0a\x00"
    if field.type in (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_ENUM):
        return bytes([field.number << 3, 0])
    return tag(field.number) + b"\x00"
