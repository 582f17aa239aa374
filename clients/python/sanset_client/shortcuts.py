"""The methods that are more than an RPC with its own name."""

from __future__ import annotations

from sanset.v1 import cart_pb2

from sanset_client.methods.cart import CartMethods, add_item
from sanset_client.methods.order import OrderMethods
from sanset_client.rpc import Many, Unary
from sanset_client.tracking import follow


class CartShortcuts(CartMethods):
    """The caller's cart and wishlist. `add` is `add_item`."""

    add = Unary("AddItem", add_item, cart_pb2.Cart)


class OrderShortcuts(OrderMethods):
    """Orders, and following them: `track` goes through each step, `track_order` through one stream as it comes."""

    track = Many(follow)
