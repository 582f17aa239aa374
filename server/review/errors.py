"""Why reviews are refused."""

from __future__ import annotations

from server.errors import AlreadyExists, FailedPrecondition, NotFound, PermissionDenied


class ReviewNotFound(NotFound):
    """No such review, or one that the caller may not see."""

    message = "There is no review {review_id}."


class AlreadyReviewed(AlreadyExists):
    """The caller has reviewed the product."""

    message = "You have reviewed the product {product_id} already: change that review."


class NotABuyer(FailedPrecondition, reason="NOT_A_BUYER"):
    """No order of the caller's with the product was delivered."""

    message = "You can review the product {product_id} once it was delivered to you."


class OwnProduct(PermissionDenied):
    """The caller sells the product."""

    message = "You sell the product {product_id} yourself: its buyers review it."
