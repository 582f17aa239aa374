"""Trainings and models as messages."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console
from sanset.v1 import model_pb2
from sanset.v1 import model_service_pb2 as pb

from ml.training.train import MODEL_TYPES
from server.bootstrap.training import table
from server.recommend.registry.trained_models import ModelRecord
from server.recommend.training import convert as convert
from server.recommend.training.assignment import ALWAYS, IF_NOT_WORSE, NEVER
from server.recommend.training.job import TrainingOutcome
from server.recommend.training.runs import CANCELLED, Run

MADE = datetime(2026, 6, 1, tzinfo=UTC)
SCORES = {"recall@20": 0.2, "ndcg@20": 0.1, "map@20": 0.05, "coverage@20": 0.5, "novelty@20": 7.5}
METRICS: dict[str, Any] = {
    "k": 20,
    "users": 40,
    "blend": SCORES,
    "popularity": {"recall@20": 0.1},
    "sources": {"als": {"recall@20": 0.15}, "content": {"recall@20": 0.05}},
    "serving": {"version": "all_20260531T120000Z", "recall@20": 0.19, "standard_error": 0.01},
    "reorder": {"auc": 0.75, "average_precision": 0.3, "pairs": 1000},
}
MODEL = ModelRecord(3, "all_20260601T120000Z", "ALL", METRICS, is_active=True, created_at=MADE)


def test_every_model_type_of_the_contract_is_one_the_trainer_knows() -> None:
    asked = [pb.TrainModelRequest(model_type=value) for value in model_pb2.Model.Type.values()]
    words = {convert.assignment_from_wire(request).model_type.lower() for request in asked}
    assert words == set(MODEL_TYPES)


def test_absent_parameters_are_left_to_the_trainer_but_a_zero_regularization_is_meant() -> None:
    assert convert.parameters_from_wire(pb.TrainModelRequest.Parameters()).overrides() == {}
    meant = pb.TrainModelRequest.Parameters(
        regularization=0, alpha=3, factors=8, preset=pb.TrainModelRequest.TUNED
    )
    assert convert.parameters_from_wire(meant).overrides() == {
        "preset": "tuned",
        "factors": 8,
        "regularization": 0.0,
        "alpha": 3.0,
    }


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        (pb.TrainModelRequest.ACTIVATION_UNSPECIFIED, IF_NOT_WORSE),
        (pb.TrainModelRequest.IF_NOT_WORSE, IF_NOT_WORSE),
        (pb.TrainModelRequest.ALWAYS, ALWAYS),
        (pb.TrainModelRequest.NEVER, NEVER),
    ],
)
def test_what_becomes_of_a_model_is_asked_for(
    asked: pb.TrainModelRequest.Activation.ValueType, meant: str
) -> None:
    assert convert.assignment_from_wire(pb.TrainModelRequest(activation=asked)).activation == meant


def test_measures_travel_beside_those_of_everything_they_are_compared_with() -> None:
    message = convert.model_to_wire(MODEL)
    assert message.type == model_pb2.Model.ALL
    assert message.active
    found = message.metrics
    assert (found.model.recall_at_20, found.model.novelty, found.popularity.recall_at_20) == (0.2, 7.5, 0.1)
    assert found.user_count == 40
    assert {name: scores.recall_at_20 for name, scores in found.sources.items()} == {
        "als": 0.15,
        "content": 0.05,
    }
    assert (found.serving_version, found.serving.recall_at_20) == ("all_20260531T120000Z", 0.19)
    assert (found.reorder.auc, found.reorder.average_precision, found.reorder.pair_count) == (0.75, 0.3, 1000)


def test_what_was_not_measured_is_not_set() -> None:
    found = convert.metrics_to_wire(replace(MODEL, metrics={"users": 1}))
    assert not found.HasField("serving")
    assert not found.HasField("reorder")
    assert found.serving_version == ""
    assert not found.sources


def test_a_models_record_tells_how_it_was_made() -> None:
    model = replace(
        MODEL,
        data_fingerprint="f" * 64,
        parameters={
            "als": {"factors": 50, "regularization": 0.01},
            "note": "by hand",
            "deep": {"a": {"b": [1]}},
        },
        library_versions={"numpy": "2.4"},
        training_seconds=12.5,
    )
    message = convert.model_to_wire(model)
    assert message.parameters == {
        "als.factors": "50",
        "als.regularization": "0.01",
        "note": "by hand",
        "deep.a.b": "[1]",
    }
    assert message.library_versions == {"numpy": "2.4"}
    assert message.data_fingerprint == "f" * 64
    assert message.training_duration.ToTimedelta().total_seconds() == 12.5
    assert message.available
    assert not convert.model_to_wire(replace(model, removed_at=MADE)).available


def test_a_training_has_measures_once_it_has_a_model() -> None:
    run = Run(5, "ALS", CANCELLED, "als", 40, "Cancelled.", None, IF_NOT_WORSE, True, MADE, MADE, None, None)
    message = convert.training_to_wire(run)
    assert (message.status, message.model_type) == (model_pb2.Training.CANCELLED, model_pb2.Model.ALS)
    assert not message.HasField("metrics")
    done = convert.training_to_wire(replace(run, state="SUCCEEDED", model_id=3, version="v", metrics=METRICS))
    assert done.metrics.model.recall_at_20 == 0.2


@pytest.mark.parametrize("blend", [{}, {"recall@20": 0.0, "ndcg@20": 0.0}])
def test_measures_of_nobody_are_absent_and_not_zero(blend: dict[str, float]) -> None:
    nobody = {"users": 0, "blend": blend, "popularity": blend, "sources": {"als": blend}}
    nobody["serving"] = {"version": "all_20260531T120000Z", "users": 0, **blend}
    found = convert.model_to_wire(replace(MODEL, metrics=nobody)).metrics
    assert found.user_count == 0
    assert not any(found.HasField(name) for name in ("model", "popularity", "serving"))
    assert not found.sources


def test_a_training_that_measured_nobody_says_so_on_the_screen() -> None:
    outcome = TrainingOutcome(
        1, True, "It is in use.", version=MODEL.version, metrics={"users": 0, "blend": {}}
    )
    screen = Console(width=200, record=True, file=io.StringIO())
    screen.print(table(outcome))
    shown = screen.export_text()
    assert "Nothing was measured" in shown
    assert "not measured" in shown
    assert "0.0000" not in shown
