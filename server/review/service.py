"""The rules of reviews: who may write one, who sees it, and that what is published counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from server.catalog import listings
from server.catalog import queries as catalog
from server.catalog.errors import ProductNotFound
from server.db.base import AnyRow, Values
from server.db.rows import changed_columns
from server.etags import check_etag
from server.events.log import publish
from server.events.topics import ProductChanged
from server.identity import Identity, Permission
from server.order.buyer_queries import was_delivered
from server.review import queries
from server.review.errors import AlreadyReviewed, NotABuyer, OwnProduct, ReviewNotFound
from server.review.reviews import Status, StoredReview

Moderation = Literal["none", "first"]
"""Whether reviews are published at once, or once staff have seen them."""


def create_review(
    tx: Connection,
    caller: Identity,
    product_id: int,
    values: Values,
    *,
    moderation: Moderation,
    now: datetime,
) -> StoredReview:
    """Review a product. Raises ProductNotFound, OwnProduct, NotABuyer and AlreadyReviewed."""
    product = _lock_product(tx, product_id)
    if product.vendor_id == caller.user_id:
        raise OwnProduct(product_id=product_id)
    if not was_delivered(tx, caller.user_id, product_id):
        raise NotABuyer(product_id=product_id)
    status = Status.PENDING if moderation == "first" else Status.PUBLISHED
    row = {"product_id": product_id, "user_id": caller.user_id, "status": status}
    review_id = queries.insert_review(tx, values | row | {"created_at": now, "updated_at": now})
    if review_id is None:
        raise AlreadyReviewed(product_id=product_id)
    created = _existing(tx, review_id)
    _count(tx, None, created)
    return created


def get_review(
    connection: Connection, review_id: int, caller: Identity | None, *, is_staff: bool
) -> StoredReview:
    """Return a review that the caller, or anybody, may see. Raises ReviewNotFound."""
    review = _existing(connection, review_id)
    is_author = caller is not None and caller.user_id == review.user_id
    if not (review.is_published or is_author or is_staff):
        raise ReviewNotFound(review_id=review_id)
    return review


def update_review(
    tx: Connection,
    caller: Identity,
    review_id: int,
    etag: str,
    values: Values,
    *,
    moderation: Moderation,
    now: datetime,
) -> StoredReview:
    """Change a review of the caller's. Raises ReviewNotFound and StaleEtag."""
    before = _lock_review(tx, review_id, etag, _is_of(caller))
    changes = changed_columns(before, values)
    if not changes:
        return before
    stays = before.is_published and moderation == "none"
    status = before.status if stays else Status.PENDING
    queries.update_review(tx, review_id, changes | {"status": status, "updated_at": now})
    after = _existing(tx, review_id)
    _count(tx, before, after)
    return after


def moderate_review(
    tx: Connection, review_id: int, etag: str, status: str
) -> tuple[StoredReview, StoredReview]:
    """Publish or reject a review, and return it before and after. Raises ReviewNotFound and StaleEtag."""
    before = _lock_review(tx, review_id, etag, lambda _: True)
    if before.status == status:
        return before, before
    queries.update_review(tx, review_id, {"status": status})
    after = _existing(tx, review_id)
    _count(tx, before, after)
    return before, after


def delete_review(
    tx: Connection, caller: Identity, review_id: int, etag: str, *, moderation: Moderation, now: datetime
) -> StoredReview:
    """Delete a review of the caller's, or as staff any; return it. Raises ReviewNotFound and StaleEtag."""
    mine, is_staff = _is_of(caller), caller.may(Permission.MANAGE_REVIEWS)
    before = _lock_review(tx, review_id, etag, lambda review: is_staff or mine(review))
    if moderation == "none" and not (before.is_published or is_staff):
        # It was rejected once. Without it the author could publish the same again, which nobody would look at.
        emptied = {"title": "", "text": "", "status": Status.REJECTED, "updated_at": now}
        queries.update_review(tx, review_id, emptied)
        return before
    queries.delete_review(tx, review_id)
    _count(tx, before, None)
    return before


def delete_some_of(tx: Connection, user_id: int, limit: int) -> int:
    """Delete some reviews of a user, whatever became of their products; returns how many."""
    product_ids = queries.reviewed_products(tx, user_id, limit)
    for product_id in product_ids:  # in the order in which all lock products
        catalog.lock_product(tx, product_id)
        review = queries.review_of(tx, user_id, product_id)
        if review is not None:
            queries.delete_review(tx, review.id)
            _count(tx, review, None)
    return len(product_ids)


def _is_of(caller: Identity) -> Callable[[StoredReview], bool]:
    return lambda review: review.user_id == caller.user_id


def _lock_product(tx: Connection, product_id: int) -> AnyRow:
    """The product, under whose lock all of its reviews change. Raises ProductNotFound."""
    product = catalog.lock_product(tx, product_id)
    if product is None:
        raise ProductNotFound(product_id=product_id)
    return product


def _lock_review(
    tx: Connection, review_id: int, etag: str, may: Callable[[StoredReview], bool]
) -> StoredReview:
    """A review that may be changed, as it is under its product's lock. Raises ReviewNotFound and StaleEtag."""
    seen = queries.review(tx, review_id)
    if seen is None or not may(seen) or catalog.lock_product(tx, seen.product_id) is None:
        raise ReviewNotFound(review_id=review_id)
    review = _existing(tx, review_id)
    check_etag(etag, review.etag, "review")
    return review


def _existing(connection: Connection, review_id: int) -> StoredReview:
    review = queries.review(connection, review_id)
    if review is None:
        raise ReviewNotFound(review_id=review_id)
    return review


def _count(tx: Connection, before: StoredReview | None, after: StoredReview | None) -> None:
    """Count what is published now and was not, and the other way round; the product is locked."""
    lost, won = _counted(before), _counted(after)
    review = after or before
    if lost == won or review is None:
        return
    if lost is not None:
        queries.count_review(tx, review.product_id, lost, -1)
    if won is not None:
        queries.count_review(tx, review.product_id, won, 1)
    summary = queries.summary(tx, review.product_id)
    catalog.rate_product(tx, review.product_id, summary.rating, summary.count)
    lists = listings.rate(tx, review.product_id, summary.rating)
    publish(tx, ProductChanged(review.product_id, tuple(sorted(lists))))


def _counted(review: StoredReview | None) -> int | None:
    """The stars that a review counts for."""
    return review.rating if review is not None and review.is_published else None
