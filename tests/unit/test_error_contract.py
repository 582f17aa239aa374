"""What the contract says beside each reason is what the refusals carry: keys of metadata, typed details."""

from __future__ import annotations

import ast
import re
import tracemalloc
from collections.abc import Iterator
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)
from google.rpc import error_details_pb2
from google.rpc.status_pb2 import Status
from sanset.v1.errors_pb2 import ErrorReason
from sanset.v1.errors_pb2 import FieldReason as ContractFieldReason
from support.every import every
from support.refusal_classes import refusal_classes

from server.errors import FieldReason, InvalidField, InvalidUpdateMask, Refusal, UserNotFound
from server.money import Money
from server.rpc import status as module
from server.rpc.error_details import typed_detail
from server.rpc.status import MAX_MADE, encoded, rich_status, sent_status
from server.text.languages import speak

PROJECT = Path(__file__).parents[2]
REFUSALS = refusal_classes()
ours = every("refusal", {str(cls): cls for cls in REFUSALS})

AMOUNTS = frozenset({"total", "expected", "amount", "minimum", "missing"})
TIMES = frozenset({"valid_from", "valid_until", "until"})


@dataclass(frozen=True)
class Documented:
    """What stands beside a reason."""

    always: frozenset[str]
    sometimes: frozenset[str]
    details: frozenset[str]

    @classmethod
    def of(cls, comment: str) -> Documented:
        """Read a comment."""
        text = " ".join(comment.split())
        metadata = re.search(r"Metadata: (.*?)\.(?: |$)", text)
        details = re.search(r"Details: (.*?)\.(?: |$)", text)
        always, _, sometimes = (metadata[1] if metadata else "").partition("sometimes")
        return cls(
            frozenset(re.findall(r"`(\w+)`", always)),
            frozenset(re.findall(r"`(\w+)`", sometimes)),
            frozenset(details[1].split(", ")) if details else frozenset(),
        )


IMAGE = FileDescriptorSet.FromString((PROJECT / "generated/sanset.binpb").read_bytes())


def _documented() -> dict[str, Documented]:
    (file,) = (file for file in IMAGE.file if file.name == "sanset/v1/errors.proto")
    values = file.enum_type[0].value
    return {
        values[location.path[3]].name: Documented.of(location.leading_comments)
        for location in file.source_code_info.location
        if list(location.path[:3]) == [5, 0, 2] and len(location.path) == 4
    }


DOCUMENTED = _documented()


def _value(name: str) -> object:
    if name in AMOUNTS:
        return Money(1234, "USD")
    if name in TIMES:
        return datetime(2026, 1, 31, 12, tzinfo=UTC)
    return "field" if name in ("field", "problem") else 7


def _raised(refusal: type[Refusal]) -> Refusal:
    if issubclass(refusal, InvalidField):
        return refusal(("field", "must be another"))
    return refusal(**{name: _value(name) for name in refusal.names})


@ours
def test_the_metadata_of_a_refusal_is_documented_beside_its_reason(refusal: type[Refusal]) -> None:
    info = error_details_pb2.ErrorInfo()
    rich_status(_raised(refusal), "id").details[0].Unpack(info)
    assert info.reason in DOCUMENTED, "it goes into ErrorReason of proto/sanset/v1/errors.proto"
    documented = DOCUMENTED[info.reason]
    assert documented.always <= info.metadata.keys() <= documented.always | documented.sometimes


@ours
def test_a_refusal_is_sent_as_it_is_made_however_often(refusal: type[Refusal]) -> None:
    def sent_in(language: str) -> None:
        speak(language)
        for request_id in ("first", "second"):
            whole = encoded(rich_status(_raised(refusal), request_id))
            status = sent_status(_raised(refusal))
            assert Status.FromString(status.details(request_id)) == Status.FromString(whole)
            assert status.message == Status.FromString(whole).message

    for language in ("en", "de", "en"):
        copy_context().run(sent_in, language)


def test_refusals_that_differ_in_anything_are_sent_each_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MADE", 2)
    refusals = [UserNotFound(user_id=user_id) for user_id in (1, True, "1", 2, 1)]
    refusals[3].retry_after_seconds = 7
    refusals[4].at("user_id")
    for refusal in (*refusals, *refusals):
        whole = encoded(rich_status(refusal, "id"))
        assert Status.FromString(sent_status(refusal).details("id")) == Status.FromString(whole)


def test_what_callers_write_takes_little_memory_once_it_was_refused() -> None:
    tracemalloc.start()
    for number in range(MAX_MADE):
        sent_status(InvalidUpdateMask(path=f"{number} {'x' * 15_000}", allowed="name"))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 5_000_000


@every("reason", [name for name, number in ErrorReason.items() if number])
def test_every_documented_key_is_carried_by_some_refusal(reason: str) -> None:
    carried = {key for cls in REFUSALS if cls.reason == reason for key in _raised(cls).facts}
    assert carried == DOCUMENTED[reason].always | DOCUMENTED[reason].sometimes


@every("reason", [name for name, number in ErrorReason.items() if number])
def test_the_typed_details_of_a_reason_are_documented_beside_it(reason: str) -> None:
    details = (typed_detail(_raised(cls)) for cls in REFUSALS if cls.reason == reason)
    assert {detail.DESCRIPTOR.name for detail in details if detail is not None} == DOCUMENTED[reason].details


def test_the_reasons_of_fields_are_those_of_the_contract() -> None:
    by_the_gateway = {"FIELD_UNKNOWN", "FIELD_WRONG_TYPE"}
    assert set(FieldReason) | by_the_gateway | {"FIELD_REASON_UNSPECIFIED"} == set(ContractFieldReason.keys())


ENUM, SERVICE, METHOD = 5, 6, 2
"""Where things stand in a file, as the paths of comments say it."""


def _comments(kind: int) -> Iterator[str]:
    for file in IMAGE.file:
        for location in file.source_code_info.location:
            path = list(location.path)
            if file.package == "sanset.v1" and path[:1] == [kind] and path[2:3] in ([], [METHOD]):
                yield location.leading_comments


def test_every_reason_is_named_by_the_calls_that_give_it_or_as_one_of_any_call() -> None:
    words = set(re.findall(r"[A-Z_]{5,}", " ".join(_comments(SERVICE))))
    of_any_call = set(re.findall(r"[A-Z_]{5,}", next(text for text in _comments(ENUM) if "Any call" in text)))
    raised = {refusal.reason for refusal in REFUSALS}
    unnamed = raised - words - of_any_call
    assert not unnamed, "name it in the comment of the RPC that returns it"


def test_what_a_call_names_in_capitals_is_of_the_contract() -> None:
    codes = set(grpc.StatusCode.__members__)
    values = {value.name for file in IMAGE.file for enum in _enums(file) for value in enum.value}
    settings = {"MAX_FILE_SIZE", "RETURN_DAYS", "REVIEW_MODERATION"}
    words = set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", " ".join(_comments(SERVICE))))
    assert words <= codes | values | settings


def _enums(holder: FileDescriptorProto | DescriptorProto) -> Iterator[EnumDescriptorProto]:
    yield from holder.enum_type
    for message in holder.message_type if isinstance(holder, FileDescriptorProto) else holder.nested_type:
        yield from _enums(message)


def test_every_reason_that_a_call_names_is_met_by_a_test() -> None:
    """By its name, or by the class of the refusal: a promise that nobody tries may be an old one."""
    tried = {
        word
        for room in ("integration", "security", "e2e")
        for path in (PROJECT / "tests" / room).rglob("*.py")
        for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))
    }
    met = {refusal.reason for refusal in REFUSALS if refusal.__name__ in tried} | tried
    named = set(re.findall(r"[A-Z_]{5,}", " ".join(_comments(SERVICE)))) & set(ErrorReason.keys())
    assert not named - met


# ── Where refusals are made ─────────────────────────────────────────────────────────────────────────────


def _made() -> Iterator[tuple[str, str, set[str | None]]]:
    names = {cls.__name__ for cls in REFUSALS}
    for path in sorted((PROJECT / "server").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield f"{path.name}:{node.lineno}", node.func.id, {keyword.arg for keyword in node.keywords}


def test_every_refusal_is_made_with_all_of_its_facts() -> None:
    taken_apart = {cls.__name__: cls for cls in REFUSALS if "__init__" not in vars(cls)}
    wrong = [
        f"{place} {name}"
        for place, name, facts in _made()
        if name in taken_apart
        and not issubclass(taken_apart[name], InvalidField)
        and facts != taken_apart[name].names
    ]
    assert not wrong
