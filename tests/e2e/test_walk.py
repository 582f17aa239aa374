"""The walk of a buyer through the whole stack as JSON, on both databases."""

from __future__ import annotations

import json
import threading
import uuid
from typing import Any

import grpc
from sanset.v1 import auth_pb2, auth_pb2_grpc, user_pb2, user_pb2_grpc
from support.real_stack import PASSWORD, PATIENCE, Person, Stack, until

STEPS = ["PROCESSING", "SHIPPED", "DELIVERED"]


class Watcher:
    """Reads an order's stream in a thread, from before the first step to the end."""

    def __init__(self, person: Person, order_id: str, accept: str) -> None:
        self.messages: list[Any] = []
        self.media_type = ""
        self._opened = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(person, order_id, accept), daemon=True)
        self._thread.start()
        assert self._opened.wait(PATIENCE)

    def _read(self, person: Person, order_id: str, accept: str) -> None:
        with person.http.stream("GET", f"orders/{order_id}/track", headers={"accept": accept}) as reply:
            self.media_type = reply.headers["content-type"]
            for line in reply.iter_lines():
                text = line.removeprefix("data:").strip()
                if text and not text.startswith("id:"):
                    self.messages.append(json.loads(text))
                self._opened.set()

    def steps(self) -> list[tuple[int, str]]:
        """What happened, in the order it was told."""
        events = [message["event"] for message in self.messages if "event" in message]
        return [(event["sequence"], event["status"]) for event in events]

    def wait_for(self, status: str) -> None:
        """Wait until a step was told."""
        until(lambda: status in [told for _, told in self.steps()])

    def ended(self) -> Any:
        """The last message, once the server has closed the stream."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        return self.messages[-1]


def test_a_buyer_walks_through_the_shop(any_stack: Stack) -> None:
    stack = any_stack
    mug = stack.product(price={"currency_code": "USD", "units": "24", "nanos": 500_000_000})
    stack.product()

    email = f"john-{uuid.uuid4().hex}@shop.test"
    stranger = stack.client()
    john = stranger.post(
        "auth/register", json={"full_name": "John", "email": email, "password": PASSWORD}
    ).json()
    assert john["role"] == "CUSTOMER"
    buyer = stack.sign_in(email)
    assert buyer.me["id"] == john["id"]

    listed = stranger.get("products", params={"page_size": 50, "sort": "NEWEST"}).json()["items"]
    assert mug["id"] in [product["id"] for product in listed]
    assert stranger.get(f"products/{mug['id']}").json()["price"] == mug["price"]

    cart = buyer.http.post("cart/add", json={"product_id": mug["id"], "qty": 2}).json()
    assert (cart["item_count"], cart["subtotal"]["units"]) == (2, "49")
    address = {"line1": "1 Main Street", "city": "Springfield", "country": "US"}
    address_id = buyer.http.post("users/addresses", json=address).json()["id"]
    totals = buyer.http.get("cart/total").json()
    assert [_money(totals[part]) for part in ("subtotal", "tax", "shipping", "total")] == [
        "49.00", "3.92", "5.99", "58.91",
    ]  # fmt: skip

    checkout = {"payment_method": "card", "request_id": str(uuid.uuid4()), "expected_total": totals["total"]}
    first = buyer.http.post("orders/checkout", json=checkout).json()
    again = buyer.http.post("orders/checkout", json=checkout).json()
    assert first == again
    order = first["order"]
    assert (order["status"], order["payment"]["status"]) == ("CONFIRMED", "CAPTURED")
    assert (order["totals"]["total"], order["address"]["id"]) == (totals["total"], address_id)
    assert buyer.http.get("cart").json()["items"] == []

    lines = Watcher(buyer, order["id"], "application/x-ndjson")
    events = Watcher(buyer, order["id"], "text/event-stream")
    assert (lines.media_type, events.media_type) == ("application/x-ndjson", "text/event-stream")
    for status in STEPS:
        stack.move(order["id"], status)
        lines.wait_for(status)  # live, before the next one happens
        events.wait_for(status)
    for watcher in (lines, events):
        assert watcher.ended()["end"] == {"status": "DELIVERED", "sequence": 5}
        told = ["PENDING_PAYMENT", "CONFIRMED", *STEPS]
        assert watcher.steps() == list(enumerate(told, start=1))

    orders = buyer.http.get("orders").json()["items"]
    assert [(o["id"], o["status"]) for o in orders] == [(order["id"], "DELIVERED")]
    recommended = buyer.http.get(f"recommend/{john['id']}", params={"limit": 100}).json()["items"]
    assert recommended
    assert mug["id"] not in [item["product_id"] for item in recommended]

    assert buyer.http.post("auth/logout", json={}).status_code == 200
    until(lambda: [buyer.http.get("users/me").status_code for _ in range(10)] == [401] * 10)


def _money(money: Any) -> str:
    return f"{money['units']}.{money['nanos'] // 10_000_000:02}"


def test_a_stream_resumes_after_what_was_seen(any_stack: Stack) -> None:
    buyer = any_stack.customer()
    order = any_stack.order(buyer)
    for status in STEPS:
        any_stack.move(order["id"], status)
    for after in range(6):
        path = f"orders/{order['id']}/track"
        seen = (
            {"params": {"after_sequence": after}} if after % 2 else {"headers": {"last-event-id": str(after)}}
        )
        messages = [json.loads(line) for line in buyer.http.get(path, **seen).text.splitlines()]
        assert [m["event"]["sequence"] for m in messages if "event" in m] == list(range(after + 1, 6))
        assert messages[-1]["end"]["status"] == "DELIVERED"


def test_a_logout_reaches_every_worker(any_stack: Stack) -> None:
    buyer = any_stack.customer()
    ports = [worker["port"] for worker in any_stack.state["workers"]]
    channels = [grpc.insecure_channel(f"127.0.0.1:{port}") for port in ports]
    stubs = [user_pb2_grpc.UserServiceStub(channel) for channel in channels]

    def answers() -> list[grpc.StatusCode]:
        found = []
        for stub in stubs:
            try:
                stub.GetMe(user_pb2.GetMeRequest(), metadata=buyer.metadata, timeout=PATIENCE)
                found.append(grpc.StatusCode.OK)
            except grpc.RpcError as error:
                found.append(error.code())
        return found

    assert answers() == [grpc.StatusCode.OK] * 2
    auth_pb2_grpc.AuthServiceStub(channels[0]).Logout(auth_pb2.LogoutRequest(), metadata=buyer.metadata)
    assert answers()[0] == grpc.StatusCode.UNAUTHENTICATED
    until(lambda: answers() == [grpc.StatusCode.UNAUTHENTICATED] * 2)
    for channel in channels:
        channel.close()
    refused = any_stack.client().post("auth/refresh", json={"refresh_token": buyer.tokens["refresh_token"]})
    assert (refused.status_code, refused.json()["details"][0]["reason"]) == (401, "REFRESH_TOKEN_INVALID")


def test_the_stock_is_watched_as_lines_and_as_events(stack: Stack) -> None:
    mug = stack.product()
    path, counted = "inventory/watch", f"admin/inventory/{mug['id']}"
    with stack.client() as http, http.stream("GET", path, params={"product_ids": mug["id"]}) as lines:
        assert lines.headers["content-type"] == "application/x-ndjson"
        told = lines.iter_lines()
        begun = json.loads(next(told))["heartbeat"]["sequence"]
        assert stack.admin.http.put(counted, json={"quantity": 7}).status_code == 200
        message = json.loads(next(line for line in told if "changes" in line))["changes"]
        assert [change["new_quantity"] for change in message["changes"]] == [7]
    accept = {"accept": "text/event-stream", "last-event-id": begun}
    with (
        stack.client() as http,
        http.stream("GET", f"{path}?product_ids={mug['id']}", headers=accept) as events,
    ):
        assert events.headers["content-type"] == "text/event-stream"
        told = events.iter_lines()
        ids = [next(line for line in told if line.startswith("id: ")) for _ in range(2)]
    assert ids == [f"id: {begun}", f"id: {message['sequence']}"]
    refused = stack.client().get(path, params={"all": True})
    assert (refused.status_code, refused.json()["details"][0]["reason"]) == (401, "TOKEN_MISSING")
