"""A request of each method to begin with, for the pages of the documentation; it holds in a demo shop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from openapi.contract import Json

EXAMPLES: Final[dict[str, Json]] = json.loads(
    Path(__file__).with_name("examples.json").read_text(encoding="utf-8")
)
"""The requests, as JSON, by the names of their methods. tests/e2e/test_openapi_cases.py sends them all."""


def value(method: str, path: str) -> Json:
    """The example of one field, as what a parameter says of it; empty where there is none."""
    node: object = EXAMPLES.get(method, {})
    for name in path.split("."):
        if not isinstance(node, dict) or name not in node:
            return {}
        node = node[name]
    return {"example": node}


def value_in_path(method: str, path: str) -> Json:
    """The same of a variable of a path."""
    return value(method, path) or {"example": "oak-mug" if path == "slug" else "1"}


def body(method: str, field: str, in_path: tuple[str, ...]) -> Json:
    """The example of a body: the whole request ("*") or a `field` of it, without what stands in the path."""
    request = EXAMPLES.get(method)
    if request is None:
        return {}
    inside = request if field == "*" else request.get(field, {})
    prefix = "" if field == "*" else f"{field}."
    assert isinstance(inside, dict)
    return {"example": {name: each for name, each in inside.items() if prefix + name not in in_path}}
