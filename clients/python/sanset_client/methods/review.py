"""Takes reviews from buyers, shows them, and lets staff moderate them.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.protobuf import empty_pb2, field_mask_pb2
from sanset.v1 import review_pb2
from typing import Literal

from sanset_client.rpc import Metadata, Prepared, Items, Unary, prepare

ListReviewsRequestSortName = Literal["SORT_UNSPECIFIED", "NEWEST", "HIGHEST", "LOWEST"]
ReviewStatusName = Literal["STATUS_UNSPECIFIED", "PENDING", "PUBLISHED", "REJECTED"]


def create_review(
    *,
    product_id: int | None = None,
    review: review_pb2.Review | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Reviews a product, and returns the review.

    For those to whom an order with the product was delivered, whatever became of it later; else the call is
    FAILED_PRECONDITION (NOT_A_BUYER). A buyer has one review of a product: ALREADY_EXISTS (ALREADY_REVIEWED). Returns
    PERMISSION_DENIED (OWN_PRODUCT) to the vendor who sells it, NOT_FOUND (PRODUCT_NOT_FOUND). With
    REVIEW_MODERATION=first it is PENDING until it was moderated.
    """
    return prepare(
        review_pb2.CreateReviewRequest,
        timeout,
        metadata,
        product_id=product_id,
        review=review,
        request_id=request_id,
    )


def list_reviews(
    *,
    product_id: int | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
    sort: review_pb2.ListReviewsRequest.Sort.ValueType | ListReviewsRequestSortName | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists what was published about a product, the newest first unless `sort` says otherwise, and sums it up.

    Returns NOT_FOUND (PRODUCT_NOT_FOUND).
    """
    return prepare(
        review_pb2.ListReviewsRequest,
        timeout,
        metadata,
        product_id=product_id,
        page_size=page_size,
        page_token=page_token,
        sort=sort,
    )


def get_review(
    *,
    review_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a review: a published one, one's own, or any for staff. Returns NOT_FOUND (REVIEW_NOT_FOUND)."""
    return prepare(
        review_pb2.GetReviewRequest,
        timeout,
        metadata,
        review_id=review_id,
    )


def update_review(
    *,
    review: review_pb2.Review | None = None,
    update_mask: field_mask_pb2.FieldMask | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Updates a review of the caller's, and returns it.

    Over HTTP PUT replaces it, PATCH changes what is sent, null clears. What was published stays so, unless with
    REVIEW_MODERATION=first; anything else is PENDING again. A stale etag is ABORTED (STALE_ETAG). Returns NOT_FOUND
    (REVIEW_NOT_FOUND) for another's.
    """
    return prepare(
        review_pb2.UpdateReviewRequest,
        timeout,
        metadata,
        review=review,
        update_mask=update_mask,
        request_id=request_id,
    )


def delete_review(
    *,
    review_id: int | None = None,
    etag: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Deletes a review of the caller's, or any for admins. Returns NOT_FOUND (REVIEW_NOT_FOUND) for another's.

    With REVIEW_MODERATION=none one that was rejected loses its title and text, but stays its author's one review of the
    product, REJECTED, until an admin deletes it: else the same could be published anew.
    """
    return prepare(
        review_pb2.DeleteReviewRequest,
        timeout,
        metadata,
        review_id=review_id,
        etag=etag,
        request_id=request_id,
    )


def moderate_review(
    *,
    review_id: int | None = None,
    status: review_pb2.Review.Status.ValueType | ReviewStatusName | None = None,
    etag: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Publishes or rejects a review, whatever it was before, and returns it. Returns NOT_FOUND (REVIEW_NOT_FOUND), and
    ABORTED (STALE_ETAG) when it was changed since it was read.
    """
    return prepare(
        review_pb2.ModerateReviewRequest,
        timeout,
        metadata,
        review_id=review_id,
        status=status,
        etag=etag,
        request_id=request_id,
    )


def list_pending_reviews(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the reviews that wait to be moderated, the oldest first."""
    return prepare(
        review_pb2.ListPendingReviewsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def list_all_reviews(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    status: review_pb2.Review.Status.ValueType | ReviewStatusName | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the reviews of all products, whatever became of them, the newest first."""
    return prepare(
        review_pb2.ListAllReviewsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
        status=status,
    )


class ReviewMethods:
    """Takes reviews from buyers, shows them, and lets staff moderate them."""

    create_review = Unary("CreateReview", create_review, review_pb2.Review)
    list_reviews = Unary("ListReviews", list_reviews, review_pb2.ListReviewsResponse)
    iter_reviews = Items("ListReviews", list_reviews.request, review_pb2.Review)
    get_review = Unary("GetReview", get_review, review_pb2.Review)
    update_review = Unary("UpdateReview", update_review, review_pb2.Review)
    delete_review = Unary("DeleteReview", delete_review, empty_pb2.Empty)
    moderate_review = Unary("ModerateReview", moderate_review, review_pb2.Review)
    list_pending_reviews = Unary("ListPendingReviews", list_pending_reviews, review_pb2.ListPendingReviewsResponse)
    iter_pending_reviews = Items("ListPendingReviews", list_pending_reviews.request, review_pb2.Review)
    list_all_reviews = Unary("ListAllReviews", list_all_reviews, review_pb2.ListAllReviewsResponse)
    iter_all_reviews = Items("ListAllReviews", list_all_reviews.request, review_pb2.Review)
