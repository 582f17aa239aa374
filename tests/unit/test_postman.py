"""The Postman collection: every operation of the document, ready to be sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

GENERATED = Path(__file__).parents[2] / "generated"
DOCUMENT: Any = json.loads((GENERATED / "sanset/openapi.json").read_text("utf-8"))
COLLECTION: Any = json.loads((GENERATED / "postman.json").read_text("utf-8"))


def _items() -> Iterator[Any]:
    for folder in COLLECTION["item"]:
        yield from folder["item"]


def test_every_operation_is_a_call_in_the_folder_of_its_service() -> None:
    operations = {
        (operation["operationId"], verb.upper(), path)
        for path, verbs in DOCUMENT["paths"].items()
        for verb, operation in verbs.items()
    }
    calls = [
        (item["name"], item["request"]["method"], _template(item["request"]["url"])) for item in _items()
    ]
    assert len(calls) == len(set(calls))
    assert set(calls) == operations
    assert [folder["name"] for folder in COLLECTION["item"]] == [tag["name"] for tag in DOCUMENT["tags"]]


def _template(url: Any) -> str:
    return "/" + "/".join(re.sub(r"^:(\w+)$", r"{\1}", part) for part in url["path"])


def test_calls_are_filled_in() -> None:
    for item in _items():
        request = item["request"]
        for variable in request["url"].get("variable", []):
            assert variable["value"], item["name"]
        if "body" in request and request["body"]["mode"] == "raw":
            json.loads(request["body"]["raw"])
        assert all(each["value"] or each["disabled"] for each in request["url"].get("query", []))


def test_a_sign_in_signs_the_calls_that_follow_in() -> None:
    [login] = [item for item in _items() if item["name"] == "Login"]
    assert "access_token" in "".join(login["event"][0]["script"]["exec"])
    assert login["request"]["auth"] == {"type": "noauth"}
    assert COLLECTION["auth"]["bearer"][0]["value"] == "{{access_token}}"
    assert {each["key"] for each in COLLECTION["variable"]} == {"shop", "access_token"}
