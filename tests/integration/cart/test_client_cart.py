"""The Python client's cart before signing in: its token is kept and sent, and SyncCart takes the cart over."""

from __future__ import annotations

import asyncio

import pytest
from sanset.v1.cart_pb2 import Cart
from sanset_client import AsyncClient, Client, NotFound
from support.running_shop import PASSWORD, RunningShop

pytestmark = pytest.mark.either


def test_a_guest_has_one_cart_and_takes_it_along(shop: RunningShop) -> None:
    first, second, buyer = shop.product(), shop.product(), shop.customer()
    with Client(shop.target) as client:
        assert client.cart_token == ""
        client.cart.add(product_id=first.id, quantity=2)
        client.cart.add(product_id=second.id)
        assert _units(client.cart.get_cart()) == {first.id: 2, second.id: 1}
        client.login(buyer.email, PASSWORD)
        assert _units(client.cart.get_cart()) == {}  # taking it over is the caller's decision
        for _ in range(2):
            assert _units(client.cart.sync_cart()) == {first.id: 2, second.id: 1}
        client.logout()
        assert _units(client.cart.get_cart()) == {}
        taken_over = client.cart_token
        client.cart.add(product_id=second.id)
        assert client.cart_token != taken_over


def test_a_guests_cart_outlives_the_client(shop: RunningShop) -> None:
    product = shop.product()
    with Client(shop.target) as client:
        client.cart.add(product_id=product.id)
        token = client.cart_token
    with Client(shop.target, cart_token=token) as client:
        assert _units(client.cart.get_cart()) == {product.id: 1}


def test_a_token_that_the_caller_names_wins(shop: RunningShop) -> None:
    product, buyer = shop.product(), shop.customer()
    with Client(shop.target) as client:
        client.cart.add(product_id=product.id)
        client.login(buyer.email, PASSWORD)
        with pytest.raises(NotFound):
            client.cart.sync_cart(cart_token="x" * 43)
        assert _units(client.cart.sync_cart(cart_token=client.cart_token)) == {product.id: 1}


def test_the_same_with_asyncio(shop: RunningShop) -> None:
    product, buyer = shop.product(), shop.customer()

    async def story() -> None:
        async with AsyncClient(shop.target) as client:
            for _ in range(2):
                await client.cart.add(product_id=product.id)
            assert _units(await client.cart.get_cart()) == {product.id: 2}
            await client.login(buyer.email, PASSWORD)
            assert _units(await client.cart.sync_cart()) == {product.id: 2}

    asyncio.run(story())


def _units(cart: Cart) -> dict[int, int]:
    return {item.product_id: item.quantity for item in cart.items}
