"""A request of each method to begin with, for the pages of the documentation; it holds in a demo shop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from openapi.contract import REQUIRED, Call, Contract, Json

EXAMPLES: Final[dict[str, Json]] = json.loads(
    Path(__file__).with_name("examples.json").read_text(encoding="utf-8")
)
"""The requests that do not follow from the contract, as JSON, by the names of their methods.

tests/e2e/test_openapi_cases.py sends all there are.
"""

_ID, _PAGE_SIZE, _REQUEST_ID = "1", 5, "3f2b8c1e-5d0a-4f6b-9c57-2e8d1a7b6c40"


class Example:
    """The example of a method: what EXAMPLES has, or the ids that the request requires, with a short page."""

    def __init__(self, call: Call, contract: Contract) -> None:
        """Without an entry, a method whose request requires more than ids has no example of its body."""
        fields = contract.messages[call.method.input_type[1:]].field
        required = [field for field in fields if REQUIRED in contract.behaviors(field)]
        by_contract: Json = {field.name: _ID for field in required if _is_id(field)}
        if any(field.name == "request_id" for field in required):
            by_contract["request_id"] = _REQUEST_ID
        if any(field.name == "page_size" for field in fields):
            by_contract["page_size"] = _PAGE_SIZE
        self._request = EXAMPLES.get(call.method.name, by_contract)
        self._is_whole = call.method.name in EXAMPLES or all(field.name in by_contract for field in required)

    def value(self, path: str) -> Json:
        """The value of one field, as what a parameter says of it; empty where there is none."""
        node: object = self._request
        for name in path.split("."):
            if not isinstance(node, dict) or name not in node:
                return {}
            node = node[name]
        return {"example": node}

    def value_in_path(self, path: str) -> Json:
        """The same of a variable of a path."""
        return self.value(path) or {"example": "oak-mug" if path == "slug" else _ID}

    def body(self, field: str, in_path: tuple[str, ...]) -> Json:
        """The body: the whole request ("*") or a `field` of it, without what stands in the path."""
        if not self._is_whole:
            return {}
        inside = self._request if field == "*" else self._request.get(field, {})
        prefix = "" if field == "*" else f"{field}."
        assert isinstance(inside, dict)
        return {"example": {name: each for name, each in inside.items() if prefix + name not in in_path}}


def _is_id(field: FieldDescriptorProto) -> bool:
    return field.name.endswith("_id") and field.type == FieldDescriptorProto.TYPE_INT64
