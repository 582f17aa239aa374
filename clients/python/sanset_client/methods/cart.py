"""Fills a cart and calculates its cost.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.protobuf import empty_pb2
from sanset.v1 import cart_pb2, pricing_pb2, wishlist_pb2
from typing import Literal

from sanset_client.rpc import Metadata, Prepared, Items, Unary, prepare

SyncCartRequestStrategyName = Literal["STRATEGY_UNSPECIFIED", "SUM", "KEEP_MINE", "KEEP_GUEST"]


def get_cart(
    *,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets the caller's cart, with today's prices and stock on every line."""
    return prepare(
        cart_pb2.GetCartRequest,
        timeout,
        metadata,
    )


def add_item(
    *,
    product_id: int | None = None,
    variant_id: int | None = None,
    quantity: int | None = None,
    attribution_token: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Adds a product to the cart, and returns the cart.

    A variant that is there already has its quantity increased. Returns NOT_FOUND (PRODUCT_NOT_FOUND),
    INVALID_ARGUMENT (QUANTITY_ABOVE_LIMIT) beyond the product's `max_quantity`, and FAILED_PRECONDITION when less is
    left than the line would hold (OUT_OF_STOCK), when the cart is in another currency (CURRENCY_MISMATCH) or has as
    many lines as it may (CART_FULL). LineFailure has the facts. Nothing is reserved before Checkout.
    """
    return prepare(
        cart_pb2.AddItemRequest,
        timeout,
        metadata,
        product_id=product_id,
        variant_id=variant_id,
        quantity=quantity,
        attribution_token=attribution_token,
        request_id=request_id,
    )


def update_item(
    *,
    item_id: int | None = None,
    quantity: int | None = None,
    etag: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Sets the quantity of an item, and returns the cart. Fails as AddItem; NOT_FOUND (CART_ITEM_NOT_FOUND)."""
    return prepare(
        cart_pb2.UpdateItemRequest,
        timeout,
        metadata,
        item_id=item_id,
        quantity=quantity,
        etag=etag,
        request_id=request_id,
    )


def remove_item(
    *,
    item_id: int | None = None,
    product_id: int | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Removes an item, and returns the cart. Returns NOT_FOUND (CART_ITEM_NOT_FOUND) when the cart has no such item."""
    return prepare(
        cart_pb2.RemoveItemRequest,
        timeout,
        metadata,
        item_id=item_id,
        product_id=product_id,
        request_id=request_id,
    )


def clear_cart(
    *,
    etag: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Empties the cart, and returns it."""
    return prepare(
        cart_pb2.ClearCartRequest,
        timeout,
        metadata,
        etag=etag,
        request_id=request_id,
    )


def get_total(
    *,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Says what the cart would cost, sent to the caller's default address."""
    return prepare(
        cart_pb2.GetTotalRequest,
        timeout,
        metadata,
    )


def sync_cart(
    *,
    cart_token: str | None = None,
    strategy: cart_pb2.SyncCartRequest.Strategy.ValueType | SyncCartRequestStrategyName | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Moves what a guest's cart holds into the caller's own, and returns that.

    The guest's cart is gone afterwards; a repeat changes nothing and returns the cart as it is then. Units that a
    strategy cannot fit (sold out, above a product's limit, another currency, a full cart) are left out and named
    in `Cart.changes`; a repeat names them again only under the same `request_id`. Returns NOT_FOUND (CART_NOT_FOUND)
    for a token that is unknown, expired, or was merged into another user's cart.
    """
    return prepare(
        cart_pb2.SyncCartRequest,
        timeout,
        metadata,
        cart_token=cart_token,
        strategy=strategy,
        request_id=request_id,
    )


def apply_coupon(
    *,
    code: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Puts a coupon on the cart, in place of another, and returns the cart.

    Nothing is reserved before Checkout. Returns FAILED_PRECONDITION with a reason of its own, and the facts as
    CouponFailure: COUPON_UNKNOWN, COUPON_DISABLED, COUPON_NOT_STARTED, COUPON_EXPIRED, COUPON_BELOW_MINIMUM,
    COUPON_TIER_TOO_LOW, COUPON_USED_UP, COUPON_USED_BY_YOU, COUPON_CURRENCY, COUPON_HELD (by an unpaid order).
    """
    return prepare(
        cart_pb2.ApplyCouponRequest,
        timeout,
        metadata,
        code=code,
        request_id=request_id,
    )


def remove_coupon(
    *,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Takes the coupon off the cart, and returns the cart."""
    return prepare(
        cart_pb2.RemoveCouponRequest,
        timeout,
        metadata,
        request_id=request_id,
    )


def redeem_points(
    *,
    points: int | None = None,
    all: bool | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Sets how many points the next checkout redeems, and returns the cart.

    100 points are worth 1.00; no more are taken than the order needs, and none before Checkout. Returns
    FAILED_PRECONDITION (POINTS_TOO_FEW) when the caller has fewer, POINTS_HELD when unpaid orders hold them,
    INVALID_ARGUMENT when neither `points` nor `all` is said.
    """
    return prepare(
        cart_pb2.RedeemPointsRequest,
        timeout,
        metadata,
        points=points,
        all=all,
        request_id=request_id,
    )


def list_wishlist(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the products the caller wishes for, the latest first."""
    return prepare(
        wishlist_pb2.ListWishlistRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def add_to_wishlist(
    *,
    product_id: int | None = None,
    variant_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Puts a product on the caller's wishlist; one that is there already stays where it is.

    Returns NOT_FOUND (PRODUCT_NOT_FOUND), FAILED_PRECONDITION (TOO_MANY) beyond 500.
    """
    return prepare(
        wishlist_pb2.AddToWishlistRequest,
        timeout,
        metadata,
        product_id=product_id,
        variant_id=variant_id,
    )


def remove_from_wishlist(
    *,
    product_id: int | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Takes a product off the wishlist. Returns NOT_FOUND (WISHLIST_ITEM_NOT_FOUND) when it is not on it."""
    return prepare(
        wishlist_pb2.RemoveFromWishlistRequest,
        timeout,
        metadata,
        product_id=product_id,
        request_id=request_id,
    )


def move_to_cart(
    *,
    product_id: int | None = None,
    quantity: int | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Moves a product from the wishlist into the cart, and returns the cart. When it fails as AddItem, it stays there."""
    return prepare(
        wishlist_pb2.MoveToCartRequest,
        timeout,
        metadata,
        product_id=product_id,
        quantity=quantity,
        request_id=request_id,
    )


class CartMethods:
    """Fills a cart and calculates its cost."""

    get_cart = Unary("GetCart", get_cart, cart_pb2.Cart)
    add_item = Unary("AddItem", add_item, cart_pb2.Cart)
    update_item = Unary("UpdateItem", update_item, cart_pb2.Cart)
    remove_item = Unary("RemoveItem", remove_item, cart_pb2.Cart)
    clear_cart = Unary("ClearCart", clear_cart, cart_pb2.Cart)
    get_total = Unary("GetTotal", get_total, pricing_pb2.Totals)
    sync_cart = Unary("SyncCart", sync_cart, cart_pb2.Cart)
    apply_coupon = Unary("ApplyCoupon", apply_coupon, cart_pb2.Cart)
    remove_coupon = Unary("RemoveCoupon", remove_coupon, cart_pb2.Cart)
    redeem_points = Unary("RedeemPoints", redeem_points, cart_pb2.Cart)
    list_wishlist = Unary("ListWishlist", list_wishlist, wishlist_pb2.ListWishlistResponse)
    iter_wishlist = Items("ListWishlist", list_wishlist.request, wishlist_pb2.WishlistItem)
    add_to_wishlist = Unary("AddToWishlist", add_to_wishlist, wishlist_pb2.WishlistItem)
    remove_from_wishlist = Unary("RemoveFromWishlist", remove_from_wishlist, empty_pb2.Empty)
    move_to_cart = Unary("MoveToCart", move_to_cart, cart_pb2.Cart)
