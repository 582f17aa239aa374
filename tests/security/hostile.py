"""Values that no client should send, by type; and what a reply to them must never show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import grpc
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from google.type.money_pb2 import Money
from grpc_status import rpc_status

from server.rpc.typed import is_output_only

TEXTS = (
    "", " ", "\0", "a\0b", "\x01\x1b[31m\r\n\x7f", "a\n", "x" * 100_000, "💥" * 300, "\u202e\ufeff\uffff",
    "'; drop table users; --", "1' or '1'='1", '"\\', "%s%n%(name)s", "{0.__class__}{message}",
    "../../etc/passwd", "-1", "null",
)  # fmt: skip
INTEGERS = {
    FieldDescriptor.TYPE_INT64: (-1, 0, -(2**63), 2**63 - 1, 2**31, 2**53 + 1),
    FieldDescriptor.TYPE_INT32: (-1, 0, -(2**31), 2**31 - 1),
}
BYTES = (b"", b"\0", b"\xff\xfe", b"{" * 50_000, b"\x80" * 300_000)
DOUBLES = (float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 5e-324)
ENUMS = (-1, 99, 2**31 - 1, 0)


def nested_struct(depth: int) -> Struct:
    """An object in an object …, `depth` of them."""
    struct = Struct()
    inner = struct
    for _ in range(depth - 1):
        inner = inner.fields["a"].struct_value
    inner.fields["a"].bool_value = True
    return struct


def nested_list(depth: int) -> Struct:
    """A list in a list …, `depth` of them, in an object."""
    struct = Struct()
    value = struct.fields["a"]
    for _ in range(depth):
        value = value.list_value.values.add()
    value.bool_value = True
    return struct


MESSAGES: dict[str, tuple[Message, ...]] = {
    "google.protobuf.Timestamp": (
        Timestamp(seconds=2**63 - 1), Timestamp(seconds=-(2**63)), Timestamp(seconds=253_402_300_800),
        Timestamp(seconds=253_402_300_799, nanos=999_999_999), Timestamp(seconds=-62_135_596_800),
        Timestamp(seconds=-62_135_596_801), Timestamp(nanos=-1), Timestamp(nanos=2**31 - 1),
    ),
    "google.protobuf.Struct": (
        Struct(fields={"a": Value(number_value=float("nan"))}), Struct(fields={"a": Value(number_value=1e999)}),
        Struct(fields={"a\0": Value()}), Struct(fields={"a": Value(string_value="\0")}),
        Struct(fields={"a": Value()}), Struct(fields={"": Value(number_value=1e308)}),
        Struct(fields={"'; drop table users; --": Value(string_value="x" * 100_000)}),
        nested_struct(31), nested_struct(16), nested_list(45), nested_list(15),
        Struct(fields={str(n): Value(null_value=0) for n in range(5000)}),
    ),
    "google.protobuf.FieldMask": tuple(
        FieldMask(paths=paths)
        for paths in (
            ["*"], [""], ["nope"], ["id"], ["*", "id"], ["a.b.c"], ["\0"], ["💥" * 10_000], ["__class__"],
            [f"p{n}" for n in range(20_000)], ["'; drop table users; --"], ["password_hash"], ["version"],
        )
    ),
    "google.type.Money": (
        Money(), Money(units=-1), Money(nanos=-1), Money(nanos=1), Money(nanos=2**31 - 1),
        Money(units=2**63 - 1), Money(units=-(2**63), nanos=-(2**31)), Money(units=1, currency_code="XXX"),
        Money(units=1, currency_code="💥" * 10_000), Money(units=1, currency_code="\0"),
        Money(units=10**12, currency_code="USD"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Spoiler:
    """A way to put a hostile value into one field of a message, or of those within it."""

    name: str
    field: str
    spoil: Callable[[Message], None]
    needs_both: bool
    """Whether databases may differ in it, as in numbers and times: all others are texts, or none see them."""
    is_ignored: bool
    """Whether only the server fills the field: what a client sends in it is read as part of the message alone."""


def spoilers(message: Descriptor, within: tuple[FieldDescriptor, ...] = ()) -> Iterator[Spoiler]:
    """Every way to spoil a message of a type."""
    for field in message.fields:
        where = (*within, field)
        name = ".".join(part.name for part in where)
        is_ignored = any(map(is_output_only, where))
        for number, value in enumerate(_values(field)):
            label = f"{name}={_short(value)} ({number})"
            yield Spoiler(label, name, _spoil(where, value), _needs_both(field), is_ignored)
        inner = field.message_type
        if inner is not None and inner.full_name not in MESSAGES and field not in within:
            yield from spoilers(inner, where)


def _needs_both(field: FieldDescriptor) -> bool:
    if field.message_type is not None:
        return field.message_type.full_name != "google.protobuf.FieldMask"
    return field.type not in (
        FieldDescriptor.TYPE_STRING,
        FieldDescriptor.TYPE_ENUM,
        FieldDescriptor.TYPE_BOOL,
    )


def _values(field: FieldDescriptor) -> tuple[Any, ...]:
    if field.type == FieldDescriptor.TYPE_STRING:
        values: tuple[Any, ...] = TEXTS
    elif field.type == FieldDescriptor.TYPE_DOUBLE:
        values = DOUBLES
    elif field.type == FieldDescriptor.TYPE_BYTES:
        values = BYTES
    elif field.type == FieldDescriptor.TYPE_ENUM:
        values = ENUMS
    elif field.type == FieldDescriptor.TYPE_BOOL:
        values = (True, False)
    elif field.type == FieldDescriptor.TYPE_MESSAGE:
        values = MESSAGES.get(field.message_type.full_name, (None,))
    else:
        values = INTEGERS[field.type]
    return values


def _spoil(where: tuple[FieldDescriptor, ...], value: Any) -> Callable[[Message], None]:
    def spoil(message: Message) -> None:
        for field in where[:-1]:
            message = getattr(message, field.name)
            if field.is_repeated:
                message = message[0] if message else message.add()  # type: ignore[attr-defined, index]
        last = where[-1]
        if last.is_repeated and value is None:
            many = getattr(message, last.name)
            many.extend([many[0] if many else many.add()] * 1000)
        elif last.is_repeated:
            getattr(message, last.name).extend([value] * 3)
        elif last.type == FieldDescriptor.TYPE_MESSAGE:
            getattr(message, last.name).Clear()
            getattr(message, last.name).SetInParent()
            if value is not None:
                getattr(message, last.name).CopyFrom(value)
        else:
            setattr(message, last.name, value)

    return spoil


def _short(value: Any) -> str:
    return ascii(str(value).replace("\n", " "))[:40]


MAX_HEADERS = 8192 - 500
"""What every client accepts, less what gRPC adds."""

ID = re.compile(r"(.*_)?id")
LEAKS = re.compile(
    r"Traceback|sqlalchemy|psycopg|[Ss]qlite|SELECT |INSERT |UPDATE |DELETE FROM|constraint|column"
    r"|\.py\b|site-packages|Exception|Error\b|<class|object at 0x|_pb2|NoneType|var/|/tmp/"
)


def assert_is_refused_well(error: grpc.RpcError) -> None:
    """A refusal is the caller's to act on: no fault of ours, nothing of our inside, and it fits a header."""
    code = error.code()  # type: ignore[attr-defined]
    assert code not in (
        grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNIMPLEMENTED,
    ), error  # fmt: skip
    status = rpc_status.from_call(error)
    assert status is not None, f"no details: {error}"
    assert status.message == error.details()  # type: ignore[attr-defined]
    assert_tells_well(status)
    size = sum(len(key) + len(value) * 4 // 3 + 32 for key, value in error.trailing_metadata())  # type: ignore[attr-defined]
    assert size + len(quote(status.message)) < MAX_HEADERS


def assert_tells_well(status: Status) -> None:
    """A status has a sentence and a reason, and shows nothing of our inside."""
    assert "google.rpc.ErrorInfo" in str(status)
    assert status.message
    said = str(status).replace("google.rpc.ErrorInfo", "")
    assert not LEAKS.search(said), said
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    nameless = [key for key, told in info.metadata.items() if ID.fullmatch(key) and told == "0"]
    assert not nameless, f"{nameless} of nothing: what was not sent is not told"
    assert len(status.SerializeToString()) * 4 // 3 + len(quote(status.message)) < MAX_HEADERS
