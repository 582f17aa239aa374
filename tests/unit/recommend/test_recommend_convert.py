"""Requests of RecommendService as plain values, and models as messages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sanset.v1 import recommend_pb2 as pb

from ml.train import MODEL_TYPES
from server.recommend import convert
from server.recommend.registry import Listed
from server.recommend.service import size


@pytest.mark.parametrize(
    ("asked", "size_of_list"), [(0, 10), (1, 1), (100, 100), (101, 100), (2**31 - 1, 100)]
)
def test_the_limit_is_ten_unless_asked_and_a_hundred_at_most(asked: int, size_of_list: int) -> None:
    assert size(asked) == size_of_list


def test_every_context_of_the_contract_is_a_place() -> None:
    for context in pb.GetRecommendationsRequest.Context.values():
        assert convert.place_from_wire(pb.GetRecommendationsRequest(context=context))


def test_every_model_type_of_the_contract_is_one_the_trainer_knows() -> None:
    words = {convert.model_type_from_wire(value) for value in pb.Model.Type.values()}
    assert {word.lower() for word in words} == set(MODEL_TYPES)


def test_absent_parameters_are_left_to_the_trainer_but_a_zero_regularization_is_meant() -> None:
    absent = convert.parameters_from_wire(pb.TrainModelRequest.Parameters())
    assert (absent.factors, absent.regularization, absent.iterations) == (None, None, None)
    assert convert.parameters_from_wire(pb.TrainModelRequest.Parameters(regularization=0)).regularization == 0


def test_measures_travel_beside_those_of_popularity() -> None:
    scores = {"recall@20": 0.2, "ndcg@20": 0.1, "map@20": 0.05, "coverage@20": 0.5}
    metrics = {"k": 20, "users": 40, "blend": scores, "popularity": {"recall@20": 0.1}}
    model = Listed(3, "all_20260601T120000Z", "ALL", metrics, True, datetime(2026, 6, 1, tzinfo=UTC))
    message = convert.model_to_wire(model)
    assert message.type == pb.Model.ALL
    assert message.active
    assert message.metrics.model.recall_at_20 == 0.2
    assert message.metrics.popularity.recall_at_20 == 0.1
    assert message.metrics.users == 40
