"""What the log keeps of a call's messages: what it is about, and what it says, as the contract declares it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

from google.protobuf import any_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from sanset.v1 import access_pb2

from server.audit.events import OF_PERMITTED
from server.audit.values import MASK, MAX_ITEMS, bounded, masked, shortened
from server.contract import METHODS, bindings_of, native_path

_LEFT_OUT: Final = frozenset({"request_id", "page_token", "etag"})
"""Fields that say nothing of what is done."""
_VARIABLE: Final = re.compile(r"\{([^}]+)\}")
_NOUNS: Final = {"alert": "payment_alert", "delivery": "webhook_delivery", "endpoint": "webhook"}
"""Where an id is named shorter than what it is of."""
_TABLES: Final = {"category": "categories", "image": "product_images", "webhook": "webhook_endpoints"}
"""Of nouns whose table is not just their plural."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedMethod:
    """A method whose calls are audited."""

    action: str
    event: str
    id_path: str
    """Where a request has the id of what it is about; "" for one that creates or lists."""
    noun: str
    hides_fields: frozenset[str]
    hides: frozenset[str]

    def subject_of(self, request: Message) -> str:
        """What a request is about: "product/7"."""
        if not self.id_path:
            return ""
        value: Any = reduce(getattr, self.id_path.split("."), request)
        return f"{self.noun}/{value}" if value else ""

    def subject_of_reply(self, reply: Message) -> str:
        """What was created."""
        created: Any = getattr(reply, "id", 0)
        return f"{_snake(reply.DESCRIPTOR.name)}/{created}" if created else ""

    def content_of(self, request: Message) -> dict[str, Any]:
        """What a request says, without what is secret or of a person."""
        return bounded(masked(_content(request, self.hides_fields), ()))


def audited_methods(personal: Mapping[str, frozenset[str]]) -> dict[str, AuditedMethod]:
    """The methods that need a permission, by their paths; `personal` are the columns of persons by table."""
    methods = (method for method in METHODS if method.GetOptions().Extensions[access_pb2.access].permission)
    return {native_path(method): _audited(method, personal) for method in methods}


def _audited(method: MethodDescriptor, personal: Mapping[str, frozenset[str]]) -> AuditedMethod:
    id_path = next(_id_paths(method), "")
    noun = _noun(id_path) or _snake(method.output_type.name)
    everything = frozenset[str]().union(*personal.values())
    columns = personal.get(_TABLES.get(noun, f"{noun}s"), everything)
    return AuditedMethod(
        action=method.name,
        event=OF_PERMITTED.get(method.name, ""),
        id_path=id_path,
        noun=noun,
        hides_fields=columns,
        hides=columns | _REDACTED,
    )


def _id_paths(method: MethodDescriptor) -> Iterator[str]:
    """Where a request names what it is about: the last variable of its path over HTTP comes first."""
    for binding in bindings_of(method):
        yield from reversed([path for path in _VARIABLE.findall(binding.path) if _noun(path)])
        return


def _noun(path: str) -> str:
    """What an id is of: "product" of "product_id", and of "product.id"."""
    *_, owner, name = ("", *path.split("."))
    noun = owner if name == "id" else name.removesuffix("_id") if name.endswith("_id") else ""
    return _NOUNS.get(noun, noun)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _content(message: Message, hides: Collection[str]) -> dict[str, Any]:
    return {
        field.name: MASK if _is_hidden(field, hides) else _value(field, value, hides)
        for field, value in message.ListFields()
        if field.name not in _LEFT_OUT
    }


def _is_hidden(field: FieldDescriptor, hides: Collection[str]) -> bool:
    return field.name in hides or field.GetOptions().debug_redact


def _value(field: FieldDescriptor, value: Any, hides: Collection[str]) -> Any:
    plain: Callable[[Any], Any] = str
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        return {str(key): str(each) for key, each in list(value.items())[:MAX_ITEMS]}
    if inner is not None:
        is_ours = inner.full_name.startswith("sanset.") or inner.full_name == "google.api.HttpBody"
        plain = (lambda each: _content(each, hides)) if is_ours else _google_json
    elif field.enum_type is not None:
        names = field.enum_type.values_by_number
        plain = lambda number: names[number].name if number in names else number  # noqa: E731
    elif field.type != FieldDescriptor.TYPE_STRING:
        plain = lambda each: each  # noqa: E731
    return [plain(each) for each in value] if field.is_repeated else plain(value)


def _google_json(message: Message) -> Any:
    if isinstance(message, any_pb2.Any):  # of a type that nobody here may know
        return {"type_url": shortened(message.type_url), "bytes": len(message.value)}
    return MessageToDict(message, preserving_proto_field_name=True)


def _redacted(message: Descriptor) -> Iterator[str]:
    yield from (field.name for field in message.fields if field.GetOptions().debug_redact)
    for nested in message.nested_types:
        yield from _redacted(nested)


_REDACTED: Final = frozenset(
    name
    for file in {method.input_type.file.name: method.input_type.file for method in METHODS}.values()
    for message in file.message_types_by_name.values()
    for name in _redacted(message)
)
"""Names of the fields that the contract declares `debug_redact`."""
