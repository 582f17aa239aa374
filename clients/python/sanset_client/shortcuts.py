"""The methods that are more than an RPC with its own name and its own reply."""

from __future__ import annotations

from sanset.v1 import cart_pb2, order_pb2, order_service_pb2

from sanset_client.methods import CartMethods, OrderMethods
from sanset_client.rpc import Unary


class CartShortcuts(CartMethods):
    """The caller's cart and wishlist. `add` is `add_item`."""

    add = Unary(cart_pb2.AddItemRequest, cart_pb2.Cart, rpc="AddItem")


class OrderShortcuts(OrderMethods):
    """Orders. `checkout` returns the order; the RPC `Checkout` also where a payment must be finished."""

    checkout = Unary(order_service_pb2.CheckoutRequest, order_pb2.Order, part="order")
