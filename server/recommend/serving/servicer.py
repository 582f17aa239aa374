"""RecommendService over gRPC: envelopes around recommending and tracking."""

from __future__ import annotations

from sanset.v1 import recommend_pb2 as pb
from sanset.v1 import recommend_pb2_grpc

from server.countries import country_code
from server.db.database import Database
from server.errors import UserNotFound
from server.paging import Pages
from server.recommend.feedback import tracking
from server.recommend.feedback.impressions import Impressions, Kind
from server.recommend.feedback.tracking import Tracker
from server.recommend.serving import convert
from server.recommend.serving.query import ANYONE, Audience, size
from server.recommend.serving.recommender import Recommended, Recommender
from server.rpc.access import TokenMissing
from server.rpc.call import Call


class RecommendServicer(recommend_pb2_grpc.RecommendServiceServicer):
    """Recommends products and learns from every purchase."""

    def __init__(
        self,
        db: Database,
        pages: Pages,
        recommender: Recommender,
        tracker: Tracker,
        shown: Impressions,
        *,
        currency: str,
    ) -> None:
        """`currency` is the shop's; price limits without one are in it."""
        self._db = db
        self._pages = pages
        self._recommender = recommender
        self._tracker = tracker
        self._shown = shown
        self._currency = currency

    async def GetRecommendations(
        self, request: pb.GetRecommendationsRequest, call: Call
    ) -> pb.RecommendationList:
        user_id = _subject(request.user_id, call)
        asked = convert.asked_from_wire(request, user_id or 0, self._currency)
        found = await self._recommender.recommend(asked)
        if user_id != _user_id(call):
            # An admin looks at it, not the customer: it is not counted as shown.
            return convert.list_to_wire(found, self._shown.sign(found.model_version))
        return self._shown_list(Kind(asked.place.name), found, user_id, request.visitor_id)

    async def GetReorder(self, request: pb.GetReorderRequest, call: Call) -> pb.ReorderList:
        user_id = _subject(request.user_id, call)
        found = await self._recommender.reorder(user_id or 0, size(request.limit))
        if user_id != _user_id(call):
            return convert.reorder_to_wire(found, self._shown.sign(found.model_version))
        token = self._shown.show(
            Kind.REORDER,
            found.model_version,
            [item.product_id for item in found.items],
            user_id=user_id,
            experiment_id=found.experiment_id,
        )
        return convert.reorder_to_wire(found, token)

    async def GetSimilarProducts(
        self, request: pb.GetSimilarProductsRequest, call: Call
    ) -> pb.RecommendationList:
        found = await self._recommender.similar(request.product_id, size(request.limit), _audience(call))
        return self._shown_list(Kind.SIMILAR, found, _user_id(call))

    async def GetFrequentlyBoughtTogether(
        self, request: pb.GetFrequentlyBoughtTogetherRequest, call: Call
    ) -> pb.RecommendationList:
        found = await self._recommender.bought_together(
            request.product_id, size(request.limit), _audience(call)
        )
        return self._shown_list(Kind.TOGETHER, found, _user_id(call))

    async def GetTrending(self, request: pb.GetTrendingRequest, call: Call) -> pb.RecommendationList:
        region = country_code(request.region, "region")
        found = await self._recommender.trending(
            request.category, request.window_hours, size(request.limit), _audience(call), region
        )
        return self._shown_list(Kind.TRENDING, found, _user_id(call))

    def TrackEvent(self, request: pb.TrackEventRequest, call: Call) -> pb.TrackEventResponse:
        deeds = [convert.deed_from_wire(event) for event in request.events]
        actor = self._tracker.admit(_user_id(call), request.visitor_id, call.address, len(deeds))
        with self._db.transaction() as tx:
            tracked = self._tracker.track(tx, actor, deeds)
        return convert.tracked_to_wire(tracked)

    def GetHistory(self, request: pb.GetHistoryRequest, call: Call) -> pb.GetHistoryResponse:
        user_id = _subject(request.user_id, call) or 0
        kind = convert.kind_from_wire(request.kind)
        size = self._pages.size(request.page_size)
        scope = ("GetHistory", call.identity.user_id, user_id, kind)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            done = tracking.done_by(connection, user_id, kind, after, size + 1)
        items, token = self._pages.page(
            done, size, convert.done_to_wire, lambda one: [one.at, one.id], *scope
        )
        return pb.GetHistoryResponse(items=items, next_page_token=token)

    def _shown_list(
        self, kind: Kind, found: Recommended, user_id: int | None, visitor_id: str = ""
    ) -> pb.RecommendationList:
        """The reply, and a note of what it showed to whom."""
        token = self._shown.show(
            kind,
            found.model_version,
            [item.product_id for item in found.items],
            user_id=user_id,
            visitor_id=visitor_id,
            experiment_id=found.experiment_id,
        )
        return convert.list_to_wire(found, token)


def _subject(asked: int, call: Call) -> int | None:
    """The user whom a call is about: the caller unless another is named, None when nobody is signed in.

    Raises UserNotFound for another's, unless the caller is an admin, and TokenMissing.
    """
    if call.caller is None:
        if asked:
            raise TokenMissing()
        return None
    if asked and asked != call.caller.user_id and not call.caller.is_admin:
        raise UserNotFound(user_id=asked)
    return asked or call.caller.user_id


def _audience(call: Call) -> Audience:
    return Audience(call.caller.user_id) if call.caller is not None else ANYONE


def _user_id(call: Call) -> int | None:
    return call.caller.user_id if call.caller is not None else None
