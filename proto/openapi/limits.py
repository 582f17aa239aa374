"""Limits that protovalidate's rules set, in the words of JSON Schema."""

from __future__ import annotations

from google.protobuf.descriptor_pb2 import FieldDescriptorProto
from google.protobuf.message import Message

from openapi.contract import Json

_POSITIVE = r"^[1-9][0-9]{0,18}$"
_NOT_NEGATIVE = r"^(0|[1-9][0-9]{0,18})$"
_KEYWORDS = {
    "gte": "minimum",
    "gt": "exclusiveMinimum",
    "lte": "maximum",
    "lt": "exclusiveMaximum",
}


def limits(rules: Message, field: FieldDescriptorProto) -> Json:
    """What a value of the field must hold, one item of it where it is repeated; `rules` are its FieldRules."""
    kind = rules.WhichOneof("type")
    if kind is None:
        return {}
    typed = getattr(rules, kind)
    if kind == "repeated":
        return limits(typed.items, field)
    if kind == "string":
        return _of_text(typed, may_be_empty=_may_be_empty(rules))
    if kind in ("int64", "uint64"):
        return _of_long(typed)
    if kind in ("int32", "uint32", "double", "float"):
        return {word: getattr(typed, name) for name, word in _KEYWORDS.items() if typed.HasField(name)}
    if kind == "bool":
        return {"const": typed.const} if typed.HasField("const") else {}
    return {}


def list_limits(rules: Message) -> Json:
    """What a repeated field must hold as a whole."""
    if rules.WhichOneof("type") != "repeated":
        return {}
    typed = rules.repeated  # type: ignore[attr-defined]
    words: Json = {}
    if typed.HasField("min_items"):
        words["minItems"] = typed.min_items
    if typed.HasField("max_items"):
        words["maxItems"] = typed.max_items
    if typed.unique:
        words["uniqueItems"] = True
    return words


def refused_numbers(rules: Message) -> frozenset[int]:
    """The numbers of an enum that are not taken, as when one must be said."""
    return frozenset(rules.enum.not_in) if rules.WhichOneof("type") == "enum" else frozenset()  # type: ignore[attr-defined]


def must_be_sent(rules: Message) -> bool:
    """Tell whether the field may not be absent."""
    return bool(rules.required) or 0 in refused_numbers(rules)  # type: ignore[attr-defined]


def _may_be_empty(rules: Message) -> bool:
    """Tell whether an empty value stands for none, and is not looked at."""
    return bool(rules.ignore)  # type: ignore[attr-defined]


def _of_text(typed: Message, *, may_be_empty: bool) -> Json:
    words: Json = {}
    if typed.HasField("min_len"):
        words["minLength"] = typed.min_len  # type: ignore[attr-defined]
    if typed.HasField("max_len"):
        words["maxLength"] = typed.max_len  # type: ignore[attr-defined]
    if typed.HasField("max_bytes"):
        words.setdefault("maxLength", typed.max_bytes)  # type: ignore[attr-defined]
    if typed.HasField("pattern"):
        words["pattern"] = typed.pattern  # type: ignore[attr-defined]
    allowed = list(getattr(typed, "in"))
    if allowed:
        words["enum"] = allowed
    known = typed.WhichOneof("well_known")
    if known in ("uuid", "email", "uri"):
        words |= {"anyOf": [{"format": known}, {"const": ""}]} if may_be_empty else {"format": known}
    return words


def _of_long(typed: Message) -> Json:
    """Limits of a number that JSON carries as text."""
    words: Json = {}
    if typed.HasField("gt") and typed.gt == 0:  # type: ignore[attr-defined]
        words["pattern"] = _POSITIVE
    elif typed.HasField("gte") and typed.gte == 0:  # type: ignore[attr-defined]
        words["pattern"] = _NOT_NEGATIVE
    for name, word in _KEYWORDS.items():
        if typed.HasField(name) and getattr(typed, name) != 0:
            words[f"x-{word}"] = str(getattr(typed, name))
    return words
