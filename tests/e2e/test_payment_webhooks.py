"""Webhooks of payment gateways through Envoy: every byte of the body and its signature reach the shop as sent."""

from __future__ import annotations

import json
import uuid

import pytest
from support.real_stack import Stack, until

from server.clock import utc_now
from server.crypto.ring import KeyRing
from server.payment.demo import SIGNATURE, ReportSigner

KEYS = KeyRing([b"0123456789abcdef" * 4])


def _event(key: str) -> bytes:
    # Spacing and characters as no encoder of ours would write them: what is signed is the bytes
    event = {"type": "payment.captured", "id": f"evt_{uuid.uuid4()}", "key": key, "problem": "naïve – €"}
    return json.dumps(event | {"gateway_id": "pay_1"}, indent=7, ensure_ascii=False).encode() + b"\n \n"


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "text/plain"]
)
def test_a_signed_body_arrives_as_it_was_sent(stack: Stack, content_type: str) -> None:
    body = _event("SO-00000-00000")
    headers = {SIGNATURE: ReportSigner(KEYS, utc_now).header(body), "content-type": content_type}
    reply = stack.client().post("payments/webhook", content=body, headers=headers)
    assert (reply.status_code, reply.json()) == (200, {"repeated": False}), reply.text


@pytest.mark.parametrize("header", ["", "t=1,v1=00", "nonsense"])
def test_a_forged_one_is_refused(stack: Stack, header: str) -> None:
    for name in (SIGNATURE, "stripe-signature"):
        reply = stack.client().post(
            "payments/webhook", content=_event("SO-00000-00000"), headers={name: header}
        )
        assert reply.status_code == 403
        assert "SIGNATURE_INVALID" in reply.text


def test_a_report_over_http_confirms_the_order(stack: Stack) -> None:
    person = stack.customer()
    person.http.post("cart/add", json={"product_id": stack.product()["id"]})
    request = {"payment_method": "CARD", "payment_token": "tok_late", "request_id": str(uuid.uuid4())}
    assert person.http.post("orders", json=request).status_code == 503
    (order,) = person.http.get("orders").json()["items"]
    body = _event(order["number"])
    for _ in range(2):
        headers = {SIGNATURE: ReportSigner(KEYS, utc_now).header(body)}
        reply = stack.client().post("payments/webhook", content=body, headers=headers)
        assert reply.status_code == 200, reply.text
    assert reply.json() == {"repeated": True}
    until(lambda: person.http.get(f"orders/{order['id']}").json()["status"] == "CONFIRMED")
    payment = person.http.get(f"orders/{order['id']}/payment").json()
    assert (payment["status"], payment["gateway"], payment["method"]) == ("CAPTURED", "demo", "CARD")
