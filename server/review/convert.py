"""Between the messages of reviews and plain values."""

from __future__ import annotations

from google.protobuf.field_mask_pb2 import FieldMask
from sanset.v1 import review_pb2 as pb

from server.db.base import Values
from server.review.reviews import RatingSummary, StoredReview
from server.rpc.updates import EVERYTHING, masked_values
from server.rpc.wire import time_to_wire


def review_to_wire(review: StoredReview) -> pb.Review:
    """A review."""
    return pb.Review(
        id=review.id,
        product_id=review.product_id,
        rating=review.rating,
        title=review.title,
        text=review.text,
        author=review.author,
        status=pb.Review.Status.Value(review.status),
        create_time=time_to_wire(review.created_at),
        update_time=time_to_wire(review.updated_at),
        etag=review.etag,
    )


def new_review_from_wire(review: pb.Review) -> Values:
    """The columns of a review to create. Raises InvalidField without a rating."""
    return _values(review, EVERYTHING)


def review_changes(request: pb.UpdateReviewRequest) -> Values:
    """The columns that an update changes. Raises InvalidField and InvalidUpdateMask."""
    return _values(request.review, request.update_mask)


def _values(review: pb.Review, mask: FieldMask) -> Values:
    return masked_values(review, mask, "review")


def summary_to_wire(summary: RatingSummary) -> pb.ReviewSummary:
    """The numbers of the reviews of a product."""
    return pb.ReviewSummary(count=summary.count, rating=summary.rating, stars=summary.stars)


def sort_of(request: pb.ListReviewsRequest) -> str:
    """The name of the order that a list shall have."""
    sorts = pb.ListReviewsRequest.Sort
    return sorts.Name(request.sort or pb.ListReviewsRequest.NEWEST)


def status_of(request: pb.ModerateReviewRequest | pb.ListAllReviewsRequest) -> str:
    """The name of the status that a request has."""
    return pb.Review.Status.Name(request.status)
