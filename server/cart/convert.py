"""Between the cart's protobuf messages and plain values."""

from __future__ import annotations

from sanset.v1 import cart_pb2 as pb

from server.cart.pricing import Totals
from server.cart.service import CartLine, CartView
from server.etags import etag_of
from server.rpc.wire import MAX_INT32, money_to_wire, time_to_wire


def cart_to_wire(cart: CartView) -> pb.Cart:
    """A cart with its lines."""
    return pb.Cart(
        items=[line_to_wire(line) for line in cart.lines],
        subtotal=money_to_wire(sum(line.total_minor for line in cart.lines), cart.currency),
        item_count=sum(line.quantity for line in cart.lines),
        etag=etag_of(cart.version),
        update_time=time_to_wire(cart.updated_at),
    )


def line_to_wire(line: CartLine) -> pb.CartItem:
    """A line of a cart."""
    offer = line.offer
    return pb.CartItem(
        id=line.item_id,
        product_id=offer.product_id,
        variant_id=offer.variant_id,
        name=offer.name,
        quantity=line.quantity,
        price=money_to_wire(offer.price_minor, offer.currency),
        line_total=money_to_wire(line.total_minor, offer.currency),
        added_price=money_to_wire(line.added_price_minor, offer.currency),
        price_changed=line.added_price_minor != offer.price_minor,
        stock=min(offer.available, MAX_INT32) if offer.on_sale else 0,
        available=line.can_be_ordered,
    )


def totals_to_wire(totals: Totals) -> pb.Totals:
    """What a set of lines costs."""
    return pb.Totals(
        subtotal=money_to_wire(totals.subtotal, totals.currency),
        discount=money_to_wire(totals.discount, totals.currency),
        tax=money_to_wire(totals.tax, totals.currency),
        shipping=money_to_wire(totals.shipping, totals.currency),
        total=money_to_wire(totals.total, totals.currency),
    )


def delivery_from_wire(option: pb.Delivery.Option.ValueType) -> str:
    """The delivery option, STANDARD when none is named."""
    return pb.Delivery.Option.Name(option or pb.Delivery.STANDARD)
