"""Short ways to what the tests of carts and checkouts need: amounts, buyers, and what lies where."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.type.money_pb2 import Money
from sanset.v1 import cart_pb2, inventory_pb2, order_pb2
from sqlalchemy import update
from support.catalog_shop import add_variant
from support.running_shop import Account, Refused, RunningShop, refusal

from server.clock import utc_now
from server.order.models import Order
from server.order.points import TierPoints

CENT = 10_000_000
"""In nanos."""


def cents(money: Money) -> int:
    """An amount in US cents."""
    assert money.currency_code == "USD"
    return money.units * 100 + money.nanos // CENT


def read_cart(shop: RunningShop, buyer: Account) -> cart_pb2.Cart:
    """A buyer's cart."""
    return shop.cart.GetCart(cart_pb2.GetCartRequest(), metadata=buyer.metadata)


def told(cart: cart_pb2.Cart) -> list[str]:
    """The sentences of what changed in a cart."""
    return [change.message for change in cart.changes]


def cart_of(shop: RunningShop, buyer: Account) -> dict[int, int]:
    """The units in a cart, by product."""
    return {item.product_id: item.quantity for item in read_cart(shop, buyer).items}


def stock_of(shop: RunningShop, product_id: int) -> int:
    """The units of a product that can be ordered."""
    request = inventory_pb2.GetInventoryRequest(product_id=product_id)
    return shop.inventory.GetInventory(request).total_available


def second_variant(shop: RunningShop, product_id: int, price: int) -> int:
    """A second variant of a product, at a price in cents; five units are in stock."""
    return add_variant(shop, product_id, cents=price, size="Second").id


def buyer_of(
    shop: RunningShop, price: int = 1000, quantity: int = 1, *, stock: int = 5
) -> tuple[Account, int]:
    """A new buyer with units of a new product, at a price in cents, in the cart; and the product's id."""
    buyer = shop.customer()
    product = shop.product(units=price // 100, nanos=price % 100 * CENT, stock=stock)
    shop.add(buyer, product.id, quantity)
    return buyer, product.id


def deliver(shop: RunningShop, order_id: int, *, days_ago: float = 0) -> None:
    """Bring an order to its buyer; with `days_ago` it arrived then, and what is due by now counts for the tier."""
    for status in (order_pb2.Order.PROCESSING, order_pb2.Order.SHIPPED, order_pb2.Order.DELIVERED):
        shop.move(order_id, status)
    if days_ago:
        let_days_pass(shop, order_id, days_ago)


def let_days_pass(shop: RunningShop, order_id: int, days: float) -> None:
    """Have an order been delivered so many days ago, and let the job count the points that are due."""
    with shop.app.db.transaction() as tx:
        moment = utc_now() - timedelta(days=days)
        tx.execute(update(Order).where(Order.id == order_id).values(delivered_at=moment))
    count_points(shop)


def count_points(shop: RunningShop) -> None:
    """Let the job run that lets points count for the tier."""
    within = timedelta(days=shop.settings.return_days)
    shop.run(TierPoints(shop.app.core.work, utc_now, within).run())


def forget(shop: RunningShop, request_id: str) -> None:
    """Forget the reply of a request id, as the nightly cleanup does after a day."""
    shop.sql("DELETE FROM idempotency_keys WHERE request_id = :id", id=request_id)


def refused(shop: RunningShop, buyer: Account, **fields: Any) -> Refused:
    """How a checkout is refused."""
    with pytest.raises(grpc.RpcError) as caught:
        shop.checkout(buyer, **fields)
    return refusal(caught.value)
