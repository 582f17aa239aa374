"""Recommends products and learns from every purchase.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from sanset.v1 import behavior_pb2, recommend_pb2
from typing import Literal

from sanset_client.rpc import Metadata, Prepared, Items, Unary, prepare

BehaviorEventKindName = Literal["KIND_UNSPECIFIED", "VIEW", "CLICK", "ADD_TO_CART", "WISHLIST", "PURCHASE", "SEARCH"]
GetRecommendationsRequestContextName = Literal["CONTEXT_UNSPECIFIED", "HOMEPAGE", "PRODUCT", "CART"]


def get_recommendations(
    *,
    user_id: int | None = None,
    context: recommend_pb2.GetRecommendationsRequest.Context.ValueType | GetRecommendationsRequestContextName | None = None,
    product_id: int | None = None,
    limit: int | None = None,
    include_repeat: bool | None = None,
    visitor_id: str | None = None,
    category: str | None = None,
    min_price: str | None = None,
    max_price: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Recommends products to a user or visitor, the best first.

    Never recommends products that are deleted, out of stock, in the cart, or were bought before (unless
    `include_repeat`). A purchase, view or cart addition of a moment ago counts already. Visitors who are not
    signed in get recommendations from the history of their `visitor_id`; without any history, users and
    visitors get trending and popular products. The list is shorter than `limit` only when no more products fit.
    Returns NOT_FOUND (USER_NOT_FOUND) for an unknown user, and for another user unless the caller is an admin.
    """
    return prepare(
        recommend_pb2.GetRecommendationsRequest,
        timeout,
        metadata,
        user_id=user_id,
        context=context,
        product_id=product_id,
        limit=limit,
        include_repeat=include_repeat,
        visitor_id=visitor_id,
        category=category,
        min_price=min_price,
        max_price=max_price,
    )


def get_reorder(
    *,
    user_id: int | None = None,
    limit: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists what a user is likely to buy again now, the likeliest first.

    Only products that the user bought before and that can be ordered. Empty for who never ordered, and while
    no model can tell. Returns NOT_FOUND (USER_NOT_FOUND) for an unknown user, and for another user unless the caller
    is an admin.
    """
    return prepare(
        recommend_pb2.GetReorderRequest,
        timeout,
        metadata,
        user_id=user_id,
        limit=limit,
    )


def get_similar_products(
    *,
    product_id: int | None = None,
    limit: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Finds products like a given one, the most similar first. Works for products created after training. Returns
    NOT_FOUND (PRODUCT_NOT_FOUND).
    """
    return prepare(
        recommend_pb2.GetSimilarProductsRequest,
        timeout,
        metadata,
        product_id=product_id,
        limit=limit,
    )


def get_frequently_bought_together(
    *,
    product_id: int | None = None,
    limit: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Finds products that are often bought together with a given one, the strongest first. Returns NOT_FOUND
    (PRODUCT_NOT_FOUND).
    """
    return prepare(
        recommend_pb2.GetFrequentlyBoughtTogetherRequest,
        timeout,
        metadata,
        product_id=product_id,
        limit=limit,
    )


def get_trending(
    *,
    category: str | None = None,
    window_hours: int | None = None,
    limit: int | None = None,
    country: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists what sells best now: purchases and visits, the recent ones weighing more."""
    return prepare(
        recommend_pb2.GetTrendingRequest,
        timeout,
        metadata,
        category=category,
        window_hours=window_hours,
        limit=limit,
        country=country,
    )


def track_event(
    *,
    events: Iterable[behavior_pb2.BehaviorEvent] | None = None,
    visitor_id: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Records what users do: views, clicks, cart additions, searches. At most 100 events a call.

    Signed-in callers act for themselves; others name their visitor id. When a signed-in caller names one, what
    was done under it before becomes theirs. An event that cannot be taken, for example of an unknown product,
    is dropped and reported in `errors`; the others are kept. Returns RESOURCE_EXHAUSTED (RATE_LIMITED) for
    more events than a person makes; repeated events of one visitor count once in what is trending.
    """
    return prepare(
        behavior_pb2.TrackEventRequest,
        timeout,
        metadata,
        events=events,
        visitor_id=visitor_id,
        request_id=request_id,
    )


def get_history(
    *,
    user_id: int | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
    kind: behavior_pb2.BehaviorEvent.Kind.ValueType | BehaviorEventKindName | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists what a user did, the latest first: their own for everyone, any user's for an admin."""
    return prepare(
        behavior_pb2.GetHistoryRequest,
        timeout,
        metadata,
        user_id=user_id,
        page_size=page_size,
        page_token=page_token,
        kind=kind,
    )


class RecommendMethods:
    """Recommends products and learns from every purchase."""

    get_recommendations = Unary("GetRecommendations", get_recommendations, recommend_pb2.GetRecommendationsResponse)
    get_reorder = Unary("GetReorder", get_reorder, recommend_pb2.GetReorderResponse)
    get_similar_products = Unary("GetSimilarProducts", get_similar_products, recommend_pb2.GetSimilarProductsResponse)
    get_frequently_bought_together = Unary("GetFrequentlyBoughtTogether", get_frequently_bought_together, recommend_pb2.GetFrequentlyBoughtTogetherResponse)
    get_trending = Unary("GetTrending", get_trending, recommend_pb2.GetTrendingResponse)
    track_event = Unary("TrackEvent", track_event, behavior_pb2.TrackEventResponse)
    get_history = Unary("GetHistory", get_history, behavior_pb2.GetHistoryResponse)
    iter_history = Items("GetHistory", get_history.request, behavior_pb2.BehaviorEvent)
