"""Texts of every request: trimmed, and of one line unless the contract lets them have more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from sanset.v1 import product_pb2, user_pb2
from support.every import every

from server.contract import SERVICES
from server.errors import InvalidField
from server.rpc.typed import SEVERAL_LINES, is_exact, tidy
from server.rpc.validation import Validation
from server.text.allowed import problem_of_lines, problem_of_name, trimmed

EXACT = {
    "attribution_token", "cart_token", "current_password", "etag", "new_password", "page_token", "password",
    "payment_token", "query", "refresh_token", "token",
}  # fmt: skip
"""The names of the fields that are taken as they are."""

CONTROLS = {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))}
SEPARATORS = {"\u2028", "\u2029"}
DIRECTIONS = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
MARK = "\ufeff"
LEGAL = (
    "👨‍👩‍👧‍👦", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "❤️", "می‌خواهم", "क्‍ष", "Zoë",
    "שלום", "O'Neill & Søn, «Æ» №5", "10\u00a0kg", "สวัสดี\u200bครับ", "co\u00adop", "-", "𝒳",
)  # fmt: skip
"""Names that people and goods have."""

Where = tuple[FieldDescriptor, ...]


def _behaviors(field: FieldDescriptor) -> Any:
    return field.GetOptions().Extensions[field_behavior_pb2.field_behavior]


def _is_required(field: FieldDescriptor) -> bool:
    return field_behavior_pb2.REQUIRED in _behaviors(field)


def _texts(message: Descriptor, within: Where = ()) -> Iterator[Where]:
    """Every text that a client may write, of a message and of those within."""
    for field in message.fields:
        if field_behavior_pb2.OUTPUT_ONLY in _behaviors(field):
            continue
        if field.type == FieldDescriptor.TYPE_STRING:
            yield (*within, field)
        elif field.message_type is not None and field.message_type.full_name.startswith("sanset."):
            yield from _texts(field.message_type, (*within, field))


FIELDS = {
    f"{method.name}.{'.'.join(field.name for field in where)}": (method.input_type, where)
    for service in SERVICES
    for method in service.methods
    for where in _texts(method.input_type)
}
EXACT_FIELDS = [name for name, (_, where) in FIELDS.items() if where[-1].name in EXACT]
LINES = [name for name, (_, where) in FIELDS.items() if where[-1].full_name in SEVERAL_LINES]
NAMES = [name for name in FIELDS if name not in EXACT_FIELDS and name not in LINES]


def _request(name: str, text: str) -> tuple[Any, str]:
    """A request with a text in one field, and the field's path in a refusal."""
    message, where = FIELDS[name]
    request = GetMessageClass(message)()
    part: Any = request
    path = []
    for field in where[:-1]:
        part = getattr(part, field.name)
        part = part.add() if field.is_repeated else part
        path.append(f"{field.name}[0]" if field.is_repeated else field.name)
    if where[-1].is_repeated:
        getattr(part, where[-1].name).append(text)
        path.append(f"{where[-1].name}[0]")
    else:
        setattr(part, where[-1].name, text)
        path.append(where[-1].name)
    return request, ".".join(path)


def _text(name: str, request: Message) -> str:
    """The text that a request of `_request` has in its field."""
    part: Any = request
    for field in FIELDS[name][1]:
        part = getattr(part, field.name)
        part = part[0] if field.is_repeated else part
    return str(part)


@pytest.fixture(scope="module")
def validation() -> Validation:
    """The checks of the whole contract."""
    return Validation(SERVICES)


def _said(validation: Validation, request: Message) -> dict[str, str]:
    try:
        validation.check(request)
    except InvalidField as error:
        return {violation.field: violation.description for violation in error.violations}
    return {}


def test_each_text_of_the_contract_is_of_one_kind() -> None:
    assert {where[-1].name for _, where in FIELDS.values() if is_exact(where[-1])} == EXACT
    assert {FIELDS[name][1][-1].full_name for name in LINES} == SEVERAL_LINES
    assert len(NAMES) > 100


@every("name", NAMES)
def test_a_name_is_one_line_that_can_be_seen(validation: Validation, name: str) -> None:
    for text, sentence in (
        ("Mug\r\nTotal: 0.00 USD", "must be a single line"),
        ("Mug\u2028Total: 0.00 USD", "must be a single line"),
        ("a\tb", "must not contain control characters"),
        ("a\0b", "must not contain control characters"),
        ("a\x85b", "must be a single line"),
        ("a\u202eb", "must not contain U+202E, an unseen character that turns the direction of writing"),
        ("a\ufeffb", "must not contain a byte order mark (U+FEFF)"),
        ("\u200d\u200c", "must have something that can be seen"),
    ):
        request, path = _request(name, text)
        assert _said(validation, request).get(path) == sentence, ascii(text)


@every("name", NAMES)
def test_a_name_is_trimmed_before_any_rule_is_asked(validation: Validation, name: str) -> None:
    request, _ = _request(name, "\u00a0 \tTea\u3000\r\n\u200b")
    plain, _ = _request(name, "Tea")
    assert _said(validation, request) == _said(validation, plain)
    assert _text(name, request) == "Tea"
    blank, path = _request(name, " \u00a0\u2003 ")
    empty, _ = _request(name, "")
    said, expected = _said(validation, blank), _said(validation, empty)
    if _is_required(FIELDS[name][1][-1]):
        expected[path] = "must not be blank"
    assert said == expected
    assert _text(name, blank) == ""


@every("name", [*NAMES, *LINES])
def test_what_people_write_is_legal_in_every_script(name: str) -> None:
    for text in LEGAL:
        request, _ = _request(name, text)
        assert tidy(request) == []
        assert _text(name, request) == text


@every("name", LINES)
def test_a_text_of_several_lines_has_no_other_controls(validation: Validation, name: str) -> None:
    request, path = _request(name, "  One\n\n\tTwo\r\nThree\n")
    assert path not in _said(validation, request)
    assert _text(name, request) == "  One\n\n\tTwo\nThree\n"
    for character in (CONTROLS - {"\t", "\n"}) | SEPARATORS | DIRECTIONS | {MARK}:
        request, path = _request(name, f"a{character}b")
        assert _said(validation, request)[path].startswith("must not contain "), ascii(character)


@every("name", EXACT_FIELDS)
def test_a_secret_a_token_and_a_search_are_taken_as_they_are(validation: Validation, name: str) -> None:
    request, path = _request(name, " a\u202eb\t ")
    said = _said(validation, request).get(path, "")
    assert _text(name, request) == " a\u202eb\t "
    assert "direction" not in said
    request, path = _request(name, "a\0b")
    assert path in _said(validation, request)


def test_no_character_that_is_none_passes_in_a_name() -> None:
    for character in CONTROLS | SEPARATORS | DIRECTIONS | {MARK}:
        assert problem_of_name(f"a{character}b"), ascii(character)
        assert problem_of_name(trimmed(f"a{character}")) or trimmed(f"a{character}") == "a", ascii(character)
    for unseen in ("\u200d", "\u2060\u200c", "\u3164", "\ufe0f", "\u00ad", "\u2800", "\U000e0041"):
        assert problem_of_name(unseen) == "must have something that can be seen", ascii(unseen)
    assert problem_of_name("") is None
    assert problem_of_lines("") is None


def test_tags_that_differ_by_blanks_are_the_same_tag(validation: Validation) -> None:
    request = product_pb2.CreateProductRequest(product=product_pb2.Product(tags=["tea", "tea ", " "]))
    said = _said(validation, request)
    assert said["product.tags"] == "must not have the same entry twice"
    assert said["product.tags[2]"] == "must not be empty"


def test_tags_that_are_too_many_are_not_looked_at(validation: Validation) -> None:
    request = product_pb2.CreateProductRequest(product=product_pb2.Product(tags=["a\n b"] * 33))
    assert tidy(request) == []
    assert _said(validation, request)["product.tags"] == "must have at most 32 entries"


def test_the_texts_of_a_json_object_stay_as_they_are(validation: Validation) -> None:
    request = user_pb2.UpdateMeRequest(user=user_pb2.User(full_name="Ann"))
    request.user.preferences.update({" note ": " one\r\ntwo "})
    assert _said(validation, request) == {}
    assert dict(request.user.preferences) == {" note ": " one\r\ntwo "}
