"""Writes the operations of the document as a Postman collection: every call filled in, in folders by tag."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from openapi.contract import Json

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_TAKE_TOKEN = (
    "const reply = pm.response.json();",
    "pm.collectionVariables.set('access_token', reply.access_token);",
)
"""After Login: the calls that follow are signed in."""


def postman_collection(openapi: str) -> str:
    """Return the collection as JSON."""
    document = json.loads(openapi)
    folders: dict[str, list[Json]] = {tag["name"]: [] for tag in document["tags"]}
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            folders[operation["tags"][0]].append(_item(path, verb, operation))
    collection: Json = {
        "info": {
            "name": document["info"]["title"],
            "description": document["info"]["description"],
            "schema": _SCHEMA,
        },
        "auth": {
            "type": "bearer",
            "bearer": [{"key": "token", "value": "{{access_token}}", "type": "string"}],
        },
        "variable": [{"key": "shop", "value": "http://localhost:8000"}, {"key": "access_token", "value": ""}],
        "item": [{"name": name, "item": items} for name, items in folders.items()],
    }
    return json.dumps(collection, indent=1, ensure_ascii=False) + "\n"


def _item(path: str, verb: str, operation: Json) -> Json:
    request: Json = {
        "method": verb.upper(),
        "description": operation["description"],
        "url": _url(path, list(_parameters(operation, "query")), list(_parameters(operation, "path"))),
    }
    body = _body(operation)
    if _is_upload(operation):
        request["body"] = {"mode": "file", "file": {}}
    elif body is not None:
        request["header"] = [{"key": "content-type", "value": "application/json"}]
        request["body"] = {"mode": "raw", "raw": body, "options": {"raw": {"language": "json"}}}
    if not operation["security"]:
        request["auth"] = {"type": "noauth"}
    item: Json = {"name": operation["operationId"], "request": request}
    if operation["operationId"] == "Login":
        item["event"] = [{"listen": "test", "script": {"type": "text/javascript", "exec": list(_TAKE_TOKEN)}}]
    return item


def _url(path: str, query: list[Json], variables: list[Json]) -> Json:
    named = re.sub(r"\{(\w+)\}", r":\1", path)
    sent = "&".join(f"{each['key']}={each['value']}" for each in query if not each["disabled"])
    url: Json = {
        "raw": f"{{{{shop}}}}{named}" + (f"?{sent}" if sent else ""),
        "host": ["{{shop}}"],
        "path": named.strip("/").split("/"),
    }
    if query:
        url["query"] = query
    if variables:
        url["variable"] = [{key: each[key] for key in ("key", "value", "description")} for each in variables]
    return url


def _parameters(operation: Json, where: str) -> Iterator[Json]:
    """The parameters of a place; without an example they are there to be switched on."""
    parameters = operation["parameters"]
    assert isinstance(parameters, list)
    for each in parameters:
        if each["in"] == where:
            example = each.get("example", "")
            one = example[0] if isinstance(example, list) else example
            yield {
                "key": each["name"],
                "value": str(one),
                "description": each.get("description", ""),
                "disabled": "example" not in each,
            }


def _is_upload(operation: Json) -> bool:
    """Whether the body is a file."""
    body = operation.get("requestBody")
    return isinstance(body, dict) and "application/json" not in body["content"]


def _body(operation: Json) -> str | None:
    body = operation.get("requestBody")
    if body is None or _is_upload(operation):
        return None
    assert isinstance(body, dict)
    return json.dumps(body["content"]["application/json"].get("example", {}), indent=2, ensure_ascii=False)
