"""Recommendations, behaviour, trainings and models between protobuf and plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sanset.v1 import recommend_pb2 as pb

from server.recommend.attribution import Attributions
from server.recommend.behavior import Did, Tracked
from server.recommend.child import Parameters
from server.recommend.registry import Listed
from server.recommend.runs import Run
from server.recommend.service import Place, Recommended
from server.rpc.wire import time_from_wire, time_to_wire

_PLACES = {
    pb.GetRecommendationsRequest.CONTEXT_UNSPECIFIED: Place.HOMEPAGE,
    pb.GetRecommendationsRequest.HOMEPAGE: Place.HOMEPAGE,
    pb.GetRecommendationsRequest.PRODUCT: Place.PRODUCT,
    pb.GetRecommendationsRequest.CART: Place.CART,
}


def place_from_wire(request: pb.GetRecommendationsRequest) -> Place:
    """Where the list is shown."""
    return _PLACES[request.context]


def list_to_wire(recommended: Recommended, attributions: Attributions) -> pb.RecommendationList:
    """A list, with a token of its own."""
    version = recommended.model_version
    return pb.RecommendationList(
        items=[
            pb.Recommendation(
                product_id=item.product_id, score=item.score, reason=item.reason, source=item.source
            )
            for item in recommended.items
        ],
        model_version=version,
        attribution_token=attributions.issue(version),
    )


def deed_from_wire(event: pb.BehaviorEvent) -> Did:
    """Something a client reports."""
    return Did(
        kind=pb.BehaviorEvent.Kind.Name(event.kind),
        product_id=event.product_id,
        query=event.query,
        at=time_from_wire(event, "time"),
        attribution_token=event.attribution_token,
    )


def tracked_to_wire(tracked: Tracked) -> pb.TrackEventResponse:
    """What was kept and what was not."""
    return pb.TrackEventResponse(
        accepted=tracked.accepted,
        errors=[
            pb.TrackEventResponse.EventError(index=index, message=message)
            for index, message in tracked.errors
        ],
    )


def model_type_from_wire(model_type: pb.Model.Type.ValueType) -> str:
    """What to train; not set means all."""
    return pb.Model.Type.Name(model_type if model_type else pb.Model.ALL)


def parameters_from_wire(parameters: pb.TrainModelRequest.Parameters) -> Parameters:
    """How to train; what is not set is the trainer's to choose."""
    return Parameters(
        factors=parameters.factors or None,
        regularization=parameters.regularization if parameters.HasField("regularization") else None,
        iterations=parameters.iterations or None,
    )


def training_to_wire(run: Run) -> pb.Training:
    """A training as it stands."""
    return pb.Training(
        id=run.id,
        state=pb.Training.State.Value(run.state),
        stage=run.stage,
        percent=run.percent,
        message=run.message,
        model_id=run.model_id or 0,
        create_time=time_to_wire(run.started_at),
        end_time=time_to_wire(run.ended_at),
    )


def model_to_wire(model: Listed) -> pb.Model:
    """A trained model with its measures."""
    return pb.Model(
        id=model.id,
        version=model.version,
        type=pb.Model.Type.Value(model.model_type),
        active=model.is_active,
        metrics=metrics_to_wire(model),
        create_time=time_to_wire(model.created_at),
    )


def metrics_to_wire(model: Listed) -> pb.ModelMetrics:
    """The held-out measures of a model, beside those of popularity."""
    return pb.ModelMetrics(
        model_version=model.version,
        model=_scores(model.metrics.get("blend", {})),
        popularity=_scores(model.metrics.get("popularity", {})),
        users=int(model.metrics.get("users", 0)),
    )


def _scores(measures: Mapping[str, Any]) -> pb.ModelMetrics.Scores:
    return pb.ModelMetrics.Scores(
        recall_at_20=measures.get("recall@20", 0.0),
        ndcg_at_20=measures.get("ndcg@20", 0.0),
        map_at_20=measures.get("map@20", 0.0),
        coverage=measures.get("coverage@20", 0.0),
    )
