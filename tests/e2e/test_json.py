"""JSON through the real gateway and real workers: what is read, what is printed, and how calls are refused."""

from __future__ import annotations

import json
import re
import socket
import struct
import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from sanset.v1 import user_pb2
from support import plain_http
from support.real_stack import ORIGIN, PASSWORD, Person, Stack, until

from server.contract import SERVICES


@pytest.fixture(scope="module")
def buyer(stack: Stack) -> Person:
    """A customer with an address."""
    return stack.customer()


@pytest.fixture(scope="module")
def mug(stack: Stack) -> Any:
    """A product."""
    return stack.product()


def _reason(reply: httpx.Response) -> tuple[int, str]:
    """The status and reason of a refusal, which always has the same form."""
    body = reply.json()
    assert body.keys() == {"code", "status", "message", "details"}, body
    assert grpc.StatusCode[body["status"]].value[0] == body["code"]
    assert body["message"]
    info = next(d for d in body["details"] if d["@type"] == "type.googleapis.com/google.rpc.ErrorInfo")
    assert info["domain"] == "sanset"
    for detail in body["details"]:
        if detail["@type"] == "type.googleapis.com/google.rpc.RequestInfo":
            assert detail == {"@type": detail["@type"], "request_id": reply.headers["x-request-id"]}
    assert "type.googleapis" not in body["message"]
    assert reply.headers["content-type"] == "application/json"
    return reply.status_code, info["reason"]


# ── Reading and printing ────────────────────────────────────────────────────────────────────────────────


def test_ids_are_text_zeros_are_printed_and_names_are_those_of_the_proto(stack: Stack, mug: Any) -> None:
    product = stack.client().get(f"products/{mug['id']}").json()
    assert product["id"].isdigit()
    assert (product["category_id"], product["vendor_id"], product["reviews_count"]) == ("0", "0", 0)
    assert (product["rating"], product["tags"], product["description"]) == (0, [], "")
    assert product["stock_status"] == "IN_STOCK"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", product["create_time"])


def test_names_are_trimmed_and_of_one_line(stack: Stack) -> None:
    price = {"currency_code": "USD", "units": 3}
    made = stack.admin.http.post("products", json={"name": "\u00a0Mug 👨‍👩‍👧 ", "price": price}).json()
    assert made["name"] == "Mug 👨‍👩‍👧"
    for name, sentence in (
        ("Mug\r\nTotal: 0.00 USD", "name: must be a single line"),
        ("Mug\u202egpj", "name: must not contain U+202E"),
    ):
        reply = stack.admin.http.post("products", json={"name": name, "price": price})
        assert _reason(reply) == (400, "INVALID_FIELD")
        assert sentence in reply.json()["message"]


@pytest.mark.parametrize("body", [{"qty": 2}, {"quantity": 2}, {"qty": "2"}, {"quantity": 2.0}])
def test_a_quantity_has_two_names(buyer: Person, mug: Any, body: dict[str, Any]) -> None:
    buyer.http.delete("cart/clear")
    for product_id in (mug["id"], int(mug["id"])):
        reply = buyer.http.post("cart/items", json={"product_id": product_id, **body})
        assert reply.status_code == 200, reply.text
    (item,) = reply.json()["items"]
    assert item.get("quantity", item.get("qty")) == 4
    assert (item["product_id"], item["line_total"]["units"]) == (mug["id"], "40")


@pytest.mark.parametrize("name", ["CARD", "card", "Card", "gift_card", 1])
def test_enum_values_are_read_in_any_case(stack: Stack, buyer: Person, name: str | int) -> None:
    buyer.http.post("cart/add", json={"product_id": stack.product()["id"]})
    balance = {"currency_code": "USD", "units": 500}
    card = stack.admin.http.post("admin/gift-cards", json={"balance": balance}).json()
    body = {"payment_method": name, "payment_token": card["code"], "request_id": str(uuid.uuid4())}
    reply = buyer.http.post("orders", json=body)
    assert reply.status_code == 200, reply.text
    assert reply.json()["order"]["payment"]["method"] == ("GIFT_CARD" if name == "gift_card" else "CARD")


def test_query_parameters_are_fields(stack: Stack, mug: Any) -> None:
    http = stack.client()
    found = http.get("products", params={"sort": "price_desc", "page_size": 1, "in_stock": "true"})
    assert len(found.json()["items"]) == 1
    both = http.get(f"products/batch?product_ids={mug['id']}&product_ids=999999").json()
    assert ([item["id"] for item in both["items"]], both["missing_ids"]) == ([mug["id"]], ["999999"])
    changed = http.get(f"products?product_ids={mug['id']}&updated_since={mug['update_time']}&sort=updated")
    assert [item["id"] for item in changed.json()["items"]] == [mug["id"]]
    assert _fields(http.get("products?tags=red,blue")) == ["tags[0]"]
    both = http.get(f"products/{mug['id']}?slug=mug")
    assert (_reason(both), _fields(both)) == ((400, "INVALID_FIELD"), ["slug"])
    assert _fields(http.get(f"products/slug/mug?productId={mug['id']}")) == ["productId"]
    assert _fields(http.get("products?updated_since=yesterday")) == ["updated_since"]


def _fields(reply: httpx.Response) -> list[str]:
    """The fields that a refusal names."""
    (bad,) = [detail for detail in reply.json()["details"] if detail["@type"].endswith("BadRequest")]
    return [violation["field"] for violation in bad["field_violations"]]


# ── Paths ───────────────────────────────────────────────────────────────────────────────────────────────


def _bindings(method: MethodDescriptor) -> Iterator[tuple[str, str]]:
    http = method.GetOptions().Extensions[annotations_pb2.http]
    for rule in (http, *http.additional_bindings):
        verb = rule.WhichOneof("pattern")
        yield verb.upper(), getattr(rule, verb)


BINDINGS = [(m, *binding) for service in SERVICES for m in service.methods for binding in _bindings(m)]


@pytest.mark.parametrize(("method", "verb", "path"), BINDINGS, ids=[f"{v} {p}" for _, v, p in BINDINGS])
def test_every_binding_reaches_a_worker(stack: Stack, method: MethodDescriptor, verb: str, path: str) -> None:
    url = re.sub(r"\{([^}]+)\}", lambda found: _sample(method, found[1]), path)
    with_body = {"json": {}} if verb in ("POST", "PUT", "PATCH") else {}
    reply = plain_http.request(verb, stack.origin + url, timeout=30, **with_body)
    if reply.status_code != 200:
        assert _reason(reply)[1] not in ("METHOD_UNKNOWN", "MALFORMED_REQUEST"), reply.text
    assert "x-request-id" in reply.headers


def _sample(method: MethodDescriptor, variable: str) -> str:
    message, field = method.input_type, None
    for name in variable.split("."):
        field = message.fields_by_name[name]
        message = field.message_type
    assert field is not None
    return "a-slug" if field.type == FieldDescriptor.TYPE_STRING else "999999"


def test_every_other_path_does_what_the_first_does(stack: Stack, mug: Any) -> None:
    stranger, admin = stack.client(), stack.admin.http
    email = f"user-{uuid.uuid4().hex}@shop.test"
    assert stranger.post(
        "auth/signup", json={"full_name": "Ann", "email": email, "password": PASSWORD}
    ).json()["email"] == email  # fmt: skip
    tokens = stranger.post("auth/signin", json={"email": email, "password": PASSWORD}).json()
    http = stack.client(authorization=f"Bearer {tokens['access_token']}")
    for path in ("users/me", "auth/me", "users/profile"):
        assert http.get(path).json()["email"] == email
        assert http.put(path, json={"full_name": f"Ann of {path}"}).json()["full_name"] == f"Ann of {path}"
    body = {"line1": "1 Main Street", "city": "Springfield", "country": "US"}
    for path in ("users/addresses", "users/me/addresses"):
        address = http.post(path, json=body).json()
        assert http.get(path).json()["items"]
        one = f"{path}/{address['id']}"
        assert http.put(one, json=body | {"city": "Shelbyville"}).json()["city"] == "Shelbyville"
        assert http.patch(one, json={"city": "Ogdenville"}).json()["city"] == "Ogdenville"
        assert http.delete(one).status_code == 200
    assert stranger.get(f"products/slug/{mug['slug']}").json()["id"] == mug["id"]
    for verb in ("PUT", "PATCH"):
        body = {"name": mug["name"], "price": mug["price"], "brand": f"by {verb}"}
        product = admin.request(verb, f"products/{mug['id']}", json=body)
        assert product.json()["brand"] == f"by {verb}"
    category = admin.post("categories", json={"name": f"Shelf {uuid.uuid4().hex}"}).json()
    by_slug = f"categories/slug/{category['slug']}"
    until(lambda: stranger.get(by_slug).json().get("id") == category["id"])  # on every worker soon
    for verb in ("PUT", "PATCH"):
        renamed = {"name": category["name"], "description": verb}
        changed = admin.request(verb, f"categories/{category['id']}", json=renamed)
        assert changed.json()["description"] == verb
    for add in ("cart/add", "cart/items"):
        for item_path in ("cart/items", "cart"):
            item = http.post(add, json={"product_id": mug["id"]}).json()["items"][0]["id"]
            changed = http.put(f"{item_path}/{item}", json={"qty": 3}).json()
            assert changed["item_count"] == 3
            assert http.delete(f"{item_path}/{item}").json()["items"] == []
    http.post("cart/add", json={"product_id": mug["id"]})
    assert http.post("cart/remove", json={"product_id": mug["id"]}).json()["items"] == []


def test_an_idempotency_key_makes_repeats_one_whatever_the_body_holds(stack: Stack, buyer: Person) -> None:
    admin, key = stack.admin.http, {"Idempotency-Key": f"row {uuid.uuid4()}"}
    product = {"name": "Kettle", "price": {"currency_code": "USD", "units": "19"}, "stock": 5}
    first, again = (admin.post("products", json=product, headers=key).json() for _ in range(2))
    assert first == again
    assert _reason(admin.post("products", json=product | {"name": "Mug"}, headers=key)) == (
        409,
        "IDEMPOTENCY_MISMATCH",
    )
    add, request_id = {"product_id": first["id"]}, str(uuid.uuid4())
    carts = [buyer.http.post("cart/add", json=add, headers={"Idempotency-Key": request_id}) for _ in range(2)]
    carts.append(buyer.http.post("cart/add", json=add | {"request_id": request_id}))
    assert len({cart.text for cart in carts}) == 1
    assert buyer.http.delete("cart/clear", headers=key).json()["items"] == []
    assert buyer.http.get("cart", headers=key).status_code == 200
    guest = httpx.post(f"{buyer.http.base_url}cart/add", json=add, headers=key)
    assert _fields(guest) == ["idempotency-key"], "before the first cart another could guess it"


def test_a_word_is_no_id(stack: Stack, buyer: Person, mug: Any) -> None:
    http, product = buyer.http, stack.product()
    for path, key in [
        ("orders/history", "items"),
        ("products/trending", "items"),
        ("products/search", "items"),
        ("search", "items"),
        ("products/recommendations", "items"),
        (f"products/batch?product_ids={mug['id']}", "items"),
        (f"products/similar/{mug['id']}", "items"),
        (f"products/{mug['id']}/bought-together", "items"),
        (f"products/inventory/{mug['id']}", "total_available"),
        (f"products/slug/{mug['slug']}", "sku"),
    ]:
        reply = http.get(path)
        assert reply.status_code == 200, (path, reply.text)
        assert key in reply.json()
    http.post("cart/add", json={"product_id": product["id"]})
    assert http.delete("cart/clear").json()["items"] == []
    assert _reason(http.get("products/slug/x")) == (404, "PRODUCT_NOT_FOUND")


# ── Caches ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_etag_of_a_product_is_the_same_on_every_worker_and_follows_its_changes(stack: Stack) -> None:
    http = stack.client()
    made = stack.product(
        attributes={name: name for name in ("color", "size", "weight", "origin", "material")}
    )
    path = f"products/{made['id']}"
    until(lambda: {http.get(path).status_code for _ in range(10)} == {200})
    for each in (path, f"products/slug/{made['slug']}", f"products/batch?product_ids={made['id']}"):
        tags = {http.get(each).headers["etag"] for _ in range(10)}
        assert len(tags) == 1
    [tag] = {http.get(path).headers["etag"] for _ in range(10)}
    assert http.get(path, headers={"if-none-match": tag}).status_code == 304
    stack.admin.http.patch(path, json={"brand": "Another"})
    until(lambda: {http.get(path, headers={"if-none-match": tag}).status_code for _ in range(10)} == {200})


def test_a_list_that_goes_on_has_an_etag_that_holds(stack: Stack) -> None:
    stack.product(), stack.product()
    params = {"page_size": 1, "sort": "NEWEST"}
    until(
        lambda: len({stack.client().get("products", params=params).headers["etag"] for _ in range(10)}) == 1
    )
    first = stack.client().get("products", params=params)
    assert first.json()["next_page_token"]
    assert first.headers["cache-control"] == "public, max-age=5"


# ── Refusals ────────────────────────────────────────────────────────────────────────────────────────────


def test_each_kind_of_refusal_has_its_http_status(stack: Stack, buyer: Person, mug: Any) -> None:
    stranger = stack.client()
    assert _reason(stranger.get("orders")) == (401, "TOKEN_MISSING")
    for path in ("orders", "cart"):
        assert _reason(stranger.get(path, headers={"authorization": "Bearer x"})) == (401, "TOKEN_INVALID")
    wrong = {"email": buyer.me["email"], "password": "wrong-horse-1"}
    assert _reason(stranger.post("auth/login", json=wrong)) == (401, "INVALID_CREDENTIALS")
    assert _reason(buyer.http.post("products", json={"name": "x"})) == (403, "PERMISSION_MISSING")
    assert _reason(buyer.http.get("orders/999999")) == (404, "ORDER_NOT_FOUND")
    assert _reason(stranger.get(f"products/{2**63 - 1}")) == (404, "PRODUCT_NOT_FOUND")
    taken = {"full_name": "Ann", "email": buyer.me["email"].upper(), "password": PASSWORD}
    assert _reason(stranger.post("auth/register", json=taken)) == (409, "EMAIL_TAKEN")
    stale = stack.admin.http.patch(f"products/{mug['id']}", json={"brand": "x", "etag": "stale"})
    assert _reason(stale) == (409, "STALE_ETAG")
    buyer.http.delete("cart/clear")
    empty = {"payment_method": "CARD", "request_id": str(uuid.uuid4())}
    assert _reason(buyer.http.post("orders/checkout", json=empty)) == (400, "CART_EMPTY")
    assert _reason(buyer.http.get("products?page_token=edited")) == (400, "INVALID_PAGE_TOKEN")


@pytest.mark.parametrize("body", [{}, {"restock": True}, {"all": False}, {"items": []}])
def test_a_refund_whose_body_says_nothing_of_its_scope_pays_nothing_back(
    stack: Stack, buyer: Person, mug: Any, body: dict[str, Any]
) -> None:
    buyer.http.post("cart/add", json={"product_id": mug["id"], "quantity": 3})
    checkout = {"payment_method": "CARD", "request_id": str(uuid.uuid4())}
    order = buyer.http.post("orders", json=checkout).json()["order"]
    path = f"orders/{order['id']}/refund"
    assert _reason(stack.admin.http.post(path, json=body)) == (400, "INVALID_FIELD")
    unit = {"variant_id": order["items"][0]["variant_id"], "quantity": 1}
    paid = stack.admin.http.post(path, json={"items": [unit]}).json()
    one = paid["items"][0]
    assert (one["variant_id"], one.get("quantity", one.get("qty"))) == (unit["variant_id"], 1)
    after = buyer.http.get(f"orders/{order['id']}").json()
    assert after["payment"]["refunded"] == paid["amount"]
    assert after["items"][0]["refunded_quantity"] == 1


def test_wrong_fields_are_named(stack: Stack) -> None:
    reply = stack.client().post("auth/register", json={"full_name": "", "email": "x", "password": "short"})
    assert _reason(reply) == (400, "INVALID_FIELD")
    (bad,) = [d for d in reply.json()["details"] if d["@type"].endswith("BadRequest")]
    assert {v["field"]: v["reason"] for v in bad["field_violations"]} == {
        "full_name": "FIELD_REQUIRED",
        "email": "FIELD_INVALID_FORMAT",
        "password": "FIELD_TOO_SHORT",
    }


def test_people_read_what_is_wrong_in_their_language(stack: Stack, buyer: Person) -> None:
    buyer.http.delete("cart/clear")
    body = {"payment_method": "CARD", "request_id": str(uuid.uuid4())}
    reply = buyer.http.post("orders/checkout", json=body, headers={"accept-language": "de-AT,en;q=0.5"})
    assert _reason(reply) == (400, "CART_EMPTY")
    (localized,) = (d for d in reply.json()["details"] if d["@type"].endswith("LocalizedMessage"))
    assert (localized["locale"], localized["message"][:14]) == ("de", "Ihr Warenkorb ")


def test_facts_are_typed_in_json_too(stack: Stack, buyer: Person, mug: Any) -> None:
    buyer.http.delete("cart/clear")
    reply = buyer.http.post("cart/add", json={"product_id": mug["id"], "qty": 1_000_000})
    assert _reason(reply) == (400, "QUANTITY_ABOVE_LIMIT")
    (failure,) = (d for d in reply.json()["details"] if d["@type"].endswith("sanset.v1.LineFailure"))
    line = failure["lines"][0]
    assert (line["reason"], line["product_id"], line["requested"]) == (
        "QUANTITY_ABOVE_LIMIT",
        mug["id"],
        1_000_000,
    )


@pytest.mark.parametrize(
    ("verb", "path", "content"),
    [
        ("POST", "auth/login", b"{"),
        ("POST", "auth/login", b""),
        ("POST", "auth/login", b"[]"),
        ("POST", "auth/login", b'"text"'),
        ("POST", "auth/login", b'{"email": {"a": 1}}'),
        ("POST", "auth/login", b'{"email": "a", "nobody": 1}'),
        ("POST", "auth/login", b'{"email": "\xff\xfe", "password": "x"}'),
        ("POST", "auth/login", b'{"email": "a\\u0000b", "password": "x"}'),
        ("POST", "auth/login", b'{"email": "\\ud800", "password": "x"}'),
        ("POST", "auth/login", b"[" * 100_000),
        ("POST", "auth/login", b'{"email":' * 10_000),
        ("PUT", "cart/items/7", b'{"qty": 2147483648}'),
        ("PUT", "cart/items/7", b'{"qty": 1.5}'),
        ("PUT", "cart/items/7", b'{"qty": NaN}'),
        ("PUT", "cart/items/9223372036854775808", b'{"qty": 1}'),
        ("PUT", "cart/items/7", b'{"qty": 1, "item_id": 8}'),
        ("POST", "orders", b'{"payment_method": "GOLD"}'),
        ("GET", "products?nobody=1", b""),
        ("GET", "products?page_size=many", b""),
        ("GET", "products?sort=SIDEWAYS", b""),
        ("GET", "products/1.5", b""),
        ("GET", "products/%ff", b""),
        ("GET", "products/slug/%ff", b""),
        ("GET", "products/slug/%00", b""),
        ("GET", "products/slug/a%2Fb", b""),
        ("GET", "products?category=%ff", b""),
        ("GET", "products?category=%00", b""),
        ("GET", "products/-1", b""),
        ("GET", "products/0", b""),
    ],
)
def test_what_cannot_be_read_is_a_400(
    stack: Stack, buyer: Person, verb: str, path: str, content: bytes
) -> None:
    request = f"{verb} /api/v1/{path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n"
    request += f"Authorization: Bearer {buyer.tokens['access_token']}\r\n"
    reply = _raw(stack, f"{request}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    status, reason = _reason(reply)
    assert status == 400, reply.text
    assert reason in ("MALFORMED_REQUEST", "INVALID_FIELD"), reply.text
    assert not re.search(r"Traceback|psycopg|sqlite|Error\b", reply.json()["message"]), reply.text


def _raw(stack: Stack, request: bytes) -> httpx.Response:
    """The reply to bytes that no client library would send."""
    with socket.create_connection(("127.0.0.1", stack.port), timeout=30) as connection:
        connection.sendall(request)
        data = b""
        while part := connection.recv(65_536):
            data += part
    head, _, body = data.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = [tuple(line.split(": ", 1)) for line in lines]
    if dict(headers).get("transfer-encoding") == "chunked":
        body = b"".join(re.findall(rb"[0-9a-f]+\r\n(.*?)\r\n(?=[0-9a-f]+\r\n)", body, re.DOTALL))
        headers = [pair for pair in headers if pair[0] != "transfer-encoding"]
    return httpx.Response(int(status.split()[1]), headers=headers, content=body)


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "nowhere"),
        ("GET", ""),
        ("HEAD", "nowhere"),
        ("GET", "../../etc/passwd"),
        ("GET", "orders/7/nothing"),
    ],
)
def test_a_path_that_does_not_exist_is_a_404(stack: Stack, verb: str, path: str) -> None:
    reply = stack.client().request(verb, path)
    assert reply.status_code == 404
    if verb != "HEAD":
        assert _reason(reply) == (404, "METHOD_UNKNOWN")


@pytest.mark.parametrize(
    ("verb", "path", "allowed"),
    [
        ("DELETE", "products", "GET, POST"),
        ("POST", "products/7", "DELETE, GET, PATCH, PUT"),
        ("GET", "auth/login", "POST"),
        ("TRACE", "products/", "GET, POST"),
        ("PROPFIND", "products?a=b", "GET, POST"),
        ("PUT", "products/trending", "GET"),
    ],
)
def test_a_verb_that_a_path_does_not_take_is_a_405_that_names_those_it_takes(
    stack: Stack, verb: str, path: str, allowed: str
) -> None:
    reply = stack.client().request(verb, path)
    assert _reason(reply) == (405, "METHOD_UNKNOWN")
    assert reply.headers["allow"] == allowed
    assert allowed in reply.json()["message"]


def test_options_names_the_verbs(stack: Stack) -> None:
    for path, allowed in (("cart", "GET"), ("products?a=b", "GET, POST")):
        reply = stack.client().request("OPTIONS", path)
        assert (reply.status_code, reply.headers["allow"], reply.content) == (204, allowed, b"")


def test_a_401_says_what_is_expected(stack: Stack) -> None:
    for sent, challenge, reason in (
        ({}, "Bearer", "TOKEN_MISSING"),
        ({"authorization": "Basic am9objpzZWNyZXQ="}, "Bearer", "TOKEN_MISSING"),
        ({"authorization": "Bearer a.b.c"}, 'Bearer error="invalid_token"', "TOKEN_INVALID"),
    ):
        for path in ("orders", "orders/7/track"):
            reply = stack.client().get(path, headers=sent)
            assert _reason(reply) == (401, reason), path
            assert reply.headers["www-authenticate"] == challenge


@pytest.mark.parametrize(
    ("accept", "mark"), [("application/json", "\n"), ("text/event-stream", "\nevent: error\ndata: ")]
)
def test_a_stream_whose_sign_in_ends_says_so_in_its_last_message(
    stack: Stack, accept: str, mark: str
) -> None:
    buyer = stack.customer()
    order = stack.order(buyer)
    with buyer.http.stream("GET", f"orders/{order['id']}/track", headers={"accept": accept}) as reply:
        pieces = reply.iter_text()
        text = next(pieces)
        while '"CONFIRMED"' not in text:
            text += next(pieces)
        assert buyer.http.post("auth/logout", json={}).status_code == 200
        text += "".join(pieces)
    before, _, last = text.rstrip().rpartition(mark)
    assert '"CONFIRMED"' in before
    assert "error" not in before
    [error] = json.loads(last).values()
    assert (error["code"], error["status"]) == (16, "UNAUTHENTICATED")
    [info, request, *_] = error["details"]
    assert info["reason"] == "TOKEN_INVALID"
    assert request["request_id"] == reply.headers["x-request-id"]


def test_head_is_answered_as_get_without_a_body(stack: Stack, mug: Any, buyer: Person) -> None:
    for path in (f"products/{mug['id']}", "products?page_size=1", "orders/999999", "products?nobody=1"):
        got, head = (
            buyer.http.request(verb, path, headers={"accept-encoding": "gzip"}) for verb in ("GET", "HEAD")
        )
        assert (head.status_code, head.content) == (got.status_code, b""), path
        assert head.headers["content-type"] == got.headers["content-type"]
        assert int(head.headers["content-length"]) >= len(got.content) > 0
    endless = buyer.http.request("HEAD", "orders/7/track")
    assert (endless.status_code, endless.headers["allow"]) == (405, "GET")


def test_what_is_too_large_is_refused_by_its_size(stack: Stack, buyer: Person) -> None:
    http = stack.client()
    assert _reason(http.post("auth/login", content=b" " * 4_200_000)) == (413, "REQUEST_TOO_LARGE")
    assert _reason(http.get("products", headers={"x-long": "x" * 65_536})) == (431, "MALFORMED_REQUEST")
    assert _reason(http.get("products", params={"category": "x" * 20_000})) == (400, "REQUEST_TOO_LARGE")


def test_an_error_of_many_words_still_arrives(stack: Stack, buyer: Person) -> None:
    mask = "💥" * 1500
    reply = buyer.http.patch("users/me", params={"update_mask": mask}, json={"phone": "1"})
    assert _reason(reply) == (400, "INVALID_UPDATE_MASK")


# ── Who is calling ──────────────────────────────────────────────────────────────────────────────────────


def test_forged_headers_change_neither_the_caller_nor_the_address(stack: Stack, buyer: Person) -> None:
    forged = {
        "x-user-id": stack.admin.me["id"],
        "x-user-role": "ADMIN",
        "x-sanset-edge": "guess",
        "x-forwarded-for": "9.9.9.9",
        "x-envoy-external-address": "9.9.9.9",
        "x-real-ip": "9.9.9.9",
    }
    assert buyer.http.get("users/me", headers=forged).json()["id"] == buyer.me["id"]
    assert _reason(stack.client().get("users/me", headers=forged)) == (401, "TOKEN_MISSING")
    login = {"email": buyer.me["email"], "password": PASSWORD}
    assert stack.client().post("auth/login", json=login, headers=forged).status_code == 200
    sessions = buyer.http.get("users/me/sessions").json()["items"]
    assert len({session["ip"] for session in sessions}) == 1
    assert sessions[0]["ip"] != "9.9.9.9"


@pytest.mark.parametrize("origin", [ORIGIN, "null", f"{ORIGIN}.evil.example", "https://localhost:3000"])
def test_only_listed_origins_read_replies_and_refusals(stack: Stack, mug: Any, origin: str) -> None:
    allowed = origin if origin == ORIGIN else None
    for path in (f"products/{mug['id']}", "orders", "nowhere"):
        reply = stack.client().get(path, headers={"origin": origin})
        assert reply.headers.get("access-control-allow-origin") == allowed


def test_a_guest_shops_from_a_browser_and_takes_the_cart_along_at_login(stack: Stack, mug: Any) -> None:
    browser = stack.client(origin=ORIGIN)
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "x-cart-token"}
    preflight = browser.options("cart/add", headers=asked)
    assert "x-cart-token" in preflight.headers["access-control-allow-headers"]
    token = browser.post("cart/add", json={"product_id": mug["id"], "qty": 2}).json()["token"]
    browser.headers["x-cart-token"] = token
    (line,) = browser.get("cart").json()["items"]
    assert browser.put(f"cart/items/{line['id']}", json={"qty": 3}).json()["item_count"] == 3
    assert browser.get("cart/total").json()["subtotal"]["units"] == "30"
    assert stack.client().get("cart").json()["items"] == []
    buyer = stack.customer()
    for _ in range(2):
        synced = buyer.http.post(
            "cart/sync", json={"strategy": "sum"}, headers={"x-cart-token": token}
        ).json()
        assert [(item["product_id"], item["quantity"]) for item in synced["items"]] == [(mug["id"], 3)]
    assert (synced["token"], synced["changes"]) == ("", [])
    assert browser.get("cart").json()["items"] == []
    assert _reason(stack.customer().http.post("cart/sync", json={"cart_token": token})) == (
        404,
        "CART_NOT_FOUND",
    )


def test_a_wish_moves_into_the_cart(stack: Stack, mug: Any) -> None:
    http = stack.customer().http
    assert http.post("wishlist", json={"product_id": mug["id"]}).json()["available"] is True
    assert [item["product_id"] for item in http.get("wishlist").json()["items"]] == [mug["id"]]
    assert http.post(f"wishlist/{mug['id']}/move-to-cart", json={"qty": 2}).json()["item_count"] == 2
    assert _reason(http.delete(f"wishlist/{mug['id']}")) == (404, "WISHLIST_ITEM_NOT_FOUND")


def test_a_long_list_travels_compressed(stack: Stack) -> None:
    for _ in range(3):
        stack.product(description="word " * 400)
    for coding in ("gzip", "br"):
        with stack.client().stream("GET", "products", headers={"accept-encoding": coding}) as reply:
            assert reply.headers["content-encoding"] == coding


def test_grpc_web_reaches_the_shop(stack: Stack, buyer: Person) -> None:
    message = user_pb2.GetMeRequest().SerializeToString()
    reply = httpx.post(
        f"{stack.origin}/sanset.v1.UserService/GetMe",
        content=b"\0" + struct.pack(">I", len(message)) + message,
        headers={"content-type": "application/grpc-web+proto", **dict(buyer.metadata)},
    )
    (length,) = struct.unpack(">I", reply.content[1:5])
    assert str(user_pb2.User.FromString(reply.content[5 : 5 + length]).id) == buyer.me["id"]
    assert b"grpc-status:0" in reply.content[5 + length :]


# ── Size ────────────────────────────────────────────────────────────────────────────────────────────────


def test_pages_of_the_largest_products_are_read_to_the_end(stack: Stack) -> None:
    """Each of the texts is six times as long as JSON: in one piece they would exceed what the gateway holds."""
    brand = uuid.uuid4().hex
    body = {"name": "<" * 200, "description": "<" * 10_000, "brand": brand, "price": {"units": 1}}
    body["attributes"] = {"a": "<" * 16_000}
    made = [stack.admin.http.post("products", json=body | {"slug": f"{brand}-{i}"}).json() for i in range(30)]
    for view, pages in (("summary", 1), ("full", 3)):
        listed: list[str] = []
        token: str | None = None
        read = 0
        while token != "":
            asked = {"brand": brand, "page_size": 100, "view": view, "page_token": token or ""}
            reply = stack.client().get("products", params=asked)
            assert reply.status_code == 200, reply.text[:500]
            listed += [product["id"] for product in reply.json()["items"]]
            token, read = reply.json()["next_page_token"], read + 1
        assert sorted(listed) == sorted(product["id"] for product in made)
        assert read == pages
