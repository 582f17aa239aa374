"""Refusals and the reasons of the contract are the same set, and their sentences can be filled."""

from __future__ import annotations

import string

import grpc
import pytest
from google.rpc import error_details_pb2
from sanset.v1.errors_pb2 import ErrorReason
from support.every import every
from support.refusal_classes import refusal_classes

from server import errors
from server.errors import FieldReason, InvalidField, Refusal
from server.rpc.status import MAX_FACT, MAX_MESSAGE, rich_status

REFUSALS = refusal_classes()
REASONS = frozenset(ErrorReason.keys())
ours = every("refusal", {str(cls): cls for cls in REFUSALS})


@ours
def test_every_refusal_has_its_reason_in_the_contract(refusal: type[Refusal]) -> None:
    assert refusal.reason in REASONS, "it goes into ErrorReason of proto/sanset/v1/errors.proto"


def test_every_reason_of_the_contract_has_a_refusal() -> None:
    unused = REASONS - {refusal.reason for refusal in REFUSALS}
    assert unused == {"ERROR_REASON_UNSPECIFIED"}


@ours
def test_every_refusal_has_a_code_that_grpc_knows(refusal: type[Refusal]) -> None:
    assert refusal.code in grpc.StatusCode.__members__
    assert refusal.code not in ("OK", "UNKNOWN", "CANCELLED")


@ours
def test_every_refusal_is_a_sentence_that_its_facts_fill(refusal: type[Refusal]) -> None:
    if issubclass(refusal, InvalidField):
        filled = refusal(("a.b", "must be 1"), ("c", "must be 2"))
        assert str(filled) == "a.b: must be 1; c: must be 2"
        return
    facts = {name: f"<{name}>" for name in refusal.names}
    filled = refusal(**facts)
    named = [name for _, name, _, _ in string.Formatter().parse(refusal.message) if name]
    assert str(filled).endswith((".", ">")), "a sentence ends"
    assert all(facts[name] in str(filled) for name in named)
    assert filled.facts == {name: value for name, value in facts.items() if name not in refusal.prose}


@pytest.mark.parametrize("facts", [{}, {"resource": "cart", "current": "v3"}])
def test_facts_that_are_missing_or_unknown_fail_where_the_refusal_is_made(facts: dict[str, str]) -> None:
    with pytest.raises(TypeError):
        errors.StaleEtag(**facts)


def test_facts_with_braces_are_only_text() -> None:
    assert "{0.__class__}" in str(errors.UserNotFound(user_id="{0.__class__}"))


def test_the_details_carry_reason_facts_and_request_id() -> None:
    status = rich_status(errors.StaleEtag(resource="cart"), "req-1")
    info, request = error_details_pb2.ErrorInfo(), error_details_pb2.RequestInfo()
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(request)
    assert (info.reason, info.domain, dict(info.metadata)) == (
        "STALE_ETAG",
        "sanset",
        {"resource": "cart"},
    )
    assert request.request_id == "req-1"
    assert status.code == grpc.StatusCode.ABORTED.value[0]


def test_a_wrong_field_is_named_in_the_details() -> None:
    status = rich_status(
        InvalidField(("a.b", "must be 1"), ("c", "is required", FieldReason.REQUIRED)), "req-1"
    )
    bad = error_details_pb2.BadRequest()
    assert any(detail.Unpack(bad) for detail in status.details)
    assert [(v.field, v.description, v.reason) for v in bad.field_violations] == [
        ("a.b", "must be 1", "FIELD_INVALID_VALUE"),
        ("c", "is required", "FIELD_REQUIRED"),
    ]


def test_what_is_worth_repeating_says_when() -> None:
    status = rich_status(errors.Overloaded(), "req-1")
    retry = error_details_pb2.RetryInfo()
    assert any(detail.Unpack(retry) for detail in status.details)
    assert retry.retry_delay.ToTimedelta().total_seconds() == 1


def test_a_long_fact_cannot_burst_the_headers() -> None:
    status = rich_status(errors.UserNotFound(user_id="9" * 100_000), "req-1")
    info = error_details_pb2.ErrorInfo()
    status.details[0].Unpack(info)
    assert len(info.metadata["user_id"]) == MAX_FACT
    assert len(status.message) == MAX_MESSAGE
    assert len(status.SerializeToString()) < 4096
