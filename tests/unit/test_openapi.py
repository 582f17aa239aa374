"""The OpenAPI document: valid, complete, and as strict as the protos."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from openapi_spec_validator import OpenAPIV31SpecValidator
from sanset.v1 import access_pb2, errors_pb2
from sanset.v1.access_pb2 import AccessRule
from support.every import every

from server.contract import METHODS, Binding, bindings_of, is_cacheable, is_immutable, is_public

DOCUMENT: Any = json.loads((Path(__file__).parents[2] / "generated/sanset/openapi.json").read_text("utf-8"))
SCHEMAS = DOCUMENT["components"]["schemas"]


def _path(binding: Binding) -> str:
    """The path of a binding as the document names its variables: `product.id` is a `product_id`."""
    own = re.sub(r"\{(\w+)\.id\}", r"{\1_id}", binding.path)
    return re.sub(r"\{\w+\.(\w+)\}", r"{\1}", own)


def test_no_two_paths_differ_in_the_names_of_variables_only() -> None:
    paths = [re.sub(r"\{[^}]+\}", "{}", path) for path in DOCUMENT["paths"]]
    assert len(set(paths)) == len(paths)


def test_it_is_valid() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_every_binding_is_an_operation_and_no_operation_is_more() -> None:
    bindings = {(_path(each), each.verb.lower()) for method in METHODS for each in bindings_of(method)}
    assert {(path, verb) for path, verbs in DOCUMENT["paths"].items() for verb in verbs} == bindings


@every("method", {method.name: method for method in METHODS})
def test_an_operation_is_described_and_guarded_as_its_method(method: MethodDescriptor) -> None:
    for binding in bindings_of(method):
        operation = DOCUMENT["paths"][_path(binding)][binding.verb.lower()]
        assert operation["summary"]
        assert operation["description"]
        assert ("requestBody" in operation) == bool(binding.body)
        assert (operation["security"] == []) == is_public(method)
        assert ({} in operation["security"]) == (
            method.GetOptions().Extensions[access_pb2.access].level == AccessRule.OPTIONAL
        )
        in_path = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        assert in_path == {part.strip("{}") for part in _path(binding).split("/") if part.startswith("{")}
        if binding.body == "*":
            assert all(each["in"] in ("path", "header") for each in operation["parameters"])
        takes_key = any(each["name"] == "idempotency-key" for each in operation["parameters"])
        assert takes_key == ("request_id" in method.input_type.fields_by_name)


def test_every_reason_is_named_with_what_it_means() -> None:
    reasons = SCHEMAS["ErrorReason"]
    assert reasons["enum"] == errors_pb2.ErrorReason.keys()
    assert all(f"- `{reason}`: " in reasons["description"] for reason in reasons["enum"])
    assert SCHEMAS["google.rpc.ErrorInfo"]["properties"]["reason"]["$ref"].endswith("/ErrorReason")


def test_limits_are_those_of_the_protos() -> None:
    register = SCHEMAS["RegisterRequest"]
    assert register["required"] == ["email", "full_name", "password"]
    assert register["additionalProperties"] is False
    password, email = register["properties"]["password"], register["properties"]["email"]
    assert (password["minLength"], password["maxLength"], email["format"]) == (8, 128, "email")
    tags = SCHEMAS["Product"]["properties"]["tags"]
    assert (tags["maxItems"], tags["uniqueItems"], tags["items"]["maxLength"]) == (32, True, 50)
    assert SCHEMAS["Product"]["properties"]["id"]["readOnly"]
    quantity = SCHEMAS["AddItemRequest"]["properties"]["quantity"]
    assert (quantity["minimum"], quantity["maximum"]) == (1, 1_000_000)
    parameters = DOCUMENT["paths"]["/api/v1/products/batch"]["get"]["parameters"]
    [ids] = [each["schema"] for each in parameters if each["name"] == "product_ids"]
    assert (ids["minItems"], ids["maxItems"], ids["items"]["pattern"]) == (1, 100, "^[1-9][0-9]{0,18}$")


def test_what_must_be_sent_is_required_to_create_and_not_to_change() -> None:
    def body(path: str, verb: str) -> Any:
        return DOCUMENT["paths"][path][verb]["requestBody"]["content"]["application/json"]["schema"]

    product = {"$ref": "#/components/schemas/Product"}
    assert body("/api/v1/products", "post") == {"allOf": [product, {"required": ["name", "price"]}]}
    assert body("/api/v1/products/{product_id}", "put") == body("/api/v1/products", "post")
    assert body("/api/v1/admin/coupons/{coupon_id}", "put") == {"$ref": "#/components/schemas/Coupon"}
    assert body("/api/v1/products/{product_id}", "patch") == {"$ref": "#/components/schemas/ProductPatch"}
    for verb, path in (
        ("put", "products/{product_id}"),
        ("delete", "products/{product_id}"),
        ("put", "cart/items/{item_id}"),
    ):
        parameters = DOCUMENT["paths"][f"/api/v1/{path}"][verb]["parameters"]
        assert "if-match" in {each["name"] for each in parameters}
        assert "update_mask" not in {each["name"] for each in parameters}
    patch = SCHEMAS["ProductPatch"]
    assert "required" not in patch
    assert {"name", "price", "tags", "etag"} <= patch["properties"].keys()
    assert {"id", "stock", "rating"}.isdisjoint(patch["properties"])
    assert all({"type": "null"} in each["anyOf"] for each in patch["properties"].values())
    assert "order_id" not in body("/api/v1/orders/{order_id}/status", "put")["properties"]


def test_streams_and_files_say_what_they_are() -> None:
    def media_types(path: str) -> set[str]:
        return set(DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"])

    assert media_types("/api/v1/orders/{order_id}/track") == {"application/x-ndjson", "text/event-stream"}
    assert "text/csv" in media_types("/api/v1/admin/export/orders")


def test_what_caches_may_keep_has_an_etag_and_can_be_asked_for_again() -> None:
    for method in METHODS:
        for binding in bindings_of(method):
            operation = DOCUMENT["paths"][_path(binding)][binding.verb.lower()]
            can_be_kept = is_cacheable(method) or is_immutable(method)
            assert ("304" in operation["responses"]) == can_be_kept
            assert ("etag" in operation["responses"]["200"]["headers"]) == can_be_kept


def test_refusals_say_in_headers_what_http_has_headers_for() -> None:
    responses = DOCUMENT["components"]["responses"]
    assert "www-authenticate" in responses["Unauthenticated"]["headers"]
    assert "allow" in responses["MethodNotAllowed"]["headers"]
    assert {name for name, each in responses.items() if "retry-after" in each["headers"]} == {
        "TooManyCalls",
        "Unavailable",
    }
