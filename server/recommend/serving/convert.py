"""Recommendations, behaviour, trainings and models between protobuf and plain values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, TypeAlias, TypeVar

from sanset.v1 import behavior_pb2
from sanset.v1 import recommend_pb2 as pb

from ml.models.reasons import Reason
from ml.models.reorder import Reordered
from ml.ranking.selection import Recommendation
from server.clock import Clock
from server.recommend.feedback.tracking import RecordedEvent, ReportedEvent, TrackingResult
from server.recommend.serving.queries import CardFacts
from server.recommend.serving.query import Audience, Filters, Placement, Query, size
from server.recommend.serving.reasons import reason_in
from server.recommend.serving.recorder import Recommended
from server.rpc.custom_metadata import metadata_of, metadata_to_wire
from server.rpc.wire import money_to_wire, price_range_from_wire, time_from_wire, time_to_wire
from server.text.languages import refusal_said_in, spoken

ReadCard: TypeAlias = Callable[[int], CardFacts | None]
"""Reads what a product shows from memory; None for one that is gone."""

MAX_CARDS: Final = 8192
"""How many cards are at hand as messages: those of the products that are recommended most."""

MAX_REASONS: Final = 8192
"""How many reasons are at hand as messages, in the languages that they were said in."""

ListT = TypeVar(
    "ListT",
    pb.GetRecommendationsResponse,
    pb.GetSimilarProductsResponse,
    pb.GetFrequentlyBoughtTogetherResponse,
    pb.GetTrendingResponse,
)
"""The responses of the recommenders: each its own, and so far alike."""

NewItem: TypeAlias = Callable[..., pb.Recommendation | pb.ReorderItem]
"""Makes an entry of a list."""

_PLACEMENTS = {
    pb.GetRecommendationsRequest.CONTEXT_UNSPECIFIED: Placement.HOMEPAGE,
    pb.GetRecommendationsRequest.HOMEPAGE: Placement.HOMEPAGE,
    pb.GetRecommendationsRequest.PRODUCT: Placement.PRODUCT,
    pb.GetRecommendationsRequest.CART: Placement.CART,
}


def placement_from_wire(request: pb.GetRecommendationsRequest) -> Placement:
    """Where the list is shown."""
    return _PLACEMENTS[request.context]


def query_from_wire(request: pb.GetRecommendationsRequest, user_id: int, currency: str) -> Query:
    """The query; `user_id` is 0 when nobody is signed in."""
    placement = placement_from_wire(request)
    low, high = price_range_from_wire(request.min_price, request.max_price, currency)
    return Query(
        audience=Audience(user_id, request.visitor_id),
        limit=size(request.limit),
        placement=placement,
        product_id=request.product_id if placement is Placement.PRODUCT else 0,
        include_repeat=request.include_repeat,
        category=request.category,
        prices=Filters(min_price=low, max_price=high),
    )


def reorder_to_wire(reordered: Recommended[Reordered], cards: Cards) -> pb.GetReorderResponse:
    """What may be bought again, with a token of its own."""
    language = spoken()
    reply = pb.GetReorderResponse(
        model_version=reordered.model_version, attribution_token=reordered.attribution_token
    )
    for item in reordered.items:
        message = reply.items.add(
            product_id=item.product_id,
            probability=item.probability,
            order_count=item.reason.order_count,
            last_order_time=time_to_wire(datetime.fromtimestamp(item.last_time, UTC)),
        )
        message.MergeFromString(
            _reason(pb.ReorderItem, item.reason, language) + cards.of(pb.ReorderItem, item.product_id)
        )
    return reply


def list_to_wire(recommended: Recommended[Recommendation], response: type[ListT], cards: Cards) -> ListT:
    """A list as the `response` of its RPC, with a token of its own."""
    language = spoken()
    reply = response(model_version=recommended.model_version, attribution_token=recommended.attribution_token)
    for item in recommended.items:
        message = reply.items.add(product_id=item.product_id, score=item.score, source=item.source)
        message.MergeFromString(
            _reason(pb.Recommendation, item.reason, language) + cards.of(pb.Recommendation, item.product_id)
        )
    return reply


@lru_cache(maxsize=MAX_REASONS)
def _reason(kind: NewItem, reason: Reason, language: str) -> bytes:
    """What an item says of its reason, as bytes: parsing them costs a fraction of making them anew."""
    details = pb.RecommendationReason(
        code=pb.RecommendationReason.Code.Value(reason.code),
        product_id=reason.product_id,
        product_name=reason.product_name,
        category_name=reason.category,
        order_count=reason.order_count,
        interval_days=reason.interval_days,
        days_since_order=reason.days_since_order,
    )
    return kind(reason=reason_in(reason, language), reason_details=details).SerializeToString()


class Cards:
    """What lists show of their products, from a worker's memory."""

    def __init__(self, card_of: ReadCard, clock: Clock) -> None:
        self._card_of = card_of
        self._clock = clock

    def of(self, kind: NewItem, product_id: int) -> bytes:
        """What an item shows of a product as it is now, as bytes; nothing when the product is gone."""
        facts = self._card_of(product_id)
        if facts is None:
            return b""
        discount, price = facts.discount, facts.list_minor
        return _card(kind, facts, price if discount is None else discount.price_at(price, self._clock()))


@lru_cache(maxsize=MAX_CARDS)
def _card(kind: NewItem, facts: CardFacts, price: int) -> bytes:
    """An item with nothing but its card as bytes: parsing it costs a third of making its amounts anew."""
    card = pb.ProductCard(
        name=facts.name,
        slug=facts.slug,
        price=money_to_wire(price, facts.currency),
        rating=facts.rating,
        reviews_count=facts.reviews_count,
    )
    if price != facts.list_minor:
        card.list_price.CopyFrom(money_to_wire(facts.list_minor, facts.currency))
    return kind(card=card).SerializeToString()


def event_from_wire(event: behavior_pb2.BehaviorEvent) -> ReportedEvent:
    """Something a client reports."""
    return ReportedEvent(
        kind=behavior_pb2.BehaviorEvent.Kind.Name(event.kind),
        product_id=event.product_id,
        query=event.query,
        at=time_from_wire(event, "time"),
        attribution_token=event.attribution_token,
        metadata=metadata_of(event.metadata) if event.HasField("metadata") else None,
    )


def kind_from_wire(kind: behavior_pb2.BehaviorEvent.Kind.ValueType) -> str | None:
    """The name of a kind; None when it is not set."""
    return behavior_pb2.BehaviorEvent.Kind.Name(kind) if kind else None


def event_to_wire(event: RecordedEvent) -> behavior_pb2.BehaviorEvent:
    """Something that was done."""
    return behavior_pb2.BehaviorEvent(
        kind=behavior_pb2.BehaviorEvent.Kind.Value(event.kind),
        product_id=event.product_id or 0,
        query=event.query,
        time=time_to_wire(event.at),
        metadata=metadata_to_wire(event.metadata),
    )


def tracked_to_wire(tracked: TrackingResult) -> behavior_pb2.TrackEventResponse:
    """What was kept and what was not."""
    return behavior_pb2.TrackEventResponse(
        accepted_count=tracked.accepted,
        errors=[
            behavior_pb2.TrackEventResponse.EventError(
                index=dropped.index,
                message=refusal_said_in(dropped.problem, spoken()),
                reason=dropped.problem.reason,
                product_id=dropped.product_id,
            )
            for dropped in tracked.errors
        ],
    )
