"""Writes the methods as operations: one for each verb and path."""

from __future__ import annotations

import re
from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from openapi.contract import OUTPUT_ONLY, Binding, Call, Contract, Json, first_sentence
from openapi.errors import headers, reasons_in, refusals_of
from openapi.examples import Example
from openapi.schemas import Schemas

RAW_BODY = ".google.api.HttpBody"
"""The message that stands for a body which is no JSON."""
FILES = ("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
IMAGES = ("image/jpeg", "image/png", "image/webp")
DOWNLOADS = {"ExportMyData": ("application/x-ndjson",)}
UPLOADS = {"ImportProducts": ("text/csv", "application/x-ndjson")}
"""What callers upload that is no image."""
_BINARY: Json = {"schema": {"type": "string", "format": "binary"}}
ETAG, MASK = "etag", "update_mask"
CART_TOKEN = "x-cart-token"  # noqa: S105 - the name of a header
DEVICE_ID = "x-device-id"

_STREAM = (
    "A stream of messages, as they come: JSON, one a line, or server-sent events when asked for by "
    "`Accept: text/event-stream`. A refusal after the beginning is the last message: its `error`, as an event "
    "named so."
)
_LAST_EVENT_ID: Json = {
    "name": "last-event-id",
    "in": "header",
    "description": "The last `id:` of the server-sent events that were seen; those after it follow.",
    "schema": {"type": "string", "pattern": "^[0-9]{1,9}$"},
}
_DEVICE_ID: Json = {
    "name": DEVICE_ID,
    "in": "header",
    "description": "The `device_id` that an earlier sign-in on this client returned.",
    "schema": {"type": "string", "maxLength": 200},
}
_IF_NONE_MATCH: Json = {
    "name": "if-none-match",
    "in": "header",
    "description": "An `etag` of before: where it still holds, and no token is sent, the reply is 304.",
    "schema": {"type": "string"},
}
_IDEMPOTENCY_KEY: Json = {
    "name": "idempotency-key",
    "in": "header",
    "description": "Makes a repeat return the first reply: a UUID is the `request_id`; other keys stand for one.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_IF_MATCH: Json = {
    "name": "if-match",
    "in": "header",
    "description": "The `etag` of the resource, in quotes; with a stale one nothing changes (409, STALE_ETAG).",
    "schema": {"type": "string", "pattern": '^(\\*|"[!#-~]{1,64}")$'},
}
_VARIABLE = re.compile(r"\{([^}]+)\}")


class Operations:
    """The operations of the contract."""

    def __init__(self, contract: Contract, schemas: Schemas) -> None:
        """`schemas` takes up what the operations refer to."""
        self._contract = contract
        self._schemas = schemas

    def paths(self) -> Json:
        """All operations, by path and verb."""
        paths: dict[str, Json] = {}
        for call in self._contract.calls():
            for number, binding in enumerate(call.bindings, start=1):
                paths.setdefault(_templated(binding.path), {})[binding.verb] = self._operation(
                    call, binding, number
                )
        return dict(paths)

    def _operation(self, call: Call, binding: Binding, number: int) -> Json:
        in_path = tuple(_VARIABLE.findall(binding.path))
        operation: Json = {
            "operationId": call.method.name if number == 1 else f"{call.method.name}{number}",
            "tags": [call.service.name.removesuffix("Service")],
            "summary": first_sentence(call.comment),
            "description": self._description(call, number),
            "security": self._security(call),
            "parameters": [*self._parameters(call, binding, in_path)],
            "responses": {
                "200": self._reply(call),
                **(
                    {"304": {"$ref": "#/components/responses/NotModified"}}
                    if call.is_cacheable or call.is_immutable
                    else {}
                ),
                **refusals_of(
                    call, self._contract, has_path_fields=bool(in_path), has_body=bool(binding.body)
                ),
            },
        }
        reasons = reasons_in(call.comment, self._contract)
        if reasons:
            operation["x-reasons"] = reasons
        if binding.body:
            operation["requestBody"] = self._body(call, binding, in_path)
        return operation

    def _description(self, call: Call, number: int) -> str:
        if call.permission != "PERMISSION_UNSPECIFIED":
            access = f"For callers with the permission {call.permission}."
        else:
            access = {
                "PUBLIC": "For anyone.",
                "OPTIONAL": "For anyone; a token personalises the reply.",
                "SIGNED_IN": "For signed-in users.",
            }[call.level]
        also = f"Another path of `{call.bindings[0].verb.upper()} {call.bindings[0].path}`."
        return "\n\n".join([call.comment, access, *([also] if number > 1 else [])])

    def _security(self, call: Call) -> list[Json]:
        if call.level == "PUBLIC":
            return []
        choices: list[Json] = [{"bearer": []}]
        if call.level == "OPTIONAL":
            choices.append({})
            if CART_TOKEN in self._contract.comments[call.service.name]:
                choices.append({"cart": []})
        return choices

    def _parameters(self, call: Call, binding: Binding, in_path: tuple[str, ...]) -> Iterator[Json]:
        request, is_first = call.method.input_type[1:], binding == call.bindings[0]
        example = Example(call, self._contract)
        for path in in_path:
            owner, field = self._find(request, path)
            schema = self._schemas.field(owner, field)
            yield _parameter(_variable(path), "path", schema, is_required=True) | example.value_in_path(path)
        if DEVICE_ID in call.comment:
            yield _DEVICE_ID
        if call.is_cacheable or call.is_immutable:
            yield _IF_NONE_MATCH
        if any(field.name == "after_sequence" for field in self._contract.messages[request].field):
            yield _LAST_EVENT_ID
        if any(field.name == "request_id" for field in self._contract.messages[request].field):
            yield _IDEMPOTENCY_KEY
        if self._has_etag(call, binding):
            yield _IF_MATCH
        if binding.body == "*":
            return
        left_out = {
            *in_path,
            binding.body,
            *([MASK] if binding.verb == "put" else []),
        }  # PUT replaces everything
        for name, owner, field in self._in_query(request):
            if name not in left_out:
                schema = self._schemas.field(owner, field)
                parameter = _parameter(name, "query", schema, is_required=self._schemas.is_required(field))
                # Another path may say the same by another field
                yield parameter | (example.value(name) if is_first else {})

    def _has_etag(self, call: Call, binding: Binding) -> bool:
        """Tell whether a call changes something only while it has a certain etag."""
        request = self._contract.messages[call.method.input_type[1:]]
        names = {field.name for field in request.field}
        if MASK in names:
            _, field = self._find(call.method.input_type[1:], binding.body)
            names = {each.name for each in self._contract.messages[field.type_name[1:]].field}
        return ETAG in names

    def _in_query(self, request: str) -> Iterator[tuple[str, str, FieldDescriptorProto]]:
        for field in self._contract.messages[request].field:
            if OUTPUT_ONLY not in self._contract.behaviors(field):
                yield field.name, request, field

    def _find(self, message: str, path: str) -> tuple[str, FieldDescriptorProto]:
        """The message and the field that a path of names ends at."""
        name, _, rest = path.partition(".")
        field = next(field for field in self._contract.messages[message].field if field.name == name)
        return self._find(field.type_name[1:], rest) if rest else (message, field)

    def _body(self, call: Call, binding: Binding, in_path: tuple[str, ...]) -> Json:
        request = call.method.input_type
        example = Example(call, self._contract).body(binding.body, in_path)
        if binding.body == "*":
            schema = self._schemas.request(request, frozenset(in_path))
            needed = any(map(self._schemas.is_required, self._contract.messages[request[1:]].field))
            return {
                "required": needed,
                "content": {"application/json": {"schema": schema, **example}},
            }
        _, field = self._find(request[1:], binding.body)
        if field.type_name == RAW_BODY:
            if call.method.client_streaming:
                return {
                    "required": True,
                    "content": dict.fromkeys(UPLOADS.get(call.method.name, IMAGES), _BINARY),
                }
            signed: Json = {"schema": {"description": "As it was signed."}}
            return {"required": True, "content": {"application/json": {**signed, **example}}}
        schema = self._schemas.resource(field.type_name, binding.verb)
        return {"required": True, "content": {"application/json": {"schema": schema, **example}}}

    def _reply(self, call: Call) -> Json:
        reply = call.method.output_type
        if reply == RAW_BODY:
            kinds = (
                DOWNLOADS.get(call.method.name, FILES) if call.method.server_streaming else ("image/webp",)
            )
            return _done("The file.", dict.fromkeys(kinds, _BINARY), can_be_kept=call.is_immutable)
        body: Json = {"schema": self._schemas.message(reply)}
        if call.method.server_streaming:
            return _done(_STREAM, {"application/x-ndjson": body, "text/event-stream": body})
        return _done("Done.", {"application/json": body}, can_be_kept=call.is_cacheable)


def _templated(path: str) -> str:
    """A path with the names of variables that the document has."""
    return _VARIABLE.sub(lambda match: f"{{{_variable(match.group(1))}}}", path)


def _variable(field: str) -> str:
    """The name of a field in a path: tools take `product.id` for a member of `product`.

    What a resource belongs to is named as elsewhere: `variant.product_id` is a `product_id`.
    """
    owner, _, name = field.rpartition(".")
    return f"{owner}_{name}" if owner and name == "id" else name


def _done(description: str, content: Json, *, can_be_kept: bool = False) -> Json:
    named = headers({"etag": "Etag"}) if can_be_kept else headers()
    return {"description": description, "headers": named, "content": content}


def _parameter(name: str, place: str, schema: Json, *, is_required: bool) -> Json:
    """A parameter, which says what it is for in place of its schema."""
    parameter: Json = {"name": name, "in": place}
    if "description" in schema:
        parameter["description"] = schema.pop("description")
    schema.pop("readOnly", None)  # an id in a path is said by who calls
    if is_required:
        parameter["required"] = True
    return {**parameter, "schema": schema}
