"""Every RPC of the contract is a method of both clients, with the types of the contract."""

from __future__ import annotations

import asyncio
import inspect
import re

import pytest
from google.protobuf.descriptor import MethodDescriptor
from sanset.v1.payment_pb2 import Payment
from sanset_client import AsyncClient, Client
from sanset_client.methods import services
from sanset_client.rpc import Items, Stream, Unary
from shop_double import PRODUCTS, ShopDouble, event
from support.every import every

from server import contract

SERVICES = {
    service.name: [
        client
        for _, client in inspect.getmembers(services, inspect.isclass)
        if f"{service.name}Stub" in [base.__name__ for base in client.__bases__]
    ]
    for service in contract.SERVICES
}
"""By name the classes of each service, for calls that wait and for those that are awaited."""

RPCS = contract.METHODS


@every("rpc", {rpc.full_name.removeprefix("sanset.v1."): rpc for rpc in RPCS})
def test_an_rpc_is_a_method_of_its_own_name(rpc: MethodDescriptor) -> None:
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", rpc.name).lower()
    classes = SERVICES[rpc.containing_service.name]
    assert len(classes) == 2
    for service in classes:
        method = getattr(service, snake)
        assert isinstance(method, Stream if rpc.server_streaming else Unary)
        assert method.rpc == rpc.name
        assert method.request().request.DESCRIPTOR is rpc.input_type
        assert method.reply.DESCRIPTOR is rpc.output_type


def test_every_list_by_pages_can_be_gone_through() -> None:
    paged = {rpc.name for rpc in RPCS if "next_page_token" in rpc.output_type.fields_by_name}
    iterable = {
        method.rpc
        for service, _ in SERVICES.values()
        for _, method in inspect.getmembers(service, lambda member: isinstance(member, Items))
    }
    assert iterable == paged
    for service, _ in SERVICES.values():
        for _, method in inspect.getmembers(service, lambda member: isinstance(member, Items)):
            rpc = next(rpc for rpc in RPCS if rpc.name == method.rpc)
            assert method.request().request.DESCRIPTOR is rpc.input_type
            assert method.item.DESCRIPTOR is rpc.output_type.fields_by_name["items"].message_type


def test_going_through_a_list_fetches_pages_as_they_are_needed(shop: ShopDouble, client: Client) -> None:
    products = client.catalog.iter_products(category="coffee", page_size=20)
    assert [next(products).id for _ in range(20)] == list(range(1, 21))
    assert len(shop.requests("ListProducts")) == 1
    assert len(list(products)) == PRODUCTS - 20
    assert [request.category for request in shop.requests("ListProducts")] == ["coffee"] * 3


def test_an_argument_that_the_request_lacks_is_refused_by_the_client(client: Client) -> None:
    with pytest.raises(TypeError, match="categry"):
        client.catalog.list_products(categry="coffee")  # type: ignore[call-arg]


def test_every_call_takes_a_timeout_and_metadata(shop: ShopDouble, client: Client) -> None:
    client.catalog.get_product(product_id=7, timeout=3, metadata=[("x-trace", "abc")])
    list(client.catalog.iter_products(page_size=40, timeout=3, metadata=[("x-trace", "abc")]))
    shop.streams.append([event(1)])
    list(client.orders.track_order(order_id=9, timeout=3, metadata=[("x-trace", "abc")]))
    calls = [seen for seen in shop.seen if seen.rpc != "Login"]
    assert [seen.rpc for seen in calls] == ["GetProduct", "ListProducts", "ListProducts", "TrackOrder"]
    for seen in calls:
        assert seen.metadata["x-trace"] == "abc"
        assert seen.seconds_left is not None
        assert 2 < seen.seconds_left <= 3.1


def test_the_methods_of_asyncio_take_them_as_well(shop: ShopDouble, address: str) -> None:
    async def scenario() -> None:
        async with AsyncClient(address) as client:
            await client.login("john@example.com", "secret-1")
            await client.catalog.get_product(product_id=7, timeout=3, metadata=[("x-trace", "abc")])
            shop.streams.append([event(1)])
            steps = client.orders.track_order(order_id=9, timeout=3, metadata=[("x-trace", "abc")])
            assert [message.event.sequence async for message in steps] == [1]

    asyncio.run(scenario())
    for seen in shop.seen[1:]:
        assert seen.metadata["x-trace"] == "abc"
        assert seen.seconds_left is not None
        assert 2 < seen.seconds_left <= 3.1


def test_the_value_of_an_enum_may_be_said_by_its_name(shop: ShopDouble, client: Client) -> None:
    reply = client.orders.checkout(payment_method="CARD")
    assert shop.requests("Checkout")[0].payment_method == Payment.CARD
    assert reply.payment_url == "https://pay.example.com/9"
    with pytest.raises(ValueError, match="CRAD"):
        client.orders.checkout(payment_method="CRAD")  # type: ignore[arg-type]


def test_what_has_presence_is_sent_when_it_is_zero_and_not_when_it_is_absent(
    shop: ShopDouble, client: Client
) -> None:
    client.catalog.get_product(slug="espresso")
    client.catalog.get_product(product_id=0)
    assert [request.WhichOneof("key") for request in shop.requests("GetProduct")] == ["slug", "product_id"]


def test_a_method_says_what_its_rpc_does(client: Client) -> None:
    assert (client.catalog.get_product.__doc__ or "").startswith("Gets a product")
    assert "timeout" in inspect.signature(client.catalog.iter_products).parameters


def test_leaving_a_stream_ends_it_on_the_server(shop: ShopDouble, client: Client) -> None:
    shop.streams.append([event(1), event(2), *[event(3)] * 9])
    messages = client.orders.track_order(order_id=9)
    assert next(messages).event.sequence == 1
    messages.close()
    assert shop.stream_ended.wait(5)
