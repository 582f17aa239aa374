"""Lists that are short in most shops: they page as the long ones do, on both databases."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from sanset.v1 import (
    category_pb2,
    payment_method_pb2,
    payment_pb2,
    promotion_pb2,
    refund_service_pb2,
    webhook_pb2,
)
from support.page_by_page import page_by_page
from support.refund_story import bought, refund
from support.running_shop import Refused, RunningShop, refusal

Read = Callable[..., Any]
"""Reads a page by the fields of its request."""


def _read(stub: Any, name: str, request: Any, metadata: Any = (), **scope: object) -> Read:
    return lambda **fields: getattr(stub, name)(request(**scope, **fields), metadata=metadata)


def _refunds(shop: RunningShop) -> Read:
    buyer = shop.customer()
    order = bought(shop, buyer, (10, 0, 5))
    for _ in range(5):
        refund(shop, order.id, amount={"units": 1, "currency_code": "USD"})
    request = refund_service_pb2.ListRefundsRequest
    return _read(shop.refunds, "ListRefunds", request, buyer.metadata, order_id=order.id)


def _payment_methods(shop: RunningShop) -> Read:
    owner = shop.customer(address=False)
    for number in range(5):
        method = payment_method_pb2.PaymentMethod(
            kind=payment_pb2.Payment.CARD, token=f"pm_{number}", is_default=number == 2
        )
        shop.users.CreatePaymentMethod(
            payment_method_pb2.CreatePaymentMethodRequest(payment_method=method), metadata=owner.metadata
        )
    return _read(
        shop.users, "ListPaymentMethods", payment_method_pb2.ListPaymentMethodsRequest, owner.metadata
    )


def _endpoints(shop: RunningShop) -> Read:
    for _ in range(3):
        endpoint = webhook_pb2.WebhookEndpoint(url=f"https://8.8.8.8/{uuid.uuid4().hex}", active=False)
        shop.webhooks.CreateWebhookEndpoint(
            webhook_pb2.CreateWebhookEndpointRequest(endpoint=endpoint), metadata=shop.admin.metadata
        )
    request = webhook_pb2.ListWebhookEndpointsRequest
    return _read(shop.webhooks, "ListWebhookEndpoints", request, shop.admin.metadata)


def _categories(shop: RunningShop) -> Read:
    for _ in range(3):
        category = category_pb2.Category(name=f"Shelf {uuid.uuid4().hex}")
        shop.catalog.CreateCategory(
            category_pb2.CreateCategoryRequest(category=category), metadata=shop.admin.metadata
        )
    return _read(shop.catalog, "ListCategories", category_pb2.ListCategoriesRequest)


def _tiers(shop: RunningShop) -> Read:
    return _read(shop.promotions, "ListTiers", promotion_pb2.ListTiersRequest)


LISTS = {
    "refunds": _refunds,
    "payment methods": _payment_methods,
    "webhook endpoints": _endpoints,
    "categories": _categories,
    "tiers": _tiers,
}


def _refusal(read: Read, token: str) -> Refused:
    with pytest.raises(grpc.RpcError) as caught:
        read(page_token=token)
    return refusal(caught.value)


@pytest.mark.parametrize("make", LISTS.values(), ids=LISTS)
def test_a_walk_page_by_page_sees_each_once(shop: RunningShop, make: Callable[[RunningShop], Read]) -> None:
    read = make(shop)
    whole = [item for page in page_by_page(lambda token: read(page_token=token)) for item in page.items]
    pages = list(page_by_page(lambda token: read(page_size=2, page_token=token)))
    assert [item for page in pages for item in page.items] == whole
    assert all(len(page.items) == 2 for page in pages[:-1])
    assert len(pages) == (len(whole) + 1) // 2 >= 2
    refused = _refusal(read, pages[0].next_page_token[:-4] + "AAAA")
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")


def test_a_token_of_one_order_is_no_token_of_another(shop: RunningShop) -> None:
    token = _refunds(shop)(page_size=2).next_page_token
    assert _refusal(_refunds(shop), token).reason == "INVALID_PAGE_TOKEN"
