"""The cart through its public interface, on both databases."""

from __future__ import annotations

import grpc
import pytest
from running_shop import RunningShop, refusal

from sanset.v1 import cart_pb2 as pb


def test_adding_the_same_product_twice_merges_the_lines(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product(units=3, nanos=330_000_000)
    shop.add(buyer, product.id, 2)
    cart = shop.add(buyer, product.id, 1)
    assert [(item.product_id, item.quantity) for item in cart.items] == [(product.id, 3)]
    assert (cart.subtotal.units, cart.subtotal.nanos) == (9, 990_000_000)


@pytest.mark.parametrize("lines", [1, 30])
def test_reading_a_cart_takes_two_queries_whatever_its_size(shop: RunningShop, lines: int) -> None:
    buyer = shop.customer()
    for _ in range(lines):
        shop.add(buyer, shop.product().id)
    with shop.counted_queries() as queries:
        shop.cart.GetCart(pb.GetCartRequest(), metadata=buyer.metadata)
    assert len(queries) == 2, queries


def test_more_than_is_left_is_refused_and_changes_nothing(shop: RunningShop) -> None:
    buyer, product = shop.customer(), shop.product(stock=3)
    shop.add(buyer, product.id, 2)
    with pytest.raises(grpc.RpcError) as caught:
        shop.add(buyer, product.id, 2)
    refused = refusal(caught.value)
    assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "OUT_OF_STOCK")
    assert (refused.facts["available"], refused.facts["wanted"]) == ("3", "4")
    assert shop.cart.GetCart(pb.GetCartRequest(), metadata=buyer.metadata).item_count == 2
