"""Writes messages and enums as JSON Schemas, each under its own name, as they are referred to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto

from openapi.contract import IMMUTABLE, INPUT_ONLY, OUTPUT_ONLY, REQUIRED, Contract, Json
from openapi.limits import limits, list_limits, must_be_sent, refused_numbers
from openapi.well_known import SCALARS, WELL_KNOWN

REFERENCE = "#/components/schemas/"


class Schemas:
    """The schemas of what bodies and replies hold."""

    def __init__(self, contract: Contract) -> None:
        """`contract` has the messages."""
        self._contract = contract
        self._partial = frozenset(_updated(contract))
        self.components: dict[str, Json] = {}

    def message(self, type_name: str) -> Json:
        """A reference to the schema of a message, which is written by then."""
        name = type_name.removeprefix(".")
        short = _short(name)
        if short not in self.components:
            self.components[short] = {}  # a message may hold itself
            self.components[short] = WELL_KNOWN.get(name) or self._object(name, frozenset())
        return {"$ref": REFERENCE + short}

    def enum(self, type_name: str) -> Json:
        """A reference to the schema of an enum, which is written by then."""
        name = type_name.removeprefix(".")
        short = _short(name)
        if short not in self.components:
            values = [value.name for value in self._contract.enums[name].value]
            lines = [f"- `{value}`: {self._contract.comments.get(f'{name}.{value}', '')}" for value in values]
            comment = self._contract.comments.get(name, "")
            self.components[short] = {
                "type": "string",
                "enum": values,
                "description": "\n".join([comment, "", *lines]),
            }
        return {"$ref": REFERENCE + short}

    def request(self, type_name: str, in_path: frozenset[str]) -> Json:
        """What a body holds that is the whole request, but for the fields that stand in the path."""
        name = type_name.removeprefix(".")
        if not in_path:
            reference = self.message(type_name)
            self.components[_short(name)]["additionalProperties"] = False
            return reference
        return {**self._object(name, in_path), "additionalProperties": False}

    def resource(self, type_name: str, verb: str) -> Json:
        """What a body holds that is one field of the request; a whole one has what is required."""
        name = type_name.removeprefix(".")
        if name not in self._partial:
            return self.message(type_name)
        if verb == "patch":
            return self._patch(name)
        reference = self.message(type_name)
        required = self._required(self._contract.messages[name])
        if verb == "put":  # what is fixed once created need not be said again
            required -= self._with_behavior(name, IMMUTABLE)
        return {"allOf": [reference, {"required": sorted(required)}]} if required else reference

    def field(self, owner: str, field: FieldDescriptorProto) -> Json:
        """The schema of a field of the message `owner`."""
        rules = self._contract.option(field.options, "buf.validate.field")
        schema = self._value(field)
        if refused_numbers(rules):
            schema["not"] = {"const": self._contract.enums[field.type_name[1:]].value[0].name}
        schema |= limits(rules, field)
        if schema.get("type") == "string" and must_be_sent(rules):
            schema.setdefault("minLength", 1)
        if field.label == FieldDescriptorProto.LABEL_REPEATED and not self._entry(field):
            schema = {"type": "array", "items": schema, **list_limits(rules)}
        comment = self._contract.comments.get(f"{owner}.{field.name}")
        if comment:
            schema["description"] = comment
        behaviors = self._contract.behaviors(field)
        if OUTPUT_ONLY in behaviors:
            schema["readOnly"] = True
        if INPUT_ONLY in behaviors:
            schema["writeOnly"] = True
        return schema

    def is_required(self, field: FieldDescriptorProto) -> bool:
        """Tell whether a call without the field is refused."""
        rules = self._contract.option(field.options, "buf.validate.field")
        return REQUIRED in self._contract.behaviors(field) or must_be_sent(rules)

    def _patch(self, name: str) -> Json:
        """A reference to the schema of what a PATCH sends of a resource: null clears a field."""
        short = f"{_short(name)}Patch"
        if short not in self.components:
            left_out = self._with_behavior(name, OUTPUT_ONLY) | self._with_behavior(name, IMMUTABLE)
            fields = [field for field in self._contract.messages[name].field if field.name not in left_out]
            self.components[short] = {
                "type": "object",
                "description": "Fields to change. What is not sent stays, and null clears.",
                "properties": {
                    field.name: {"anyOf": [self.field(name, field), {"type": "null"}]} for field in fields
                },
            }
        return {"$ref": REFERENCE + short}

    def _with_behavior(self, name: str, behavior: int) -> frozenset[str]:
        fields = self._contract.messages[name].field
        return frozenset(field.name for field in fields if behavior in self._contract.behaviors(field))

    def _object(self, name: str, left_out: frozenset[str]) -> Json:
        message = self._contract.messages[name]
        fields = [field for field in message.field if field.name not in left_out]
        schema: Json = {
            "type": "object",
            "description": _with_rules(self._contract, name, message),
            "properties": {field.name: self.field(name, field) for field in fields},
        }
        required = sorted(self._required(message) - left_out)
        if required and name not in self._partial:
            schema["required"] = required
        choices = list(self._choices(message, left_out))
        if choices:
            schema["allOf"] = choices
        return schema

    def _required(self, message: DescriptorProto) -> frozenset[str]:
        return frozenset(field.name for field in message.field if self.is_required(field))

    def _choices(self, message: DescriptorProto, left_out: frozenset[str]) -> Iterator[Json]:
        """Of fields of which one must be there: which."""
        for number, oneof in enumerate(message.oneof_decl):
            members = [f.name for f in message.field if f.HasField("oneof_index") and f.oneof_index == number]
            rules = self._contract.option(oneof.options, "buf.validate.oneof")
            if rules.required and not left_out & set(members):  # type: ignore[attr-defined]
                yield {"oneOf": [{"required": [member]} for member in members]}

    def _value(self, field: FieldDescriptorProto) -> Json:
        if field.type == FieldDescriptorProto.TYPE_ENUM:
            return self.enum(field.type_name)
        if field.type != FieldDescriptorProto.TYPE_MESSAGE:
            return dict(SCALARS[field.type])
        entry = self._entry(field)
        if entry is not None:
            return {"type": "object", "additionalProperties": self._value(entry.field[1])}
        return self.message(field.type_name)

    def _entry(self, field: FieldDescriptorProto) -> DescriptorProto | None:
        """The message of a map's entries."""
        message = self._contract.messages.get(field.type_name.removeprefix("."))
        return message if message is not None and message.options.map_entry else None


def _updated(contract: Contract) -> Iterator[str]:
    """The resources of which an update sends a part."""
    for call in contract.calls():
        request = contract.messages[call.method.input_type[1:]]
        if _has_mask(request.field):
            yield from (field.type_name[1:] for field in request.field if field.type_name)


def _has_mask(fields: Iterable[FieldDescriptorProto]) -> bool:
    return any(field.type_name == ".google.protobuf.FieldMask" for field in fields)


def _with_rules(contract: Contract, name: str, message: DescriptorProto) -> str:
    """The comment of a message, and the rules that concern several of its fields."""
    rules = contract.option(message.options, "buf.validate.message")
    sentences = [each.message for each in rules.cel if each.message]  # type: ignore[attr-defined]
    return "\n\n".join([contract.comments.get(name, ""), *(f"Rule: {each}." for each in sentences)]).strip()


def _short(name: str) -> str:
    """A name without the package of ours: `Product`, `Product.View`, `google.type.Money`."""
    return name.removeprefix("sanset.v1.")
