"""What a broken rule of the contract is called: one sentence for each kind of rule, for every RPC.

protovalidate's own texts are written for programmers ("must not be in list [0]"); a client shows ours to people.
They follow the name of a field: "quantity: must be at least 1".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias

from buf.validate import validate_pb2
from google.protobuf.descriptor import FieldDescriptor, OneofDescriptor
from google.protobuf.message import Message
from protovalidate import Violation as BrokenRule

from server.errors import FieldReason, Violation

_ID = re.compile(r"(.*_)?id")

_UNSET = 0
"""Each enum's value that says nothing."""

PATTERNS = {
    "^[0-9]{6}$": "must have six digits",
    r"^([0-9]{1,12}(\.[0-9]{1,3})?)?$": "must be a decimal number such as 9.99",
    r"^([A-Za-z]{2})?$": "must be a country code of two letters, such as US",
    r"^([A-Za-z][A-Za-z0-9._-]{2,31})?$": (
        "must have 3 to 32 letters, digits and the signs . _ - and begin with a letter"
    ),
    r"^[0-9+().\-/ ]*$": "may have digits, blanks and the signs + ( ) . - / only",
    r"^[A-Za-z0-9_-]{0,128}$": "may have letters, digits and the signs _ - only, 128 at most",
    r"^[A-Za-z0-9]{0,4}$": "may have letters and digits only, 4 at most",
    r"^\S{0,64}$": "must not have blanks, and 64 characters at most",
    r"^([A-Za-z0-9-]{3,32})?$": "must have 3 to 32 letters, digits and hyphens",
    r"^([A-Z][A-Z0-9_]{1,31})?$": (
        "must have 2 to 32 capitals, digits and underscores, and begin with a letter"
    ),
    r"^([A-Za-z0-9_-]{8,64})?$": "must have 8 to 64 letters, digits and the signs _ -",
    r"^([a-z0-9]+(-[a-z0-9]+)*)?$": "must be small letters and digits, in words joined by single hyphens",
    r"^([A-Za-z0-9][A-Za-z0-9 ._/-]*)?$": "may have letters, digits, blanks and the signs . _ / - only",
    r"^(https://[!-~]+)?$": "must be an https address, such as https://carrier.example/track/123",
    r"^[^,]*$": "must not have a comma: each is sent by itself, as in tags=red&tags=blue",
    r"^[^:]+:.+$": "must be a name and a value with a colon between, as in attributes=material:oak",
    r"^[0-9a-f]{32}(-[0-9]{3,4})?\.webp$": "must be the name of a file, as the address of an image ends with it",
    r"^[a-z]{2,3}$": "must be the code of a language, such as de",
    "^[A-Z]{3}$": "must be the code of a currency, such as USD",
    r"^([A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*)?$": "must name a language, such as de",
    r"^([A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*|\*)?$": "must name a language, such as de; * stands for all",
    r"^order\.[a-z_]{1,32}$": "must name a step of an order, such as order.shipped",
}
"""What a text that does not match looks like when it does."""

REQUIRED_TOGETHER = {
    "address.complete": ("address.line1", "address.city", "address.country"),
    "product.complete": ("product.name", "product.price"),
    "category.complete": ("category.name",),
    "location.complete": ("location.name",),
    "role.complete": ("role.name",),
    "service_account.complete": ("service_account.name", "service_account.role"),
}
"""Rules over a whole request that want several fields: those which are missing are named."""

CONDITIONS = {
    "login.email_or_username": Violation(
        "email", "send either email or username, and only one of them", FieldReason.CONFLICT
    ),
    "delete_my_account.proof": Violation(
        "current_password", "send either current_password or code, and only one of them", FieldReason.CONFLICT
    ),
    "address.id": Violation("address.id", "must be the id of an address", FieldReason.REQUIRED),
    "product.id": Violation("product.id", "must be the id of a product", FieldReason.REQUIRED),
    "variant.id": Violation("variant.id", "must be the id of a variant", FieldReason.REQUIRED),
    "category.id": Violation("category.id", "must be the id of a category", FieldReason.REQUIRED),
    "location.id": Violation("location.id", "must be the id of a location", FieldReason.REQUIRED),
    "coupon.id": Violation("coupon.id", "must be the id of a coupon", FieldReason.REQUIRED),
    "order.id": Violation("order.id", "must be the id of an order", FieldReason.REQUIRED),
    "endpoint.id": Violation("endpoint.id", "must be the id of an endpoint", FieldReason.REQUIRED),
    "image.id": Violation("image.id", "must be the id of an image", FieldReason.REQUIRED),
    "gift_card.id": Violation("gift_card.id", "must be the id of a gift card", FieldReason.REQUIRED),
    "payment_method.id": Violation(
        "payment_method.id", "must be the id of a payment method", FieldReason.REQUIRED
    ),
    "review.id": Violation("review.id", "must be the id of a review", FieldReason.REQUIRED),
    "segment.id": Violation("segment.id", "must be the id of a segment", FieldReason.REQUIRED),
    "service_account.id": Violation(
        "service_account.id", "must be the id of a service account", FieldReason.REQUIRED
    ),
    "role.id": Violation("role.id", "must be the id of a role", FieldReason.REQUIRED),
    "synonym.id": Violation("synonym.id", "must be the id of a synonym", FieldReason.REQUIRED),
    "recommendations.product": Violation(
        "product_id", "is required with the context PRODUCT", FieldReason.REQUIRED
    ),
    "refund.scope": Violation(
        "items", 'say what to pay back by exactly one of items, amount and "all": true', FieldReason.CONFLICT
    ),
    "return.scope": Violation(
        "items", 'say what to send back by exactly one of items and "all": true', FieldReason.CONFLICT
    ),
    "watch.scope": Violation(
        "product_ids", 'say what to watch by exactly one of product_ids and "all": true', FieldReason.CONFLICT
    ),
    "units.named": Violation(
        "variant_id", "name the units by their variant_id or product_id", FieldReason.REQUIRED
    ),
}
"""Other rules over a whole request, or a part of it: the field to look at, what is wrong, and why."""


def describe(request: Message, broken: BrokenRule) -> list[Violation]:
    """The violations to report for one that protovalidate sees in `request`."""
    violation = broken.proto
    rule = violation.rule_id
    if rule in REQUIRED_TOGETHER:
        missing = [path for path in REQUIRED_TOGETHER[rule] if _is_missing(request, path)]
        return [Violation(path, "is required", FieldReason.REQUIRED) for path in missing]
    if rule in CONDITIONS:
        condition = CONDITIONS[rule]
        part = f"{_locate(request, broken)[0]}." if violation.field is not None else ""
        return [condition._replace(field=part + condition.field)]
    if violation.field is None:
        return [Violation("request", violation.message)]
    path, field, rules = _locate(request, broken)
    if isinstance(field, OneofDescriptor):
        return [Violation(path, choice_of(field), FieldReason.REQUIRED)]
    if field is not None and _is_absent_id(field, broken):
        return [Violation(path, "is required", FieldReason.REQUIRED)]
    sentence = sentence_of(field, rules, rule) if field is not None else None
    return [Violation(path, sentence or violation.message, _reason(rules, rule))]


def _locate(
    request: Message, broken: BrokenRule
) -> tuple[str, FieldDescriptor | OneofDescriptor | None, validate_pb2.FieldRules]:
    """The path of a broken rule, the field or choice at its end, and the rules of what is there."""
    path = broken.proto.field
    name = ""
    end: FieldDescriptor | OneofDescriptor | None = None
    rules = validate_pb2.FieldRules()
    message: Any = request.DESCRIPTOR  # to the type checker upb's descriptors are of other classes
    for element in path.elements if path is not None else ():
        name += f".{element.field_name}"
        field = message.fields_by_name.get(element.field_name) if message is not None else None
        if field is None:
            end = message.oneofs_by_name.get(element.field_name) if message is not None else None
            continue
        end, message = field, field.message_type
        rules = field.GetOptions().Extensions[validate_pb2.field]
        if element.subscript is not None:
            name += f"[{element.subscript.value}]"
            rules = rules.repeated.items if rules.HasField("repeated") else rules.map.values
    return name.removeprefix("."), end, rules


def _is_absent_id(field: FieldDescriptor, broken: BrokenRule) -> bool:
    """Whether a field names something, and was not sent: who reads of the least id looks for one."""
    return _ID.fullmatch(field.name) is not None and not field.has_presence and broken.field_value == 0


def choice_of(oneof: OneofDescriptor) -> str:
    """What to say where nothing of a choice was sent."""
    return f"send exactly one of {_or(part.name for part in oneof.fields)}"


def sentence_of(field: FieldDescriptor, rules: validate_pb2.FieldRules, rule_id: str) -> str | None:
    """What to say of a field that breaks a rule; None for a rule that has no sentence of ours."""
    kind, _, rule = rule_id.partition(".")
    if kind in _NUMBERS:
        if rule in ("in", "not_in"):
            return _listed(getattr(getattr(rules, kind), rule), rule)
        return _range(getattr(rules, kind), kind)
    make = SENTENCES.get(rule_id)
    return make(field, rules) if make is not None else None


def _reason(rules: validate_pb2.FieldRules, rule_id: str) -> str:
    kind, _, rule = rule_id.partition(".")
    if rule_id == "string.min_len" and rules.string.min_len == 1:
        return FieldReason.REQUIRED
    if kind in _NUMBERS and rule not in ("in", "not_in"):
        return FieldReason.OUT_OF_RANGE
    return REASONS.get(rule_id, FieldReason.INVALID_VALUE)


_Make: TypeAlias = Callable[[FieldDescriptor, validate_pb2.FieldRules], str]
_NUMBERS = frozenset({"int32", "int64", "uint32", "uint64", "float", "double"})


class _Bounds(Protocol):
    """The rules of a number of any kind."""

    gt: float
    gte: float
    lt: float
    lte: float

    def HasField(self, field_name: str, /) -> bool:
        """Tell whether a bound is set."""


def _characters(count: int) -> str:
    return f"{count:,} character{'s' if count != 1 else ''}"


def _items(count: int) -> str:
    return f"{count:,} entr{'ies' if count != 1 else 'y'}"


def _shortest(_: FieldDescriptor, rules: validate_pb2.FieldRules) -> str:
    least = rules.string.min_len
    return "must not be empty" if least == 1 else f"must have at least {_characters(least)}"


def _one_of(field: FieldDescriptor, rules: validate_pb2.FieldRules) -> str:
    names = [
        value.name
        for value in (field.enum_type.values if field.enum_type is not None else ())
        if value.number != _UNSET and value.number not in rules.enum.not_in
    ]
    return f"must be {_or(names)}"


SENTENCES: dict[str, _Make] = {
    "required": lambda field, rules: "is required",
    "string.min_len": _shortest,
    "string.max_len": lambda field, rules: f"must have at most {_characters(rules.string.max_len)}",
    "string.max_bytes": lambda field, rules: f"must have at most {rules.string.max_bytes:,} bytes",
    "string.pattern": lambda field, rules: PATTERNS[rules.string.pattern],
    "string.email": lambda field, rules: "must be an e-mail address, such as ann@example.com",
    "string.email_empty": lambda field, rules: "must not be empty",
    "string.uuid": lambda field, rules: "must be a UUID, such as 3f2b8c1e-6a4d-4e0b-9c57-0d1f2a3b4c5d",
    "string.uuid_empty": lambda field, rules: "must not be empty: make a UUID for each new request",
    "enum.defined_only": _one_of,
    "enum.not_in": _one_of,
    "repeated.min_items": lambda field, rules: f"must have at least {_items(rules.repeated.min_items)}",
    "repeated.max_items": lambda field, rules: f"must have at most {_items(rules.repeated.max_items)}",
    "repeated.unique": lambda field, rules: "must not have the same entry twice",
    "map.max_pairs": lambda field, rules: f"must have at most {_items(rules.map.max_pairs)}",
    "bool.const": lambda field, rules: "must be true, or absent",
}
"""By protovalidate's id of the rule; those of numbers are all made by `_range`."""

REASONS = {
    "required": FieldReason.REQUIRED,
    "string.min_len": FieldReason.TOO_SHORT,
    "string.max_len": FieldReason.TOO_LONG,
    "string.max_bytes": FieldReason.TOO_LONG,
    "string.pattern": FieldReason.INVALID_FORMAT,
    "string.email": FieldReason.INVALID_FORMAT,
    "string.email_empty": FieldReason.REQUIRED,
    "string.uuid": FieldReason.INVALID_FORMAT,
    "string.uuid_empty": FieldReason.REQUIRED,
    "repeated.min_items": FieldReason.TOO_FEW_ENTRIES,
    "repeated.max_items": FieldReason.TOO_MANY_ENTRIES,
    "repeated.unique": FieldReason.DUPLICATE,
    "map.max_pairs": FieldReason.TOO_MANY_ENTRIES,
}
"""Why a field is wrong, by the rule that it breaks; those of numbers are out of range, others invalid values."""


def too_many(field: FieldDescriptor) -> str:
    """What to say of a list or map with more entries than it may have."""
    rule = "map.max_pairs" if field.message_type and field.message_type.GetOptions().map_entry else None
    return SENTENCES[rule or "repeated.max_items"](field, field.GetOptions().Extensions[validate_pb2.field])


def _range(rules: _Bounds, kind: str) -> str:
    if rules.HasField("gte") and rules.HasField("lte"):
        return f"must be between {_number(rules.gte)} and {_number(rules.lte)}"
    whole = kind not in ("double", "float")
    low = high = ""
    if rules.HasField("gte"):
        low = f"at least {_number(rules.gte)}"
    elif rules.HasField("gt"):
        low = f"at least {_number(rules.gt + 1)}" if whole else f"above {_number(rules.gt)}"
    if rules.HasField("lte"):
        high = f"at most {_number(rules.lte)}"
    elif rules.HasField("lt"):
        high = f"at most {_number(rules.lt - 1)}" if whole else f"below {_number(rules.lt)}"
    return "must be " + " and ".join(bound for bound in (low, high) if bound)


def _listed(numbers: Iterable[float], rule: str) -> str:
    values = _or(map(_number, numbers))
    return f"must be {values}" if rule == "in" else f"must not be {values}"


def _number(value: float) -> str:
    return f"{value:,.10g}" if isinstance(value, float) else f"{value:,}"


def _or(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _is_missing(request: Message, path: str) -> bool:
    *parents, name = path.split(".")
    part = request
    for parent in parents:
        if not part.HasField(parent):
            return False  # that the whole is missing is said by its own rule
        part = getattr(part, parent)
    field = part.DESCRIPTOR.fields_by_name[name]
    if field.has_presence and field.type != FieldDescriptor.TYPE_STRING:
        return not part.HasField(name)
    return not getattr(part, name)  # of a text it does not matter whether it was sent empty
