"""Why the cart refuses."""

from __future__ import annotations

from server.errors import FailedPrecondition, InvalidArgument, LineRefusal, NotFound


class CartItemNotFound(NotFound):
    """The caller's cart has no such item."""

    message = "Your cart has no item {item_id}."


class ProductNotInCart(NotFound, reason="CART_ITEM_NOT_FOUND"):
    """The caller's cart has no line of the product, or several of which none is meant."""

    message = "Your cart has no item of product {product_id}."


class CartNotFound(NotFound):
    """No guest's cart has the token, or somebody else took it over."""

    message = "There is no cart with this token any more."


class WishlistItemNotFound(NotFound):
    """The caller's wishlist has no such product."""

    message = "Your wishlist has no product {product_id}."


class CartEmpty(FailedPrecondition):
    """There is nothing to order."""

    message = "Your cart is empty: add a product first."


class CartFull(FailedPrecondition):
    """The cart has as many lines as it may."""

    message = "A cart holds at most {limit} different products."


class CurrencyMismatch(LineRefusal, FailedPrecondition):
    """One cart, one currency."""

    message = "Your cart is in {cart_currency}; {name} is sold in {currency}. Clear the cart first."


class QuantityAboveLimit(LineRefusal, InvalidArgument):
    """More than one order may hold."""

    message = "One order may hold at most {limit} of {name}; {requested} wanted."
