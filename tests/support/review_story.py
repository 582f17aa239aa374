"""What the tests of reviews share: buyers to whom products were delivered, and what they say."""

from __future__ import annotations

import uuid
from typing import Any

import grpc
import pytest
from sanset.v1 import review_pb2 as pb
from sanset.v1 import review_pb2_grpc
from sanset.v1.order_pb2 import Order
from support.running_shop import Account, Refused, RunningShop, refusal


def buyer_of(shop: RunningShop, *product_ids: int) -> Account:
    """A new customer to whom an order with products was delivered."""
    buyer = shop.customer()
    for product_id in product_ids:
        shop.add(buyer, product_id)
    order = shop.checkout(buyer).order
    for status in (Order.PROCESSING, Order.SHIPPED, Order.DELIVERED):
        shop.move(order.id, status)
    return buyer


def reviews(shop: RunningShop) -> review_pb2_grpc.ReviewServiceStub:
    """The service."""
    return review_pb2_grpc.ReviewServiceStub(shop.channel)


def review(shop: RunningShop, product_id: int, author: Account, rating: int = 4, **fields: Any) -> pb.Review:
    """Review a product."""
    new = pb.Review(rating=rating, **fields)
    request = pb.CreateReviewRequest(product_id=product_id, review=new, request_id=str(uuid.uuid4()))
    return reviews(shop).CreateReview(request, metadata=author.metadata)


def refused(call: Any, request: Any, by: Account | None = None) -> Refused:
    """Why a call is refused."""
    with pytest.raises(grpc.RpcError) as caught:
        call(request, metadata=by.metadata if by is not None else ())
    return refusal(caught.value)
