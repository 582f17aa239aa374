"""Trains the models behind the recommendations, puts them into use and compares them.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from sanset.v1 import model_metrics_pb2, model_pb2, model_service_pb2
from typing import Literal

from sanset_client.rpc import Metadata, Prepared, Items, Stream, Unary, prepare

ModelTypeName = Literal["TYPE_UNSPECIFIED", "ALS", "COPURCHASE", "CONTENT", "ALL", "REORDER", "SEGMENTS"]
TrainModelRequestActivationName = Literal["ACTIVATION_UNSPECIFIED", "IF_NOT_WORSE", "ALWAYS", "NEVER"]


def train_model(
    *,
    model_type: model_pb2.Model.Type.ValueType | ModelTypeName | None = None,
    parameters: model_service_pb2.TrainModelRequest.Parameters | None = None,
    activation: model_service_pb2.TrainModelRequest.Activation.ValueType | TrainModelRequestActivationName | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Starts a training in its own process, and returns it at once.

    One runs at a time: ABORTED (TRAINING_RUNNING) otherwise: watch that one, or try again when it has ended. Returns
    FAILED_PRECONDITION (TOO_LITTLE_DATA) when the shop has too few orders. A model that is worse than the one in use
    on held-out orders is kept, but not activated, unless `activation` says otherwise.
    """
    return prepare(
        model_service_pb2.TrainModelRequest,
        timeout,
        metadata,
        model_type=model_type,
        parameters=parameters,
        activation=activation,
        request_id=request_id,
    )


def get_training(
    *,
    training_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a training as it stands. Returns NOT_FOUND (MODEL_NOT_FOUND)."""
    return prepare(
        model_service_pb2.GetTrainingRequest,
        timeout,
        metadata,
        training_id=training_id,
    )


def list_trainings(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the trainings, the newest first."""
    return prepare(
        model_service_pb2.ListTrainingsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def watch_training(
    *,
    training_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Streams the progress of a training until it has ended: how it stands, then each change.

    A heartbeat comes at least every 30 seconds. `reconnect` asks to call again; `end` says that the training has
    ended, as the last `training` told, and is the last message. A stream that stops without `end` was cut: call
    again. Over HTTP: JSON lines or server-sent events. A stream ends with UNAUTHENTICATED (TOKEN_INVALID) when its
    sign-in does, over HTTP with `error` as its last message. Returns NOT_FOUND (MODEL_NOT_FOUND).
    """
    return prepare(
        model_service_pb2.WatchTrainingRequest,
        timeout,
        metadata,
        training_id=training_id,
    )


def cancel_training(
    *,
    training_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Ends a training that is running, whichever server runs it, and returns it. Nothing is published.

    A training that has ended already is returned as it is. Returns NOT_FOUND (MODEL_NOT_FOUND) when
    there is none such.
    """
    return prepare(
        model_service_pb2.CancelTrainingRequest,
        timeout,
        metadata,
        training_id=training_id,
    )


def list_models(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the trained models, the newest first."""
    return prepare(
        model_service_pb2.ListModelsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def get_model(
    *,
    model_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a model. Returns NOT_FOUND (MODEL_NOT_FOUND)."""
    return prepare(
        model_service_pb2.GetModelRequest,
        timeout,
        metadata,
        model_id=model_id,
    )


def get_model_metrics(
    *,
    model_id: int | None = None,
    days: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets how good a model is. Absent id: the model in use.

    Both what held-out orders say (beside popularity, and the model that was in use) and what customers did
    with its recommendations. Returns NOT_FOUND (MODEL_NOT_FOUND).
    """
    return prepare(
        model_service_pb2.GetModelMetricsRequest,
        timeout,
        metadata,
        model_id=model_id,
        days=days,
    )


def activate_model(
    *,
    model_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Puts a model into use on every server, without failing a call: to roll back, activate an older one.

    Returns NOT_FOUND (MODEL_NOT_FOUND), FAILED_PRECONDITION (MODEL_DAMAGED) when its artifact is missing or damaged;
    the model in use stays.
    """
    return prepare(
        model_service_pb2.ActivateModelRequest,
        timeout,
        metadata,
        model_id=model_id,
    )


def start_experiment(
    *,
    challenger_model_id: int | None = None,
    challenger_percent: int | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Starts an A/B test: a share of the users is served by another model than the one in use.

    A user is always served by the same one, whatever the device. One experiment runs at a time:
    FAILED_PRECONDITION (EXPERIMENT_RUNNING) otherwise, and when the challenger cannot be served (MODEL_DAMAGED)
    or is the model in use (MODEL_IN_USE). Activating a model ends the experiment.
    """
    return prepare(
        model_service_pb2.StartExperimentRequest,
        timeout,
        metadata,
        challenger_model_id=challenger_model_id,
        challenger_percent=challenger_percent,
        request_id=request_id,
    )


def get_experiment(
    *,
    experiment_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets an experiment and what its two models achieved with customers. Returns NOT_FOUND (EXPERIMENT_NOT_FOUND)."""
    return prepare(
        model_service_pb2.GetExperimentRequest,
        timeout,
        metadata,
        experiment_id=experiment_id,
    )


def list_experiments(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the experiments, the newest first, without their results."""
    return prepare(
        model_service_pb2.ListExperimentsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def end_experiment(
    *,
    experiment_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Ends an experiment: from now on everybody is served by the model in use. Repeating it changes nothing. Returns
    NOT_FOUND (EXPERIMENT_NOT_FOUND).
    """
    return prepare(
        model_service_pb2.EndExperimentRequest,
        timeout,
        metadata,
        experiment_id=experiment_id,
    )


class ModelMethods:
    """Trains the models behind the recommendations, puts them into use and compares them."""

    train_model = Unary("TrainModel", train_model, model_pb2.Training)
    get_training = Unary("GetTraining", get_training, model_pb2.Training)
    list_trainings = Unary("ListTrainings", list_trainings, model_service_pb2.ListTrainingsResponse)
    iter_trainings = Items("ListTrainings", list_trainings.request, model_pb2.Training)
    watch_training = Stream("WatchTraining", watch_training, model_service_pb2.WatchTrainingResponse)
    cancel_training = Unary("CancelTraining", cancel_training, model_pb2.Training)
    list_models = Unary("ListModels", list_models, model_service_pb2.ListModelsResponse)
    iter_models = Items("ListModels", list_models.request, model_pb2.Model)
    get_model = Unary("GetModel", get_model, model_pb2.Model)
    get_model_metrics = Unary("GetModelMetrics", get_model_metrics, model_metrics_pb2.ModelMetrics)
    activate_model = Unary("ActivateModel", activate_model, model_pb2.Model)
    start_experiment = Unary("StartExperiment", start_experiment, model_pb2.Experiment)
    get_experiment = Unary("GetExperiment", get_experiment, model_pb2.Experiment)
    list_experiments = Unary("ListExperiments", list_experiments, model_service_pb2.ListExperimentsResponse)
    iter_experiments = Items("ListExperiments", list_experiments.request, model_pb2.Experiment)
    end_experiment = Unary("EndExperiment", end_experiment, model_pb2.Experiment)
