"""Requests of RecommendService as plain values."""

from __future__ import annotations

import pytest
from sanset.v1 import recommend_pb2 as pb

from ml.models.reasons import Reason, ReasonCode
from ml.ranking.selection import Recommendation, Source
from server.clock import utc_now
from server.recommend.serving import convert
from server.recommend.serving.query import size
from server.recommend.serving.recorder import Recommended


@pytest.mark.parametrize(
    ("asked", "size_of_list"), [(0, 10), (1, 1), (100, 100), (101, 100), (2**31 - 1, 100)]
)
def test_the_limit_is_ten_unless_asked_and_a_hundred_at_most(asked: int, size_of_list: int) -> None:
    assert size(asked) == size_of_list


def test_every_context_of_the_contract_is_a_place() -> None:
    for context in pb.GetRecommendationsRequest.Context.values():
        assert convert.placement_from_wire(pb.GetRecommendationsRequest(context=context))


def test_a_reason_has_the_name_of_the_category_that_a_product_sells_well_in() -> None:
    reason = Reason(ReasonCode.TRENDING, category="Tea")
    listed = Recommended([Recommendation(7, 0.5, reason, Source.TRENDING)], "v1", "token")
    cards = convert.Cards(lambda product_id: None, utc_now)
    (item,) = convert.list_to_wire(listed, pb.GetTrendingResponse, cards).items
    assert item.reason_details == pb.RecommendationReason(
        code=pb.RecommendationReason.TRENDING, category_name="Tea"
    )
    assert item.reason == "Trending in Tea"
