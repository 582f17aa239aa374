"""What is repeated, what is not, and for how long."""

from __future__ import annotations

import json
import threading
import time
import uuid
from importlib.resources import files

import grpc
import pytest
from google.protobuf.descriptor_pb2 import MethodOptions
from sanset.v1 import order_service_pb2, tracking_pb2
from sanset.v1.order_service_pb2 import CheckoutRequest
from sanset.v1.payment_pb2 import Payment
from sanset.v1.product_pb2 import GetProductRequest
from sanset_client import Aborted, Client, DeadlineExceeded, ResourceExhausted, Unavailable
from sanset_client.channel import options_of
from shop_double import Refusal, ShopDouble, serve

AWAY = Refusal("UNAVAILABLE")
LATER = Refusal("RESOURCE_EXHAUSTED", "OVERLOADED", retry_after=0.05)


def test_a_read_is_repeated_while_the_server_is_away(shop: ShopDouble, client: Client) -> None:
    shop.refuse("GetProduct", AWAY, AWAY)
    assert client.catalog.get_product(product_id=7).id == 7
    assert len(shop.requests("GetProduct")) == 3


@pytest.mark.usefixtures("shop")
def test_a_read_is_repeated_until_the_server_is_back() -> None:
    shop = ShopDouble()
    server, address = serve(shop)
    with Client(address) as client:
        client.catalog.get_product(product_id=7)
        server.stop(None).wait()
        back = threading.Timer(2.5, lambda: servers.append(serve(shop, address)[0]))
        servers: list[grpc.Server] = []
        back.start()
        assert client.catalog.get_product(product_id=8).id == 8
    back.join()
    servers[0].stop(None)


def test_a_server_that_stays_away_is_given_up_at_the_deadline(shop: ShopDouble, client: Client) -> None:
    shop.refuse("GetProduct", *[AWAY] * 200)
    started = time.monotonic()
    with pytest.raises(Unavailable):  # not that time ran out
        client.catalog.get_product(product_id=7, timeout=1.5)
    assert 1.3 < time.monotonic() - started < 1.8
    assert len(shop.requests("GetProduct")) > 5


def test_what_creates_something_is_repeated_under_one_request_id(shop: ShopDouble, client: Client) -> None:
    shop.refuse("AddItem", AWAY, LATER)
    client.cart.add(product_id=7)
    request_ids = [request.request_id for request in shop.requests("AddItem")]
    assert request_ids == [request_ids[0]] * 3
    client.cart.add(product_id=7)
    assert shop.requests("AddItem")[-1].request_id not in ("", request_ids[0])


def test_a_sign_in_is_not_repeated(shop: ShopDouble, client: Client) -> None:
    shop.refuse("Login", AWAY)
    with pytest.raises(Unavailable):
        client.login("ann@shop.test", "correct-horse-1")
    shop.refuse("Login", LATER)
    with pytest.raises(ResourceExhausted) as caught:
        client.login("ann@shop.test", "correct-horse-1")
    assert caught.value.retry_after == pytest.approx(0.05)
    assert len(shop.requests("Login")) == 3, "one of them is the client's own, before"


def test_a_read_is_repeated_when_the_server_says(shop: ShopDouble, client: Client) -> None:
    shop.refuse("GetProduct", LATER, LATER)
    started = time.monotonic()
    assert client.catalog.get_product(product_id=7).id == 7
    assert time.monotonic() - started >= 0.1


def test_coming_back_ends_with_the_deadline(shop: ShopDouble, client: Client) -> None:
    shop.refuse("GetProduct", *[Refusal("RESOURCE_EXHAUSTED", "OVERLOADED", retry_after=0.3)] * 9)
    with pytest.raises(ResourceExhausted):  # what the server said last, not that time ran out
        client.catalog.GetProduct(GetProductRequest(product_id=7), timeout=0.8)
    assert 1 < len(shop.requests("GetProduct")) <= 3


def test_every_attempt_gets_the_rest_of_the_deadline(shop: ShopDouble, client: Client) -> None:
    shop.refuse("GetProduct", Refusal("RESOURCE_EXHAUSTED", "OVERLOADED", retry_after=0.4))
    client.catalog.get_product(product_id=7)
    first, second = (seen.seconds_left for seen in shop.seen if seen.rpc == "GetProduct")
    assert first is not None
    assert second is not None
    assert 9 < first <= 10.1
    assert 0.25 < first - second < 1  # gRPC sends a deadline in tenths of a second


def test_the_default_deadline_is_the_clients(shop: ShopDouble, address: str) -> None:
    with Client(address, timeout=3) as client:
        client.catalog.get_product(product_id=7)
    left = shop.seen[0].seconds_left
    assert left is not None
    assert 2 < left <= 3.1
    with pytest.raises(ValueError, match="timeout"):
        Client(address, timeout=0)


def test_a_call_that_is_too_slow_is_given_up(shop: ShopDouble, client: Client) -> None:
    shop.streams.append([lambda: time.sleep(0.3)])
    with pytest.raises(DeadlineExceeded):
        next(client.orders.TrackOrder(tracking_pb2.TrackOrderRequest(order_id=9), timeout=0.1))


def test_checkout_keeps_its_request_id_through_every_kind_of_repeat(shop: ShopDouble, client: Client) -> None:
    shop.refuse(
        "Checkout",
        AWAY,
        Refusal("ABORTED", "STILL_RUNNING", retry_after=0.05),
        Refusal("UNAUTHENTICATED", "TOKEN_INVALID"),
    )
    reply = client.orders.checkout(payment_method=Payment.CARD)
    ids = {request.request_id for request in shop.requests("Checkout")}
    assert reply.order.id == 9
    assert len(shop.requests("Checkout")) == 4
    assert [str(uuid.UUID(text)) for text in ids] == list(ids)


def test_each_checkout_has_a_request_id_of_its_own_unless_given(shop: ShopDouble, client: Client) -> None:
    mine = str(uuid.uuid4())
    request = CheckoutRequest(payment_method=Payment.CARD)
    client.orders.Checkout(request)
    client.orders.Checkout(request)
    client.orders.checkout(payment_method=Payment.CARD, request_id=mine)
    ids = [sent.request_id for sent in shop.requests("Checkout")]
    assert len(set(ids)) == 3
    assert ids[2] == mine
    assert request.request_id == ""  # the caller's message is theirs


def test_a_failed_checkout_names_its_request_id_for_another_try(shop: ShopDouble, client: Client) -> None:
    shop.refuse("Checkout", Refusal("ABORTED", "IDEMPOTENCY_MISMATCH"))
    with pytest.raises(Aborted) as caught:
        client.orders.checkout(payment_method=Payment.CARD)
    assert caught.value.request_id == shop.requests("Checkout")[0].request_id != ""


def test_the_service_config_repeats_what_the_contract_declares_safe_and_nothing_else() -> None:
    config = json.loads(files("sanset").joinpath("service_config.json").read_text("utf-8"))
    repeated = {f"{name['service']}.{name['method']}" for name in config["methodConfig"][0]["name"]}
    service = order_service_pb2.DESCRIPTOR.services_by_name["OrderService"]
    for method in service.methods:
        level = method.GetOptions().idempotency_level
        safe = level != MethodOptions.IDEMPOTENCY_UNKNOWN
        assert (method.full_name in repeated) == (safe and not method.server_streaming)
    assert "sanset.v1.CartService.AddItem" not in repeated
    assert "sanset.v1.AuthService.Login" not in repeated
    assert config["methodConfig"][0]["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]


def test_a_callers_channel_options_win() -> None:
    options = options_of("", [("grpc.keepalive_time_ms", 1), ("grpc.http2.max_frame_size", 2)])
    assert dict(options)["grpc.keepalive_time_ms"] == 1
    assert len(dict(options)) == len(options)
