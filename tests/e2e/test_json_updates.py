"""PUT and PATCH through Envoy: the one replaces, the other changes what its body names; If-Match is an etag."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest
from support.real_stack import Person, Stack

OUTSIDE = "https://93.184.216.34/hook"


@pytest.fixture(scope="module")
def buyer(stack: Stack) -> Person:
    """A customer."""
    return stack.customer()


def _done(reply: httpx.Response) -> Any:
    assert reply.status_code == 200, reply.text
    return reply.json()


def _refusal(reply: httpx.Response) -> tuple[int, str, list[str]]:
    """The status of a refusal, its reason, and the fields that it names."""
    details = {each["@type"].rpartition(".")[2]: each for each in reply.json()["details"]}
    violations = details.get("BadRequest", {}).get("field_violations", [])
    return reply.status_code, details["ErrorInfo"]["reason"], [each["field"] for each in violations]


def _created(stack: Stack, buyer: Person) -> dict[str, tuple[httpx.Client, str]]:
    """One of each resource, filled, by the name of its list: who may read it, and where it is."""
    admin = stack.admin.http
    money = {"currency_code": "USD", "units": "2", "nanos": 500_000_000}
    category = _done(
        admin.post("categories", json={"name": f"Shelf {uuid.uuid4().hex}", "description": "a\nb"})
    )
    address = {"label": "Home", "line1": "1 Main", "line2": "x", "city": "Town", "country": "US", "lat": 0,
               "metadata": {"shop": "4711", "n": [1, 2.5, None]}}  # fmt: skip
    coupon = {"code": uuid.uuid4().hex[:16], "discount_amount": money, "min_tier": "GOLD", "description": "Spring",
              "valid_until": "2031-01-02T03:04:05.5Z", "usage_limit": 7}  # fmt: skip
    endpoint = {"url": OUTSIDE, "event_types": ["order.placed"]}
    product = stack.product(
        category_id=category["id"], brand="Acme", tags=["a"], attributes={"b": [1, None]},
        metadata={"erp": {"id": 1}}, description="a\nb",
        compare_at_price={"units": "99"}, discount={"amount": money}, max_quantity=3,
    )  # fmt: skip
    options = [{"name": "size", "value": "M"}, {"name": "color", "value": "Red"}]
    variants = f"products/{product['id']}/variants"
    variant = _done(admin.post(variants, json={"options": options, "price": {"units": "7"}, "stock": 3}))
    _done(buyer.http.patch("users/me", json={"phone": "030 1", "preferences": {"diet": "vegan"}}))
    card = {"balance": money, "expire_time": "2031-01-02T03:04:05.5Z"}
    segment = {"name": f"Few {uuid.uuid4().hex}", "rules": {"min_orders": 0, "min_spent": money}}
    ids = {
        "users/payment-methods": _done(
            buyer.http.post("users/payment-methods", json={"kind": "CARD", "token": uuid.uuid4().hex})
        )["id"],
        "admin/gift-cards": _done(admin.post("admin/gift-cards", json=card))["id"],
        "admin/user-segmentation/segments": _done(
            admin.post("admin/user-segmentation/segments", json=segment)
        )["id"],
        "users/addresses": _done(buyer.http.post("users/addresses", json=address))["id"],
        "admin/coupons": _done(admin.post("admin/coupons", json=coupon))["id"],
        "admin/webhooks": _done(admin.post("admin/webhooks", json=endpoint))["id"],
    }
    return {
        "users/me": (buyer.http, "users/me"),
        "categories": (admin, f"categories/{category['id']}"),
        "products": (admin, f"products/{product['id']}"),
        "variants": (admin, f"{variants}/{variant['id']}"),
    } | {name: (buyer.http if name[0] == "u" else admin, f"{name}/{each}") for name, each in ids.items()}


def test_what_get_shows_put_and_patch_take_back_and_nothing_has_changed(stack: Stack, buyer: Person) -> None:
    for name, (http, path) in _created(stack, buyer).items():
        # Without a null it names no field, and so shows the resource as it is.
        before = _done(http.patch(path, json={}))
        for verb in ("PUT", "PATCH"):
            after = _done(http.request(verb, path, json=before))
            moved = before | {"update_time": after.get("update_time")} if "update_time" in before else before
            assert after == moved, (verb, name)
        if name == "admin/webhooks":
            assert http.delete(path).status_code == 200


def test_put_clears_what_it_does_not_send_and_keeps_what_the_server_gave(stack: Stack) -> None:
    product = stack.product(brand="Acme", tags=["a"], description="long", attributes={"a": 1}, max_quantity=5)
    least = {"name": "Cup", "price": {"units": "3"}, "stock": 7, "rating": 5}
    after = _done(stack.admin.http.put(f"products/{product['id']}", json=least))
    assert (after["name"], after["brand"], after["tags"], after["description"]) == ("Cup", "", [], "")
    assert (after["max_quantity"], after.get("attributes")) == (99, None)
    assert (after["sku"], after["slug"], after["stock"]) == (product["sku"], product["slug"], 100)
    for body in ({}, {"brand": "Acme"}, {"name": None, "price": None}):
        reply = stack.admin.http.put(f"products/{product['id']}", json=body)
        assert _refusal(reply) == (400, "INVALID_FIELD", ["product.name", "product.price"])


def test_patch_changes_what_its_body_names_and_null_clears(stack: Stack, buyer: Person) -> None:
    http = buyer.http
    body = {"line1": "1 Main", "line2": "x", "city": "Town", "country": "US", "lat": 1.5, "label": "Home"}
    one = f"users/addresses/{_done(http.post('users/addresses', json=body))['id']}"
    after = _done(
        http.patch(one, content='{"line2": "", "l\\u0061t": null, "postalCode": "1", "city": "Ogden"}')
    )
    assert (after["line2"], after["postal_code"], after["city"], after["label"]) == ("", "1", "Ogden", "Home")
    assert "lat" not in after
    assert _refusal(http.patch(one, json={"city": None})) == (400, "INVALID_FIELD", ["address.city"])
    assert _done(http.patch("users/me", json={"phone": "030 1", "preferences": {"a": 1}}))["phone"] == "030 1"
    me = _done(http.patch("auth/me", json={"phone": None, "preferences": None, "email": "ignored"}))
    assert (me["phone"], me.get("preferences") or {}) == ("", {})
    product = stack.product(brand="Acme", tags=["a"], compare_at_price={"units": "20"})
    path = f"products/{product['id']}"
    after = _done(stack.admin.http.patch(path, json={"tags": [], "compare_at_price": None}))
    assert (after["tags"], after.get("compare_at_price"), after["brand"]) == ([], None, "Acme")


def test_a_mask_in_the_query_wins_for_patch_and_is_refused_for_put(stack: Stack) -> None:
    http, product = stack.admin.http, stack.product(brand="Acme")
    path = f"products/{product['id']}"
    after = _done(
        http.patch(f"{path}?update_mask=description", json={"brand": "Other", "description": "new"})
    )
    assert (after["brand"], after["description"]) == ("Acme", "new")
    body = {"name": product["name"], "price": product["price"]}
    assert _done(http.patch(f"{path}?updateMask=*", json=body))["brand"] == ""
    assert _done(http.put(f"{path}?update_mask=%2A", json=body | {"brand": "B"}))["brand"] == "B"
    for verb, query, reason in (
        ("PUT", "update_mask=name", "INVALID_FIELD"),
        ("PATCH", "update_mask=", "INVALID_FIELD"),
        ("PATCH", "update_mask=stock", "INVALID_UPDATE_MASK"),
    ):
        assert _refusal(http.request(verb, f"{path}?{query}", json=body))[:2] == (400, reason)
    assert _done(http.patch(path, json={"stock": 7}))["stock"] == 100, "stock has paths of its own"


def test_if_match_is_the_etag_of_a_change(stack: Stack) -> None:
    http, product = stack.admin.http, stack.product()
    path = f"products/{product['id']}"
    current = {"if-match": f'"{product["etag"]}"'}
    after = _done(http.patch(path, json={"brand": "A"}, headers=current))
    assert after["etag"] != product["etag"]
    for verb, body in (("PATCH", {"brand": "B"}), ("PUT", after), ("DELETE", None)):
        reply = http.request(verb, path, json=body, headers=current)
        fields = ["if-match"] if verb == "PUT" else []  # whose body holds another one
        assert _refusal(reply) == ((400, "INVALID_FIELD", fields) if fields else (409, "STALE_ETAG", []))
        assert after["etag"] not in reply.text or fields
    assert _done(http.patch(path, json={"brand": "B"}, headers={"if-match": "*"}))["brand"] == "B"
    assert _refusal(http.post("categories", json={"name": "x"}, headers=current))[2] == ["if-match"]


def test_staff_patch_the_metadata_of_an_order_and_null_clears_it(stack: Stack) -> None:
    buyer, admin = stack.customer(), stack.admin.http
    _done(buyer.http.post("users/addresses", json={"line1": "1 Main", "city": "Town", "country": "US"}))
    _done(buyer.http.post("cart/add", json={"product_id": stack.product()["id"]}))
    request = {"payment_method": "CARD", "request_id": str(uuid.uuid4()), "metadata": {"erp": "A-17"}}
    order = _done(buyer.http.post("orders/checkout", json=request))["order"]
    assert order["metadata"] == {"erp": "A-17"}
    path = f"orders/{order['id']}"
    changed = _done(
        admin.patch(path, json={"metadata": {"n": 1}}, headers={"if-match": f'"{order["etag"]}"'})
    )
    assert (changed["metadata"], changed["status"]) == ({"n": 1}, "CONFIRMED")
    stale = admin.patch(path, json={"metadata": {"n": 2}}, headers={"if-match": f'"{order["etag"]}"'})
    assert _refusal(stale) == (409, "STALE_ETAG", [])
    assert "metadata" not in _done(admin.patch(path, json={"metadata": None}))
    assert buyer.http.patch(path, json={"metadata": {}}).status_code == 403
