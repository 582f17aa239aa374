"""JSON that says what the contract does not know: refused on every path, by the name of the field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from sanset.v1.errors_pb2 import FieldReason
from support.every import every
from support.real_stack import Person, Stack

from server.contract import SERVICES
from server.text.languages import first_available, preferred

FREE = "google.protobuf.Struct"
RAW = "google.api.HttpBody"
AT_ONCE = 15
"""Fewer than the violations that one refusal names."""
MAX_INT64 = 2**63 - 1


@dataclass(frozen=True)
class Binding:
    """A path that takes a body."""

    method: MethodDescriptor
    verb: str
    path: str
    body: str

    @property
    def url(self) -> str:
        """The path with every variable filled in."""
        return re.sub(
            r"\{([^}]+)\}", lambda found: _value(self.method.input_type, found[1]), self.path
        ).removeprefix("/api/v1/")

    @property
    def message(self) -> Descriptor:
        """What the body holds."""
        request = self.method.input_type
        return request if self.body == "*" else request.fields_by_name[self.body].message_type

    @property
    def prefix(self) -> str:
        """What a field's path begins with."""
        return "" if self.body == "*" else f"{self.body}."

    @property
    def in_path(self) -> set[str]:
        """The fields that the path fills."""
        return set(re.findall(r"\{([^}]+)\}", self.path))


def _value(message: Descriptor, path: str) -> str:
    *owners, name = path.split(".")
    for owner in owners:
        message = message.fields_by_name[owner].message_type
    return "a-slug" if message.fields_by_name[name].type == FieldDescriptor.TYPE_STRING else "7"


def _bindings() -> Iterator[Binding]:
    for service in SERVICES:
        for method in service.methods:
            http = method.GetOptions().Extensions[annotations_pb2.http]
            for rule in (http, *http.additional_bindings):
                verb = rule.WhichOneof("pattern")
                yield Binding(method, verb.upper(), getattr(rule, verb), rule.body)


ALL = list(_bindings())
WITH_BODY = [binding for binding in ALL if binding.body and binding.message.full_name != RAW]
WITHOUT_BODY = [binding for binding in ALL if not binding.body]


def _by_name(bindings: list[Binding]) -> dict[str, Binding]:
    return {f"{binding.verb} {binding.path}": binding for binding in bindings}


def _call(stack: Stack, binding: Binding, body: Any) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return stack.admin.http.request(binding.verb, binding.url, content=content)


def _refused(reply: httpx.Response) -> dict[str, str]:
    """The fields that a refusal names, each with what is wrong."""
    assert reply.status_code == 400, reply.text
    info, request, bad = (
        next(detail for detail in reply.json()["details"] if detail["@type"].endswith(kind))
        for kind in ("ErrorInfo", "RequestInfo", "BadRequest")
    )
    assert (reply.json()["code"], reply.json()["status"]) == (3, "INVALID_ARGUMENT")
    assert (info["reason"], info["domain"]) == ("INVALID_FIELD", "sanset")
    assert request["request_id"] == reply.headers["x-request-id"]
    assert all(
        violation["reason"] in FieldReason.DESCRIPTOR.values_by_name for violation in bad["field_violations"]
    )
    return {violation["field"]: violation["description"] for violation in bad["field_violations"]}


# ── Every path ──────────────────────────────────────────────────────────────────────────────────────────


@every("binding", _by_name(WITH_BODY))
def test_a_misspelt_field_is_refused_by_name(stack: Stack, binding: Binding) -> None:
    for fields in _chunks(binding.message.fields):
        body = {f"{field.name}zz": 1 for field in fields}
        refused = _refused(_call(stack, binding, body))
        assert set(refused) == {f"{binding.prefix}{misspelt}" for misspelt in body}
        assert all(text.startswith("there is no such field") for text in refused.values())
    one_too_many = _refused(_call(stack, binding, {"nobody_knows_this": {"a": [{}]}}))
    assert list(one_too_many) == [f"{binding.prefix}nobody_knows_this"]


@every("binding", _by_name(WITH_BODY))
def test_a_misspelt_field_of_a_message_within_is_refused_by_its_whole_path(
    stack: Stack, binding: Binding
) -> None:
    nested = dict(_nested(binding.message, binding.prefix, 0))
    for body, path in ((body, path) for path, body in nested.items()):
        assert path in _refused(_call(stack, binding, body))


@every("binding", _by_name(WITH_BODY))
def test_a_value_of_another_type_is_refused_by_the_name_of_its_field(stack: Stack, binding: Binding) -> None:
    for chosen in _chunks(_without_rivals(binding.message.fields)):
        refused = _refused(_call(stack, binding, {field.name: _unlike(field) for field in chosen}))
        assert set(refused) == {f"{binding.prefix}{field.name}" for field in chosen}
        assert all(text.startswith("must be ") for text in refused.values())


@every("binding", _by_name(WITH_BODY))
def test_what_the_contract_knows_passes_under_both_names(stack: Stack, binding: Binding) -> None:
    """Each field has a value of its type; one more that does not exist keeps the call from doing anything."""
    fixed = {name.removeprefix(binding.prefix) for name in binding.in_path}
    fields = [field for field in binding.message.fields if field.name not in fixed]
    for name in ("name", "json_name"):
        body = {getattr(field, name): _like(field) for field in _without_rivals(fields)}
        assert list(_refused(_call(stack, binding, {**body, "nobody_knows_this": 1}))) == [
            f"{binding.prefix}nobody_knows_this"
        ]


@every("binding", _by_name(WITHOUT_BODY))
def test_a_path_without_a_body_refuses_the_fields_of_one(stack: Stack, binding: Binding) -> None:
    """As DELETE /cart/items/7 {"quantity": 1}, which would remove them all."""
    assert list(_refused(_call(stack, binding, {"quantity": 1}))) == ["quantity"]


@every("binding", _by_name(ALL))
def test_a_parameter_that_no_method_has_is_refused_by_name(stack: Stack, binding: Binding) -> None:
    reply = stack.admin.http.request(binding.verb, f"{binding.url}?nobody_knows_this=1")
    if binding.body and binding.message.full_name == RAW:
        assert reply.status_code == 400
        return
    assert list(_refused(reply)) == ["nobody_knows_this"]


# ── Kinds of mistakes ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def buyer(stack: Stack) -> Person:
    """A customer."""
    return stack.customer()


@pytest.mark.parametrize(
    ("content", "field", "text"),
    [
        ('{"quantitiy": 5}', "quantitiy", 'did you mean "quantity"?'),
        ('{"product_id": 1, "\\u0071uantitiy": 1}', "quantitiy", 'did you mean "quantity"?'),
        ('{"product_id": 1, "\\ud83d\\ude00": 1}', "\U0001f600", "there is no such field"),
        ('{"product_id": 1, "a\\uDE00": 1}', "a\ufffd", "there is no such field"),
        ('{"product_id": 1, "": 1}', "request", "there is no such field"),
        ('{"quantity": 1, "qty": 1}', "qty", "is given twice"),
        ('{"quantity": 1, "\\u0071ty": 1}', "qty", "is given twice"),
        ('{"product_id": "1", "product_id": "2"}', "product_id", "is given twice"),
        ('{"product_id": 1.5}', "product_id", "must be a whole number"),
        ('{"product_id": "1.0"}', "product_id", "must be a whole number"),
        ('{"product_id": " 1"}', "product_id", "must be a whole number"),
        ('{"product_id": 9223372036854775808}', "product_id", "must be a whole number"),
        ('{"product_id": true}', "product_id", "must be a whole number"),
        ('{"quantity": 2147483648}', "quantity", "must be a whole number from -2147483648 to 2147483647"),
        ('{"quantity": [1]}', "quantity", "must be a whole number"),
        ('{"quantity": {"a": {"quantity": []}}}', "quantity", "must be a whole number"),
        ('{"attribution_token": 7}', "attribution_token", "must be text"),
    ],
)
def test_a_mistake_is_said_with_its_field(buyer: Person, content: str, field: str, text: str) -> None:
    refused = _refused(buyer.http.post("cart/add", content=content))
    assert text in refused[field]


@pytest.mark.parametrize(
    ("languages", "is_german"),
    [
        ("de", True),
        ("fr, DE-at;q=0.5", True),
        ("en;q=0.3 , de ; q=0.9", True),
        ("de;q=x, en", False),
        ("en, de", False),
        ("de;q=0", False),
        ("-, ;q=1,,", False),
    ],
)
def test_a_refusal_at_the_door_is_in_the_callers_language(
    buyer: Person, languages: str, is_german: bool
) -> None:
    assert (first_available(preferred(languages)) == "de") == is_german
    headers = {"accept-language": languages}
    reply = buyer.http.post("cart/add", content='{"quantitiy": 1, "product_id": []}', headers=headers)
    details = {detail["@type"].rpartition(".")[2]: detail for detail in reply.json()["details"]}
    range_of_ids = "-9223372036854775808 {} 9223372036854775807"
    english = [
        'there is no such field; did you mean "quantity"?',
        f"must be a whole number from {range_of_ids.format('to')}",
    ]
    german = [
        "gibt es nicht; meinten Sie „quantity“?",
        f"muss eine ganze Zahl von {range_of_ids.format('bis')} sein",
    ]
    violations = details["BadRequest"]["field_violations"]
    assert [violation["description"] for violation in violations] == english
    assert reply.json()["message"] == f"quantitiy: {english[0]}; product_id: {english[1]}"
    if not is_german:
        assert "LocalizedMessage" not in details
        assert not any("localized_message" in violation for violation in violations)
        return
    assert [one["localized_message"] for one in violations] == [
        {"locale": "de", "message": text} for text in german
    ]
    localized = details["LocalizedMessage"]
    assert (localized["locale"], localized["message"]) == (
        "de",
        f"quantitiy: {german[0]}; product_id: {german[1]}",
    )


@pytest.mark.parametrize(
    ("verb", "path", "content", "text"),
    [
        ("POST", "cart/add", "{", "Die Anfrage kann nicht gelesen werden: sie endet zu früh."),
        (
            "POST",
            "cart/add",
            "{} x",
            "Die Anfrage kann nicht gelesen werden: hinter dem Objekt steht noch etwas.",
        ),
        ("PATCH", "cart/add", "", "PATCH ist hier nicht möglich, wohl aber: POST."),
    ],
)
def test_what_is_refused_as_a_whole_is_in_the_callers_language(
    buyer: Person, verb: str, path: str, content: str, text: str
) -> None:
    headers = {"accept-language": "de"}
    reply = buyer.http.request(verb, path, content=content, headers=headers).json()
    assert {
        "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
        "locale": "de",
        "message": text,
    } in reply["details"]
    assert reply["message"].isascii()


def test_each_mistake_of_a_body_is_named_at_once(stack: Stack) -> None:
    body = {
        "name": 5,
        "price": {"currency_code": "USD", "untis": 10},
        "tags": ["a", 7, None],
        "sku": ["x"],
        "stock": "many",
    }
    refused = _refused(stack.admin.http.post("products", json=body))
    assert refused == {
        "product.name": "must be text",
        "product.price.untis": 'there is no such field; did you mean "units"?',
        "product.tags[1]": "must be text",
        "product.tags[2]": "must not be null",
        "product.sku": "must be text",
        "product.stock": "must be a whole number from -2147483648 to 2147483647",
    }


def test_no_more_mistakes_are_named_than_anyone_reads(buyer: Person) -> None:
    assert len(_refused(buyer.http.post("cart/add", json={f"field_{n}": n for n in range(500)}))) == 20
    assert len(_refused(buyer.http.get("products?" + "&".join(f"field_{n}=1" for n in range(500))))) == 20


def test_a_list_longer_than_the_contract_allows_is_refused_before_it_is_read_on(buyer: Person) -> None:
    refused = _refused(buyer.http.post("user-behavior/track", json={"events": [{}] * 200}))
    assert refused == {"events": "must have at most 100 entries"}


def test_what_is_free_takes_anything_but_the_same_name_twice(buyer: Person) -> None:
    free = {"theme": None, "nested": {"any": [1, "two", {"three": [True, None, 4.5e3]}]}, "qty": "x"}
    assert buyer.http.patch("users/me", json={"preferences": free}).json()["preferences"] == free
    doubled = '{"preferences": {"a": {"b": 1, "b": 2}}}'
    assert _refused(buyer.http.patch("users/me", content=doubled)) == {
        "user.preferences.a.b": "is given twice"
    }


def test_a_field_that_the_path_fills_may_only_be_repeated(buyer: Person) -> None:
    assert _refused(buyer.http.put("cart/items/7", json={"qty": 1, "item_id": "8"})) == {
        "item_id": "is 7 in the path"
    }
    assert _refused(buyer.http.put("users/addresses/7", json={"id": 8})) == {"address.id": "is 7 in the path"}
    assert buyer.http.patch("users/addresses/7", json={"id": "7", "city": "Springfield"}).status_code == 404
    assert _refused(buyer.http.get("orders/7?order_id=8")) == {"order_id": "is in the path already"}


@pytest.mark.parametrize(
    ("query", "field", "text"),
    [
        ("pagesize=3", "pagesize", 'did you mean "page_size"?'),
        ("page_size=many", "page_size", "must be a whole number"),
        ("page_size=1&page_size=2", "page_size", "is given twice"),
        ("in_stock=perhaps", "in_stock", "must be true or false"),
        ("sort=SIDEWAYS", "sort", "must be one of "),
        ("%6eobody=1", "nobody", "there is no such field"),
        ("page_size.x=1", "page_size.x", "there is no such field"),
    ],
)
def test_a_parameter_of_the_query_is_refused_by_name(
    buyer: Person, query: str, field: str, text: str
) -> None:
    assert text in _refused(buyer.http.get(f"products?{query}"))[field]


def test_what_was_answered_before_is_refused_with_a_body_or_another_query(buyer: Person) -> None:
    for target, content, status in (
        ("products?page_size=3", b"", 200),
        ("products?page_size=3", b"", 200),
        ("products?page_size=3", b'{"quantity": 1}', 400),
        ("products?page_size=3&page_size=3", b"", 400),
        ("products?page_size=3", b"", 200),
    ):
        assert buyer.http.request("GET", target, content=content).status_code == status


def test_a_word_where_the_path_holds_a_number_is_refused_by_the_name_of_the_field(buyer: Person) -> None:
    assert "product_id" in _refused(buyer.http.get("products/abc"))
    assert "order_id" in _refused(buyer.http.get("orders/12%20"))


@pytest.mark.parametrize(
    "content",
    [b"a=b&c=d", b"null", b"[]", b'{"email": "a"', b'{"email": "a"} {}', b'{"email": "a",}', b"{'email': 1}",
     b"{email: 1}", b'{"a": 01}', b'{"a": NaN}', b'{"a": +1}', b'{"a": .5}', b'{"a": 1.}', b'{"a": tru}',
     b'{"a" 1}', b'{"a": "b\\"}', b'{"a": /* no */ 1}', b"\x1f\x8b\x08\x00", b'{"a": [1 2]}', b'{"a": [1,]}',
     b'{"a": ' + b"[" * 100_000, b'{"a":' * 10_000, b'{"a": [' + b"1," * 100_000 + b"1]}",
     b'{"a": "' + b'\\"' * 100_000 + b'"}'],
)  # fmt: skip
def test_what_is_no_json_object_is_refused_in_a_sentence(stack: Stack, content: bytes) -> None:
    reply = stack.client().post("auth/login", content=content)
    assert reply.status_code == 400
    assert reply.json()["details"][0]["reason"] == "MALFORMED_REQUEST", reply.text
    assert re.fullmatch(r"The request cannot be read: [^\n]+\.", reply.json()["message"])


def test_a_byte_order_mark_and_blanks_around_the_body_mean_nothing(buyer: Person) -> None:
    email = buyer.me["email"]
    body = f'\ufeff \r\n\t{{"email": "{email}", "password": "correct-horse-1"}} \n'.encode()
    assert buyer.http.post("auth/login", content=body).status_code == 200


# ── Made from the contract ──────────────────────────────────────────────────────────────────────────────


def _chunks(fields: Sequence[FieldDescriptor]) -> Iterator[Sequence[FieldDescriptor]]:
    for start in range(0, len(fields), AT_ONCE):
        yield fields[start : start + AT_ONCE]


def _is_free(field: FieldDescriptor) -> bool:
    message = field.message_type
    return message is not None and message.full_name == FREE


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _is_ours(field: FieldDescriptor) -> bool:
    message = field.message_type
    return message is not None and not message.full_name.startswith("google.protobuf.") and not _is_map(field)


def _nested(message: Descriptor, prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Bodies with one misspelt field in a message within, by the path of that field."""
    for field in message.fields:
        if not _is_ours(field) or depth == 3:
            continue
        path = f"{prefix}{field.name}" + ("[0]" if field.is_repeated else "")
        misspelt = f"{field.message_type.fields[0].name}zz"
        inner = [(f"{path}.{misspelt}", {misspelt: 1}), *_nested(field.message_type, f"{path}.", depth + 1)]
        for where, body in inner:
            yield where, {field.name: [body] if field.is_repeated else body}


def _unlike(field: FieldDescriptor) -> Any:
    """A value that the field cannot have."""
    return "text" if _is_free(field) or _is_map(field) or field.is_repeated else [{"a": 1}]


def _like(field: FieldDescriptor, depth: int = 0) -> Any:
    """A value that the field can have."""
    if _is_map(field):
        return {"key": _single(field.message_type.fields_by_name["value"], depth)}
    single = _single(field, depth)
    return [single] if field.is_repeated else single


def _single(field: FieldDescriptor, depth: int) -> Any:
    message = field.message_type
    if message is not None:
        known = {
            "google.protobuf.Timestamp": "2026-02-28T23:59:59.123456789+02:00",
            "google.protobuf.Duration": "3.5s",
            "google.protobuf.FieldMask": "name,price",
            FREE: {"anything": [None, {"goes": 1}]},
        }
        if message.full_name in known:
            return known[message.full_name]
        return (
            {part.name: _like(part, depth + 1) for part in _without_rivals(message.fields)}
            if depth < 3
            else {}
        )
    if field.enum_type is not None:
        return field.enum_type.values[-1].name.lower()
    if field.type == FieldDescriptor.TYPE_BOOL:
        return True
    if field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES):
        return "YWJj"
    return str(MAX_INT64) if field.type == FieldDescriptor.TYPE_INT64 else 7


def _without_rivals(fields: Any) -> list[FieldDescriptor]:
    """The fields, but one of each oneof."""
    chosen: dict[str, FieldDescriptor] = {}
    for field in fields:
        choice = field.containing_oneof
        chosen.setdefault(choice.name if choice is not None else f".{field.name}", field)
    return list(chosen.values())
