"""The script by which the gateway judges JSON: the files beside this one, then the contract they judge by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

from server.contract import (
    RAW_BODY,
    Binding,
    bindings_of,
    is_cacheable,
    is_immutable,
    is_writable,
    resource_of_update,
)
from server.text.languages import ENGLISH, catalogue_of, languages

HERE = Path(__file__).parent
PARTS = ("contract.lua", "values.lua", "body.lua", "request.lua")
VARY = ("accept-encoding", "authorization", "origin")
"""Headers that decide about every reply which caches keep."""
_MARKED = re.compile(r'N_("(?:[^"\\]|\\.)*")')

_SCALARS = {
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BYTES: "bytes",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_SINT32: "int32",
    FieldDescriptor.TYPE_SFIXED32: "int32",
    FieldDescriptor.TYPE_UINT32: "uint32",
    FieldDescriptor.TYPE_FIXED32: "uint32",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_SINT64: "int64",
    FieldDescriptor.TYPE_SFIXED64: "int64",
    FieldDescriptor.TYPE_UINT64: "uint64",
    FieldDescriptor.TYPE_FIXED64: "uint64",
    FieldDescriptor.TYPE_DOUBLE: "double",
    FieldDescriptor.TYPE_FLOAT: "double",
}
_GOOGLE_TYPES = {
    "google.protobuf.Timestamp": "time",
    "google.protobuf.Duration": "duration",
    "google.protobuf.FieldMask": "mask",
    "google.protobuf.Struct": "object",
    "google.protobuf.Any": "object",
    "google.protobuf.Value": "any",
    "google.protobuf.ListValue": "any",
    "google.protobuf.DoubleValue": "double",
    "google.protobuf.FloatValue": "double",
    "google.protobuf.Int64Value": "int64",
    "google.protobuf.UInt64Value": "uint64",
    "google.protobuf.Int32Value": "int32",
    "google.protobuf.UInt32Value": "uint32",
    "google.protobuf.BoolValue": "bool",
    "google.protobuf.StringValue": "string",
    "google.protobuf.BytesValue": "bytes",
}


def script(methods: Iterable[MethodDescriptor]) -> str:
    """The whole script for these methods."""
    return "\n".join([*_parts(), *_translations(), *_Contract().lines(methods), ""])


def script_with_replies(methods: Iterable[MethodDescriptor], cache_control: str, *, by_language: bool) -> str:
    """The same for routes whose replies are changed too; `cache_control` is for what is cacheable.

    `by_language`: that is another for callers who like another language.
    """
    replies = (HERE / "replies.lua").read_text(encoding="utf-8")
    vary = ", ".join([*VARY, *(["accept-language"] if by_language else [])])
    constants = (f"local CACHE_CONTROL = {_text(cache_control)}", f"local VARY = {_text(vary)}")
    return "\n".join([script(methods), *constants, replies])


def sentences() -> frozenset[str]:
    """What the script says to people, with its blanks."""
    return frozenset(json.loads(quoted) for part in _parts() for quoted in _MARKED.findall(part))


def _parts() -> list[str]:
    return [(HERE / part).read_text(encoding="utf-8") for part in PARTS]


def _translations() -> Iterator[str]:
    """A line for each language other than English: the script's sentences in it."""
    marked = sorted(sentences())
    for language in sorted(languages() - {ENGLISH}):
        catalogue = catalogue_of(language)
        entries = (f"[{_text(each)}] = {_text(catalogue[each])}" for each in marked if each in catalogue)
        yield f"LANGUAGES.{language} = {{{', '.join(entries)}}}"


class _Contract:
    """Writes messages and paths down as calls of the script's functions."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._waiting: list[Descriptor] = []
        self._updated: set[str] = set()

    def lines(self, methods: Iterable[MethodDescriptor]) -> Iterator[str]:
        """A line for each binding and each field of a message that a request can hold."""
        methods = list(methods)
        resources = filter(None, (resource_of_update(method.input_type) for method in methods))
        self._updated = {resource.message.full_name for resource in resources}
        for method in methods:
            for binding in bindings_of(method):
                yield self._route(method, binding)
        while self._waiting:
            yield from self._fields(self._waiting.pop())

    def _route(self, method: MethodDescriptor, binding: Binding) -> str:
        verb, path, body = binding
        parts = [f"request = {self._message(method.input_type)}"]
        target: Descriptor | None = method.input_type
        if body not in ("", "*"):
            parts.append(f"inside = {_text(body)}")
            target = method.input_type.fields_by_name[body].message_type
        if not body:
            parts.append("body = NOTHING")
        elif target is not None and target.full_name != RAW_BODY:
            parts.append(f'body = {{kind = "message", fields = {self._message(target)}}}')
        if method.server_streaming:
            parts.append("stream = true")
        if resource_of_update(method.input_type) is not None:
            parts.append(f"update = {_text(verb)}")
        if is_cacheable(method):
            parts.append("cacheable = true")
        if is_immutable(method):
            parts.append("immutable = true")
        return f"route({_text(verb)}, {_text(path)}, {{{', '.join(parts)}}})"

    def _fields(self, message: Descriptor) -> Iterator[str]:
        number = self._numbers[message.full_name]
        for field in message.fields:
            rule = [*self._rule(field)]
            if message.full_name in self._updated and is_writable(field):
                rule.append("writable = true")
            yield f"field({number}, {_text(field.name)}, {_text(field.json_name)}, {{{', '.join(rule)}}})"

    def _rule(self, field: FieldDescriptor) -> Sequence[str]:
        entry = field.message_type
        if entry is not None and entry.GetOptions().map_entry:
            item = self._kind(entry.fields_by_name["value"])
            return ['kind = "map"', f"item = {{{', '.join(item)}}}"]
        rule = self._kind(field)
        if field.is_repeated:
            rule = ['kind = "list"', f"item = {{{', '.join(rule)}}}"]
            most = field.GetOptions().Extensions[validate_pb2.field].repeated.max_items
            if most:
                rule.append(f"most = {most}")
        choice = field.containing_oneof
        if choice is not None and len(choice.fields) > 1:
            rule.append(f"choice = {_text(choice.name)}")
        return rule

    def _kind(self, field: FieldDescriptor) -> list[str]:
        if field.enum_type is not None:
            names = [value.name for value in field.enum_type.values]
            members = ", ".join(f"{name} = true" for name in names)
            sayable = ", ".join(value.name for value in field.enum_type.values if value.number)
            return ['kind = "enum"', f"values = {{{members}}}", f"names = {_text(sayable)}"]
        if field.message_type is None:
            return [f'kind = "{_SCALARS[field.type]}"']
        kind = _GOOGLE_TYPES.get(field.message_type.full_name)
        if kind is not None:
            return [f'kind = "{kind}"']
        return ['kind = "message"', f"fields = {self._message(field.message_type)}"]

    def _message(self, message: Descriptor) -> str:
        if message.full_name not in self._numbers:
            self._numbers[message.full_name] = len(self._numbers) + 1
            self._waiting.append(message)
        return f"message({self._numbers[message.full_name]})"


def _text(raw: str) -> str:
    return json.dumps(raw, ensure_ascii=False)
