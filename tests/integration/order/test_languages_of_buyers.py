"""What people read comes in the language of the call; programs read the same whatever it is."""

from __future__ import annotations

import pytest
from sanset.v1 import cart_pb2, tracking_pb2
from support.cart_shop import buyer_of
from support.running_shop import RunningShop

pytestmark = pytest.mark.either

GERMAN = ("accept-language", "de-DE,de;q=0.9,en;q=0.5")


def test_a_cart_and_an_order_speak_the_language_of_the_call(shop: RunningShop) -> None:
    buyer, product_id = buyer_of(shop, 1000, 2)
    name = shop.cart.GetCart(cart_pb2.GetCartRequest(), metadata=buyer.metadata).items[0].name
    shop.sql("UPDATE products SET price_minor = 900 WHERE id = :id", id=product_id)
    german = (*buyer.metadata, GERMAN)
    (change,) = shop.cart.GetCart(cart_pb2.GetCartRequest(), metadata=german).changes
    assert change.message == f"Der Preis von {name} ist von 10.00 USD auf 9.00 USD gefallen."
    (english,) = shop.cart.GetCart(cart_pb2.GetCartRequest(), metadata=buyer.metadata).changes
    assert english.message == f"The price of {name} fell from 10.00 USD to 9.00 USD."
    order = shop.checkout(buyer).order
    request = tracking_pb2.GetTrackingRequest(order_id=order.id)
    told = [event.message for event in shop.orders.GetTracking(request, metadata=german).events]
    assert told[0] == "Ihre Bestellung ist eingegangen und wartet auf die Zahlung."
    plain = shop.orders.GetTracking(request, metadata=buyer.metadata).events[0]
    assert plain.message == "Your order was placed and waits for its payment."
