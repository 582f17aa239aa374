"""Every RPC of the contract is a method of both clients, with the types of the contract."""

from __future__ import annotations

import inspect
import re

import pytest
from google.protobuf.descriptor import MethodDescriptor
from sanset_client import Client
from sanset_client.aio.services import (
    AsyncAuth,
    AsyncCart,
    AsyncCatalog,
    AsyncInventory,
    AsyncModels,
    AsyncOrders,
    AsyncPayments,
    AsyncPromotions,
    AsyncRecommend,
    AsyncRefunds,
    AsyncSegments,
    AsyncUsers,
    AsyncWebhooks,
)
from sanset_client.rpc import Items, Stream, Unary
from sanset_client.services import (
    Auth,
    Cart,
    Catalog,
    Inventory,
    Models,
    Orders,
    Payments,
    Promotions,
    Recommend,
    Refunds,
    Segments,
    Users,
    Webhooks,
)
from shop_double import PRODUCTS, ShopDouble

from server import contract

SERVICES = {
    "AuthService": (Auth, AsyncAuth),
    "CatalogService": (Catalog, AsyncCatalog),
    "UserService": (Users, AsyncUsers),
    "InventoryService": (Inventory, AsyncInventory),
    "CartService": (Cart, AsyncCart),
    "PromotionService": (Promotions, AsyncPromotions),
    "OrderService": (Orders, AsyncOrders),
    "PaymentService": (Payments, AsyncPayments),
    "RefundService": (Refunds, AsyncRefunds),
    "WebhookService": (Webhooks, AsyncWebhooks),
    "RecommendService": (Recommend, AsyncRecommend),
    "ModelService": (Models, AsyncModels),
    "SegmentService": (Segments, AsyncSegments),
}
RPCS = contract.METHODS


@pytest.mark.parametrize("rpc", RPCS, ids=lambda rpc: rpc.full_name.removeprefix("sanset.v1."))
def test_an_rpc_is_a_method_of_its_own_name(rpc: MethodDescriptor) -> None:
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", rpc.name).lower()
    for service in SERVICES[rpc.containing_service.name]:
        method = getattr(service, snake)
        assert isinstance(method, Stream if rpc.server_streaming else Unary)
        assert method.rpc == rpc.name
        assert method.request.DESCRIPTOR is rpc.input_type
        reply = rpc.output_type
        if part := getattr(method, "part", ""):
            reply = reply.fields_by_name[part].message_type
        assert method.reply.DESCRIPTOR is reply


def test_every_list_by_pages_can_be_gone_through() -> None:
    paged = {rpc.name for rpc in RPCS if "next_page_token" in rpc.output_type.fields_by_name}
    found = {
        method.rpc
        for service, _ in SERVICES.values()
        for _, method in inspect.getmembers(service, lambda member: isinstance(member, Items))
    }
    assert found == paged
    for service, _ in SERVICES.values():
        for _, method in inspect.getmembers(service, lambda member: isinstance(member, Items)):
            rpc = next(rpc for rpc in RPCS if rpc.name == method.rpc)
            assert method.request.DESCRIPTOR is rpc.input_type
            assert method.reply.DESCRIPTOR is rpc.output_type.fields_by_name["items"].message_type


def test_going_through_a_list_fetches_pages_as_they_are_needed(shop: ShopDouble, client: Client) -> None:
    products = client.catalog.iter_products(category="coffee", page_size=20)
    assert [next(products).id for _ in range(20)] == list(range(1, 21))
    assert len(shop.requests("ListProducts")) == 1
    assert len(list(products)) == PRODUCTS - 20
    assert [request.category for request in shop.requests("ListProducts")] == ["coffee"] * 3


def test_an_argument_that_the_request_lacks_is_refused_by_the_client(client: Client) -> None:
    with pytest.raises(ValueError, match="categry"):
        client.catalog.list_products(categry="coffee")  # type: ignore[call-arg]
