"""Calls made up from the OpenAPI document, through Envoy: each reply is one that the document knows.

`make test` makes a few of each operation up, in both directions of right and wrong; `make faults`, which sets
SANSET_FAULT_ROUNDS, 20,000 in all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.real_stack import Stack, stack_of

DOCUMENT: Final = json.loads((Path(__file__).parents[2] / "generated/sanset/openapi.json").read_text("utf-8"))
OPERATIONS: Final = [
    f"{verb.upper()} {path}" for path, operations in DOCUMENT["paths"].items() for verb in operations
]
CASES: Final = 20_000 // len(OPERATIONS) + 1 if "SANSET_FAULT_ROUNDS" in os.environ else 2
PATIENCE: Final = 30.0

Token = Callable[[], str | None]

UNREAD: Final = ("INVALID_FIELD", "MALFORMED_REQUEST")
"""Reasons of a request that cannot be what was meant."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A shop of its own, with an order: what is made up may delete anything.

    Its streams soon end, as one that follows an open order would last for half an hour.
    """
    with stack_of(
        tmp_path_factory.mktemp("made-up"), workers=1, stream_lifetime_seconds=0.2, heartbeat_seconds=0.3
    ) as running:
        running.order(running.customer())
        address = {"line1": "1 Main Street", "city": "Springfield", "country": "US"}
        assert running.admin.http.post("users/addresses", json=address).status_code == 200
        role = {"name": "SUPPORT", "permissions": ["MANAGE_ORDERS", "MANAGE_REFUNDS"]}
        assert running.admin.http.post("admin/roles", json=role).status_code == 200
        yield running


@pytest.fixture(scope="module")
def callers(shop: Stack) -> list[Token]:
    """A stranger, a customer and an admin, by their tokens."""
    customer, admin = shop.customer(), shop.admin
    return [lambda: None, lambda: customer.tokens["access_token"], lambda: admin.tokens["access_token"]]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The operations by their labels; what makes cases up takes a second to import, and every worker collects."""
    import schemathesis

    operations = schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
    return {operation.label: operation for operation in (result.ok() for result in operations)}


@pytest.fixture
def operation(schema: dict[str, Any], request: pytest.FixtureRequest) -> Any:
    return schema[request.param]


def _checks() -> list[Any]:
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    return [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    ]


each_operation = pytest.mark.parametrize("operation", OPERATIONS, indirect=True)


def test_every_operation_of_the_document_is_tried(schema: dict[str, Any]) -> None:
    assert schema.keys() == set(OPERATIONS)


@each_operation
def test_every_reply_is_one_that_the_document_knows(
    shop: Stack, callers: list[Token], operation: Any
) -> None:
    if operation.definition.raw["operationId"].startswith("Logout"):
        callers = [lambda: shop.customer(address=False).tokens["access_token"]]

    @given(case=_cases(operation), token=st.sampled_from(callers))
    @settings(
        max_examples=CASES,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def answers(case: Any, token: Token) -> None:
        if (access := token()) is not None:
            case.headers["authorization"] = f"Bearer {access}"
        case.call_and_validate(base_url=shop.origin, timeout=PATIENCE, checks=_checks())

    answers()


@each_operation
def test_the_example_of_every_operation_can_be_sent(
    shop: Stack, callers: list[Token], operation: Any
) -> None:
    raw = operation.definition.raw
    named = {place: _examples(raw, place) for place in ("path", "query")}
    assert named["path"].keys() == {each["name"] for each in raw["parameters"] if each["in"] == "path"}
    content = raw.get("requestBody", {}).get("content", {}).get("application/json", {})
    assert not content or "example" in content, "write one in proto/openapi/examples.json"
    case = operation.Case(
        path_parameters=named["path"],
        query=named["query"],
        **({"body": content["example"], "media_type": "application/json"} if content else {}),
        headers={}
        if raw["operationId"].startswith("Logout")
        else {"authorization": f"Bearer {callers[2]()}"},
    )
    if "text/event-stream" in raw["responses"]["200"].get("content", {}):
        case.path_parameters = dict.fromkeys(named["path"], "999")  # of what is there, it may never end
    reply = case.call_and_validate(base_url=shop.origin, timeout=PATIENCE, checks=_checks())
    reasons = [each.get("reason") for each in reply.json()["details"]] if reply.status_code == 400 else []
    assert not set(UNREAD) & set(reasons), reply.text


def _examples(operation: Any, place: str) -> dict[str, Any]:
    return {
        each["name"]: str(each["example"]).lower() if isinstance(each["example"], bool) else each["example"]
        for each in operation["parameters"]
        if each["in"] == place and "example" in each
    }


def _cases(operation: Any) -> Any:
    """Right and wrong calls; half of them of the first few things of each kind, which are there."""
    from schemathesis import GenerationMode

    both = operation.as_strategy(generation_mode=GenerationMode.POSITIVE) | operation.as_strategy(
        generation_mode=GenerationMode.NEGATIVE
    )
    if "text/event-stream" in operation.definition.raw["responses"]["200"].get("content", {}):
        return both  # of what is there, one of these may never end
    return st.builds(_of_something, both, st.integers(1, 6))


def _of_something(case: Any, number: int) -> Any:
    for name in case.path_parameters or {} if number <= 3 else ():
        case.path_parameters[name] = str(number)
    return case
