"""The texts of a request: trimmed before any rule is asked, and looked through for what no text may hold.

Every text is one line, but for those that are listed here: some have several lines, and some are not typed by
anybody or mean exactly what they are, such as passwords and tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableSequence
from functools import cache
from typing import NamedTuple

from buf.validate import validate_pb2
from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from server.errors import FieldReason, Violation
from server.text.allowed import is_plain, problem_of_lines, problem_of_name, trimmed

SEVERAL_LINES = frozenset(
    {
        "sanset.v1.Category.description",
        "sanset.v1.CategoryTranslation.description",
        "sanset.v1.Product.description",
        "sanset.v1.Product.seo_description",
        "sanset.v1.ProductTranslation.description",
        "sanset.v1.ProductTranslation.seo_description",
        "sanset.v1.Review.text",
    }
)
"""The fields whose texts may have several lines."""


def is_exact(field: FieldDescriptor) -> bool:
    """Whether a text is taken as it is: a secret, what the server gave out, or what somebody searched for."""
    return field.name in ("etag", "query") or field.name.endswith(("token", "password"))


class _Text(NamedTuple):
    name: str
    several_lines: bool
    required: bool
    most: int | None
    """How many there may be, of a list; more are refused by their number, and not looked at."""


class _Part(NamedTuple):
    name: str
    most: int | None
    plan: _Plan


class _Plan(NamedTuple):
    """Where the texts of a message are."""

    texts: tuple[_Text, ...]
    parts: tuple[_Part, ...]


def tidy(request: Message) -> list[Violation]:
    """Trim the texts of `request` in place; return those that hold what they must not."""
    return list(_tidy(request, _plan(request.DESCRIPTOR), ""))


def _tidy(message: Message, plan: _Plan, path: str) -> Iterator[Violation]:
    for name, several_lines, required, most in plan.texts:
        value = getattr(message, name)
        if not value or (most is None and is_plain(value)):
            continue
        if most is None:
            text, problem = _tidied(value, several_lines)
            if text != value:
                setattr(message, name, text)
            if problem:
                yield Violation(f"{path}{name}", problem, FieldReason.INVALID_FORMAT)
            elif required and not text:
                # Said here, where it is known that something was sent: of blanks nothing is left to say it by.
                yield Violation(f"{path}{name}", "must not be blank", FieldReason.REQUIRED)
        elif len(value) <= most:
            yield from _tidy_list(value, several_lines, f"{path}{name}")
    for name, most, inner in plan.parts:
        if most is None:
            if message.HasField(name):
                yield from _tidy(getattr(message, name), inner, f"{path}{name}.")
        elif len(parts := getattr(message, name)) <= most:
            for index, part in enumerate(parts):
                yield from _tidy(part, inner, f"{path}{name}[{index}].")


def _tidy_list(texts: MutableSequence[str], several_lines: bool, path: str) -> Iterator[Violation]:
    for index, value in enumerate(texts):
        if not is_plain(value):
            texts[index], problem = _tidied(value, several_lines)
            if problem:
                yield Violation(f"{path}[{index}]", problem, FieldReason.INVALID_FORMAT)


def _tidied(value: str, several_lines: bool) -> tuple[str, str | None]:
    if several_lines:
        lines = value.replace("\r\n", "\n")
        return lines, problem_of_lines(lines)
    name = trimmed(value)
    return name, problem_of_name(name)


@cache
def _plan(message: Descriptor) -> _Plan:
    """The plan of a message type, without what only the server fills and what is not of our contract."""
    texts: list[_Text] = []
    parts: list[_Part] = []
    for field in message.fields:
        behaviors = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
        if field_behavior_pb2.OUTPUT_ONLY in behaviors:
            continue
        required = field_behavior_pb2.REQUIRED in behaviors
        most = _most(field) if field.is_repeated else None
        if field.type == FieldDescriptor.TYPE_STRING and not is_exact(field):
            texts.append(_Text(field.name, field.full_name in SEVERAL_LINES, required, most))
        elif field.message_type is not None and _is_ours(field.message_type):
            inner = _plan(field.message_type)
            if inner.texts or inner.parts:
                parts.append(_Part(field.name, most, inner))
    return _Plan(tuple(texts), tuple(parts))


def is_output_only(field: FieldDescriptor) -> bool:
    """Whether only the server fills a field: what a client sends back in it is ignored."""
    return field_behavior_pb2.OUTPUT_ONLY in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]


def _most(field: FieldDescriptor) -> int:
    return int(field.GetOptions().Extensions[validate_pb2.field].repeated.max_items)


def _is_ours(message: Descriptor) -> bool:
    return message.full_name.startswith("sanset.") and not message.GetOptions().map_entry
