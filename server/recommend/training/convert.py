"""Trainings, models and their held-out measures between protobuf and plain values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from sanset.v1 import model_metrics_pb2, model_pb2
from sanset.v1 import model_service_pb2 as pb

from server.recommend.registry import measures
from server.recommend.registry.measures import Metrics, Scores
from server.recommend.registry.trained_models import ModelRecord
from server.recommend.training.assignment import ALWAYS, IF_NOT_WORSE, NEVER, Assignment, Parameters
from server.recommend.training.runs import Run
from server.recommend.training.trainer import WatchEnd, WatchHeartbeat, WatchMessage, WatchReconnect
from server.rpc.wire import time_to_wire

_ACTIVATIONS = {
    pb.TrainModelRequest.ACTIVATION_UNSPECIFIED: IF_NOT_WORSE,
    pb.TrainModelRequest.IF_NOT_WORSE: IF_NOT_WORSE,
    pb.TrainModelRequest.ALWAYS: ALWAYS,
    pb.TrainModelRequest.NEVER: NEVER,
}


def assignment_from_wire(request: pb.TrainModelRequest) -> Assignment:
    """What to train; what is not set is all, and left to the trainer."""
    return Assignment(
        model_type=model_pb2.Model.Type.Name(request.model_type or model_pb2.Model.ALL),
        parameters=parameters_from_wire(request.parameters),
        activation=_ACTIVATIONS[request.activation],
    )


def parameters_from_wire(parameters: pb.TrainModelRequest.Parameters) -> Parameters:
    """How to train; what is not set is the trainer's to choose."""
    preset = parameters.preset
    return Parameters(
        preset=pb.TrainModelRequest.Preset.Name(preset).lower() if preset else "",
        factors=parameters.factors or None,
        regularization=parameters.regularization if parameters.HasField("regularization") else None,
        iterations=parameters.iterations or None,
        alpha=parameters.alpha if parameters.HasField("alpha") else None,
    )


def training_to_wire(run: Run) -> model_pb2.Training:
    """A training as it stands."""
    return model_pb2.Training(
        id=run.id,
        status=model_pb2.Training.Status.Value(run.state),
        stage=run.stage,
        progress_percent=run.percent,
        message=run.message,
        model_id=run.model_id or 0,
        create_time=time_to_wire(run.started_at),
        end_time=time_to_wire(run.ended_at),
        model_type=model_pb2.Model.Type.Value(run.model_type),
        metrics=metrics_to_wire(run) if run.version else None,
    )


def watched_to_wire(message: WatchMessage, now: datetime) -> pb.WatchTrainingResponse:
    """One message of the stream that watches a training."""
    match message:
        case Run():
            return pb.WatchTrainingResponse(training=training_to_wire(message))
        case WatchHeartbeat():
            heartbeat = pb.WatchTrainingResponse.Heartbeat(time=time_to_wire(now))
            return pb.WatchTrainingResponse(heartbeat=heartbeat)
        case WatchReconnect():
            reconnect = pb.WatchTrainingResponse.Reconnect(
                training_id=message.training_id, message="The server is about to stop."
            )
            return pb.WatchTrainingResponse(reconnect=reconnect)
        case WatchEnd():
            status = model_pb2.Training.Status.Value(message.state)
            return pb.WatchTrainingResponse(end=pb.WatchTrainingResponse.End(status=status))


def model_to_wire(model: ModelRecord) -> model_pb2.Model:
    """A trained model with its measures."""
    duration = Duration()
    duration.FromTimedelta(timedelta(seconds=model.training_seconds))
    return model_pb2.Model(
        id=model.id,
        version=model.version,
        type=model_pb2.Model.Type.Value(model.model_type),
        active=model.is_active,
        metrics=metrics_to_wire(model),
        create_time=time_to_wire(model.created_at),
        data_fingerprint=model.data_fingerprint,
        parameters=dict(_dotted(model.parameters)),
        library_versions=model.library_versions,
        training_duration=duration,
        available=model.removed_at is None,
    )


def metrics_to_wire(measured: ModelRecord | Run) -> model_metrics_pb2.ModelMetrics:
    """The held-out measures of a model, or that of a training, beside those of others on the same orders."""
    metrics: Metrics = measured.metrics or {}
    serving, reorder = measures.of_serving(metrics), measures.of_reorder(metrics)
    return model_metrics_pb2.ModelMetrics(
        model_version=measured.version or "",
        model=_measured(measures.of_model(metrics)),
        popularity=_measured(measures.of_popularity(metrics)),
        user_count=int(metrics.get("users", 0)),
        sources={name: _scores(scores) for name, scores in measures.sources(metrics).items()},
        serving=None if serving is None else _scores(serving.scores),
        serving_version="" if serving is None else serving.version,
        reorder=_reorder(reorder) if reorder else None,
    )


def _measured(scores: Scores) -> model_metrics_pb2.ModelMetrics.Scores | None:
    """Scores; None of what was not measured, for 0 would be a figure."""
    return _scores(scores) if scores else None


def _scores(scores: Scores) -> model_metrics_pb2.ModelMetrics.Scores:
    return model_metrics_pb2.ModelMetrics.Scores(
        recall_at_20=scores.get("recall@20", 0.0),
        ndcg_at_20=scores.get("ndcg@20", 0.0),
        map_at_20=scores.get("map@20", 0.0),
        coverage=scores.get("coverage@20", 0.0),
        novelty=scores.get("novelty@20", 0.0),
    )


def _reorder(scores: Scores) -> model_metrics_pb2.ModelMetrics.Reorder:
    return model_metrics_pb2.ModelMetrics.Reorder(
        auc=scores.get("auc", 0.0),
        average_precision=scores.get("average_precision", 0.0),
        pair_count=int(scores.get("pairs", 0)),
    )


def _dotted(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested values by dotted name, as text: ("als.factors", "50")."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value if isinstance(value, str) else json.dumps(value)
