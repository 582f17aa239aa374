"""Between the cart's protobuf messages and plain values."""

from __future__ import annotations

from sanset.v1 import cart_pb2 as pb
from sanset.v1 import pricing_pb2, wishlist_pb2

from server.cart.changes import CartChange, Change
from server.cart.merging import Strategy
from server.cart.view import CartLine, CartView
from server.cart.wishlist import Wish
from server.catalog.image_files import THUMBNAIL, file_url
from server.catalog.variants.convert import options_to_wire
from server.catalog.variants.options import COLOR, SIZE, value_of
from server.errors import Refusal
from server.etags import etag_of
from server.pricing.prices import PricedLine, Totals
from server.rpc.error_details import coupon_failure
from server.rpc.wire import MAX_INT32, money_to_wire, time_to_wire
from server.text.languages import refusal_said_in, spoken


def cart_to_wire(cart: CartView) -> pb.Cart:
    """A cart with its lines."""
    return pb.Cart(
        items=[line_to_wire(line, part) for line, part in cart.priced_lines],
        subtotal=money_to_wire(cart.priced.subtotal - cart.priced.product_discount, cart.currency),
        item_count=sum(line.quantity for line in cart.lines),
        etag=etag_of(cart.version),
        update_time=time_to_wire(cart.updated_at),
        token=cart.token,
        coupon_code=cart.coupon_code,
        coupon_failure=coupon_failure_to_wire(cart.problem) if cart.problem is not None else None,
        points=cart.points,
        totals=totals_to_wire(cart.priced),
        changes=map(change_to_wire, cart.changes),
    )


def change_to_wire(change: CartChange) -> pricing_pb2.CartChange:
    """Something that changed in a cart."""
    priced = change.code in (Change.PRICE_ROSE, Change.PRICE_FELL)
    return pricing_pb2.CartChange(
        code=pricing_pb2.CartChange.Code.Value(change.code),
        message=str(change.sentence),
        item_id=change.item_id,
        product_id=change.product_id,
        variant_id=change.variant_id,
        name=change.name,
        requested=change.requested,
        available=change.available,
        limit=min(change.limit, MAX_INT32),
        price_before=money_to_wire(change.price_before_minor, change.currency) if priced else None,
        price=money_to_wire(change.price_minor, change.currency) if priced else None,
        currency=change.currency,
        order_number=change.order_number,
    )


def coupon_failure_to_wire(problem: Refusal) -> pricing_pb2.CouponFailure:
    """Why a coupon takes nothing off."""
    failure = coupon_failure(problem.reason, problem.values)
    failure.message = refusal_said_in(problem, spoken())
    return failure


def line_to_wire(line: CartLine, part: PricedLine) -> pb.CartItem:
    """A line of a cart, with its part of the price."""
    offer = line.offer
    line_total = money_to_wire(offer.price_minor * line.quantity, offer.currency)
    return pb.CartItem(
        id=line.item_id,
        product_id=offer.product_id,
        variant_id=offer.variant_id,
        name=offer.name,
        quantity=line.quantity,
        price=money_to_wire(offer.price_minor, offer.currency),
        line_total=line_total,
        added_price=money_to_wire(line.added_price_minor, offer.currency),
        price_changed=line.added_price_minor != offer.price_minor,
        stock=min(offer.available, MAX_INT32) if offer.on_sale else 0,
        available=line.can_be_ordered,
        list_price=money_to_wire(offer.list_minor, offer.currency),
        discount=money_to_wire(part.discount, offer.currency),
        counted_quantity=line.counted,
        slug=offer.slug,
        max_quantity=offer.max_quantity,
        sku=offer.sku,
        options=options_to_wire(offer.options),
        color=value_of(offer.options, COLOR),
        size=value_of(offer.options, SIZE),
        product_name=offer.name,
        subtotal=line_total,
        product_image=file_url(offer.image, THUMBNAIL),
    )


def totals_to_wire(totals: Totals) -> pricing_pb2.Totals:
    """What a set of lines costs."""
    currency = totals.currency
    return pricing_pb2.Totals(
        subtotal=money_to_wire(totals.subtotal, currency),
        discount=money_to_wire(totals.discount, currency),
        tax=money_to_wire(totals.tax, currency),
        shipping=money_to_wire(totals.shipping, currency),
        total=money_to_wire(totals.total, currency),
        product_discount=money_to_wire(totals.product_discount, currency),
        tier_discount=money_to_wire(totals.tier_discount, currency),
        coupon_discount=money_to_wire(totals.coupon_discount, currency),
        points_discount=money_to_wire(totals.points_discount, currency),
        points_redeemed=totals.points_redeemed,
        points_earned=totals.points_earned,
    )


def wish_to_wire(wish: Wish) -> wishlist_pb2.WishlistItem:
    """A product that a user wishes for."""
    offer = wish.offer
    options = offer.options if wish.variant_id else ()
    return wishlist_pb2.WishlistItem(
        product_id=offer.product_id,
        variant_id=wish.variant_id or 0,
        name=offer.name,
        price=money_to_wire(offer.price_minor, offer.currency),
        added_price=money_to_wire(wish.added_price_minor, offer.currency),
        available=wish.available,
        create_time=time_to_wire(wish.created_at),
        sku=offer.sku,
        options=options_to_wire(options),
        color=value_of(options, COLOR),
        size=value_of(options, SIZE),
        product_image=file_url(offer.image, THUMBNAIL),
    )


def strategy_from_wire(strategy: pb.SyncCartRequest.Strategy.ValueType) -> Strategy:
    """How to merge, SUM when it is not said."""
    return Strategy(pb.SyncCartRequest.Strategy.Name(strategy or pb.SyncCartRequest.SUM))
