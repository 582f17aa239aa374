"""RecommendService over gRPC: envelopes around recommending and tracking."""

from __future__ import annotations

from datetime import datetime

from sanset.v1 import behavior_pb2, recommend_pb2_grpc
from sanset.v1 import recommend_pb2 as pb
from sqlalchemy import Connection

from server.countries import country_code
from server.db.database import Database
from server.db.work import Work
from server.errors import UserNotFound
from server.identity import Permission
from server.paging import Pages
from server.recommend.feedback import tracking
from server.recommend.feedback.reports import Reports
from server.recommend.feedback.tracking import BehaviorReport, EventActor, Tracker
from server.recommend.serving import convert
from server.recommend.serving.convert import Cards
from server.recommend.serving.other_lists import OtherLists
from server.recommend.serving.pipeline import Pipeline
from server.recommend.serving.query import ANYONE, Audience, size
from server.repeats.short_call import once
from server.rpc.access import TokenMissing
from server.rpc.call import Call


def _visitor(request: behavior_pb2.TrackEventRequest, _: Call) -> str:
    """The name of a guest to whom request ids belong: the visitor's."""
    return f"visitor {request.visitor_id}"


class RecommendServicer(recommend_pb2_grpc.RecommendServiceServicer):
    """Recommends products and learns from every purchase."""

    def __init__(
        self,
        db: Database,
        pages: Pages,
        pipeline: Pipeline,
        lists: OtherLists,
        tracker: Tracker,
        *,
        work: Work,
        reports: Reports,
        cards: Cards,
        currency: str,
    ) -> None:
        """`currency` is the shop's; price limits without one are in it."""
        self._db = db
        self._clock = db.clock
        self._pages = pages
        self._pipeline = pipeline
        self._lists = lists
        self._tracker = tracker
        self._work = work
        self._reports = reports
        self._cards = cards
        self._currency = currency

    async def GetRecommendations(
        self, request: pb.GetRecommendationsRequest, call: Call
    ) -> pb.GetRecommendationsResponse:
        user_id = _subject(request.user_id, call)
        query = convert.query_from_wire(request, user_id or 0, self._currency)
        # An admin who looks at it is not the customer: then it is not counted as shown.
        recommended = await self._pipeline.recommend(query, shown=user_id == _user_id(call))
        return convert.list_to_wire(recommended, pb.GetRecommendationsResponse, self._cards)

    async def GetReorder(self, request: pb.GetReorderRequest, call: Call) -> pb.GetReorderResponse:
        user_id = _subject(request.user_id, call)
        shown = user_id == _user_id(call)
        recommended = await self._lists.reorder(user_id or 0, size(request.limit), shown=shown)
        return convert.reorder_to_wire(recommended, self._cards)

    async def GetSimilarProducts(
        self, request: pb.GetSimilarProductsRequest, call: Call
    ) -> pb.GetSimilarProductsResponse:
        limit = size(request.limit)
        recommended = await self._lists.similar(request.product_id, limit, _audience(call))
        return convert.list_to_wire(recommended, pb.GetSimilarProductsResponse, self._cards)

    async def GetFrequentlyBoughtTogether(
        self, request: pb.GetFrequentlyBoughtTogetherRequest, call: Call
    ) -> pb.GetFrequentlyBoughtTogetherResponse:
        limit = size(request.limit)
        recommended = await self._lists.bought_together(request.product_id, limit, _audience(call))
        return convert.list_to_wire(recommended, pb.GetFrequentlyBoughtTogetherResponse, self._cards)

    async def GetTrending(self, request: pb.GetTrendingRequest, call: Call) -> pb.GetTrendingResponse:
        country = country_code(request.country, "country")
        recommended = await self._lists.trending(
            request.category, request.window_hours, size(request.limit), _audience(call), country
        )
        return convert.list_to_wire(recommended, pb.GetTrendingResponse, self._cards)

    async def TrackEvent(
        self, request: behavior_pb2.TrackEventRequest, call: Call
    ) -> behavior_pb2.TrackEventResponse:
        # Repeats count too: they are as much work.
        actor = self._tracker.admit(_user_id(call), request.visitor_id, call.address, len(request.events))
        if request.request_id:  # which is kept with its reply
            return await self._work.run(self._track, request, call, actor, deadline=call.deadline)
        return convert.tracked_to_wire(await self._reports.record(_report(request, actor), call.deadline))

    @once(behavior_pb2.TrackEventResponse, guest=_visitor)
    def _track(
        self,
        tx: Connection,
        request: behavior_pb2.TrackEventRequest,
        call: Call,
        now: datetime,
        actor: EventActor,
    ) -> behavior_pb2.TrackEventResponse:
        [result] = self._tracker.track(tx, [_report(request, actor)])
        return convert.tracked_to_wire(result)

    def GetHistory(
        self, request: behavior_pb2.GetHistoryRequest, call: Call
    ) -> behavior_pb2.GetHistoryResponse:
        user_id = _subject(request.user_id, call) or 0
        kind = convert.kind_from_wire(request.kind)
        size = self._pages.size(request.page_size)
        scope = ("GetHistory", call.identity.user_id, user_id, kind)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            rows = tracking.events_of(connection, user_id, kind, after, size + 1)
        items, token = self._pages.page(
            rows, size, convert.event_to_wire, lambda event: [event.at, event.id], *scope
        )
        return behavior_pb2.GetHistoryResponse(items=items, next_page_token=token)


def _report(request: behavior_pb2.TrackEventRequest, actor: EventActor) -> BehaviorReport:
    return BehaviorReport(actor, [convert.event_from_wire(event) for event in request.events])


def _subject(named: int, call: Call) -> int | None:
    """The user whom a call is about: the caller unless another is named, None when nobody is signed in.

    Raises UserNotFound for another's, unless the caller may see who the customers are, and TokenMissing.
    """
    if call.caller is None:
        if named:
            raise TokenMissing()
        return None
    if named and named != call.caller.user_id and not call.caller.may(Permission.VIEW_ANALYTICS):
        raise UserNotFound(user_id=named)
    return named or call.caller.user_id


def _audience(call: Call) -> Audience:
    return Audience(call.caller.user_id) if call.caller is not None else ANYONE


def _user_id(call: Call) -> int | None:
    return call.caller.user_id if call.caller is not None else None
