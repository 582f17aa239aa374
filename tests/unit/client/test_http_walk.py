"""The requests of clients/http/shop.http fit the contract: their paths, their queries and their bodies."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from google.api import annotations_pb2
from google.protobuf import json_format, symbol_database

from server.contract import SERVICES

WALK = Path(__file__).parents[3] / "clients" / "http" / "shop.http"


@dataclass(frozen=True)
class Step:
    """A request of the walk, its `{{variables}}` replaced by 7 or, in `@definitions`, by their text."""

    title: str
    verb: str
    path: str
    query: dict[str, str]
    body: dict[str, Any] | None


def steps() -> list[Step]:
    """Read the walk."""
    text = WALK.read_text()
    for name, value in re.findall(r"^@(\w+) *= *(.*?) *$", text, re.MULTILINE):
        text = text.replace("{{" + name + "}}", value or "x")
    text = re.sub(r"{{[^}]+}}", "7", text)
    found = []
    for block in re.split(r"^### ?", text, flags=re.MULTILINE):
        match = re.search(r"^(GET|POST|PUT|PATCH|DELETE) http://[^/]+(\S+)$", block, re.MULTILINE)
        if match is None:
            continue
        path, _, query = match[2].partition("?")
        _, _, body = block.partition("\n\n")
        title = block.splitlines()[0]
        found.append(
            Step(title, match[1], path, dict(parse_qsl(query)), json.loads(body) if body.strip() else None)
        )
    return found


def routes() -> list[tuple[str, re.Pattern[str], str, Any]]:
    """Return verb, path, body field and request type of every HTTP binding."""
    found = []
    for method in (method for service in SERVICES for method in service.methods):
        rule = method.GetOptions().Extensions[annotations_pb2.http]
        request = symbol_database.Default().GetSymbol(method.input_type.full_name)
        for binding in (rule, *rule.additional_bindings):
            verb = binding.WhichOneof("pattern")
            pattern = re.sub(r"{[^}]+}", r"(\\d+|[a-z-]+)", getattr(binding, verb))
            found.append((verb.upper(), re.compile(pattern + "$"), binding.body, request))
    return found


@pytest.mark.parametrize("step", steps(), ids=lambda step: step.title)
def test_a_request_of_the_walk_fits_the_contract(step: Step) -> None:
    bodies = [
        (body, kind) for verb, path, body, kind in routes() if verb == step.verb and path.match(step.path)
    ]
    assert bodies, f"{step.verb} {step.path} is no binding"
    body, kind = bodies[0]
    content = step.body if step.body is not None else {}
    json_format.ParseDict(content if body in ("*", "") else {body: content}, kind())
    assert (step.body is None) == (body == "")
    assert set(step.query) <= set(kind.DESCRIPTOR.fields_by_name)


def test_the_walk_goes_the_whole_way() -> None:
    paths = [step.path.removeprefix("/api/v1") for step in steps()]
    way = ["/auth/register", "/auth/login", "/products", "/products/7", "/cart/add", "/cart/total"]
    way += ["/users/addresses", "/orders/checkout", "/orders/7/track", "/orders/7/status", "/orders"]
    way += [
        "/recommend/7",
        "/admin/user-segmentation/segments",
        "/admin/user-segmentation/segments/7/members",
    ]
    way += ["/auth/logout"]
    rest = iter(paths)
    assert all(place in rest for place in way)
