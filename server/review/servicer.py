"""ReviewService: gRPC in and out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import review_pb2 as pb
from sanset.v1 import review_pb2_grpc
from sqlalchemy import Connection

from server.audit import log as audit
from server.audit.log import Actor
from server.catalog.errors import ProductNotFound
from server.catalog.product_cache import ProductCache
from server.clock import Clock
from server.db.database import Database
from server.db.work import Work
from server.identity import Permission
from server.paging import Pages
from server.repeats.short_call import once
from server.review import convert, queries, service
from server.review.reviews import RatingSummary, StoredReview
from server.review.service import Moderation
from server.rpc.call import Call


class ReviewServicer(review_pb2_grpc.ReviewServiceServicer):
    """Translates calls about reviews. What an RPC promises is in the proto."""

    def __init__(
        self,
        db: Database,
        work: Work,
        pages: Pages,
        clock: Clock,
        *,
        cache: ProductCache,
        moderation: Moderation,
    ) -> None:
        self._db = db
        self._work = work
        self._pages = pages
        self._clock = clock
        self._cache = cache
        self._moderation = moderation

    @once(pb.Review)
    def CreateReview(
        self, tx: Connection, request: pb.CreateReviewRequest, call: Call, now: datetime
    ) -> pb.Review:
        values = convert.new_review_from_wire(request.review)
        created = service.create_review(
            tx, call.identity, request.product_id, values, moderation=self._moderation, now=now
        )
        return convert.review_to_wire(created)

    async def ListReviews(self, request: pb.ListReviewsRequest, call: Call) -> pb.ListReviewsResponse:
        sort, size = convert.sort_of(request), self._pages.size(request.page_size)
        scope = ("ListReviews", request.product_id, sort)
        after = self._pages.open(request.page_token, *scope)
        if await self._cache.product(request.product_id) is None:
            raise ProductNotFound(product_id=request.product_id)
        page = (request.product_id, sort, after, size + 1)
        reviews, summary = await self._work.read(_read_page, *page, deadline=call.deadline)
        items, token = self._pages.page(
            reviews,
            size,
            convert.review_to_wire,
            lambda review: [review.rating, review.created_at, review.id],
            *scope,
        )
        numbers = convert.summary_to_wire(summary)
        return pb.ListReviewsResponse(items=items, next_page_token=token, summary=numbers)

    def GetReview(self, request: pb.GetReviewRequest, call: Call) -> pb.Review:
        caller = call.caller
        is_staff = caller is not None and caller.may(Permission.MANAGE_REVIEWS)
        with self._db.read() as connection:
            review = service.get_review(connection, request.review_id, caller, is_staff=is_staff)
        return convert.review_to_wire(review)

    @once(pb.Review)
    def UpdateReview(
        self, tx: Connection, request: pb.UpdateReviewRequest, call: Call, now: datetime
    ) -> pb.Review:
        sent, changes = request.review, convert.review_changes(request)
        changed = service.update_review(
            tx, call.identity, sent.id, sent.etag, changes, moderation=self._moderation, now=now
        )
        return convert.review_to_wire(changed)

    @once(Empty)
    def DeleteReview(
        self, tx: Connection, request: pb.DeleteReviewRequest, call: Call, now: datetime
    ) -> Empty:
        deleted = service.delete_review(
            tx, call.identity, request.review_id, request.etag, moderation=self._moderation, now=now
        )
        if deleted.user_id != call.identity.user_id:
            audit.write(tx, Actor.of(call), "DeleteReview", f"review/{deleted.id}", now)
        return Empty()

    @once(pb.Review)
    def ModerateReview(
        self, tx: Connection, request: pb.ModerateReviewRequest, call: Call, now: datetime
    ) -> pb.Review:
        status = convert.status_of(request)
        before, after = service.moderate_review(tx, request.review_id, request.etag, status)
        if before != after:
            change = f"{before.status} → {after.status}"
            audit.write(tx, Actor.of(call), "ModerateReview", f"review/{after.id}", now, status=change)
        return convert.review_to_wire(after)

    def ListPendingReviews(
        self, request: pb.ListPendingReviewsRequest, call: Call
    ) -> pb.ListPendingReviewsResponse:
        scope = ("ListPendingReviews",)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            reviews = queries.pending_page(connection, after, size + 1)
        items, token = self._pages.page(
            reviews,
            size,
            convert.review_to_wire,
            lambda review: [review.updated_at, review.id],
            *scope,
        )
        return pb.ListPendingReviewsResponse(items=items, next_page_token=token)

    def ListAllReviews(self, request: pb.ListAllReviewsRequest, call: Call) -> pb.ListAllReviewsResponse:
        status = convert.status_of(request) if request.status else None
        scope = ("ListAllReviews", status)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            reviews = queries.page_of_all(connection, status, after, size + 1)
        items, token = self._pages.page(
            reviews, size, convert.review_to_wire, lambda review: [review.id], *scope
        )
        return pb.ListAllReviewsResponse(items=items, next_page_token=token)


def _read_page(
    connection: Connection, product_id: int, sort: str, after: Sequence[object] | None, limit: int
) -> tuple[list[StoredReview], RatingSummary]:
    page = queries.published_page(connection, product_id, sort, after, limit)
    return page, queries.summary(connection, product_id)
