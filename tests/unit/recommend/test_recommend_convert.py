"""Requests of RecommendService as plain values."""

from __future__ import annotations

import pytest
from sanset.v1 import recommend_pb2 as pb

from server.recommend.serving import convert
from server.recommend.serving.query import size


@pytest.mark.parametrize(
    ("asked", "size_of_list"), [(0, 10), (1, 1), (100, 100), (101, 100), (2**31 - 1, 100)]
)
def test_the_limit_is_ten_unless_asked_and_a_hundred_at_most(asked: int, size_of_list: int) -> None:
    assert size(asked) == size_of_list


def test_every_context_of_the_contract_is_a_place() -> None:
    for context in pb.GetRecommendationsRequest.Context.values():
        assert convert.placement_from_wire(pb.GetRecommendationsRequest(context=context))
