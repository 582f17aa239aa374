"""A/B tests of two models: who is served by the challenger, and the one test that may run at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import aliased

from server.clock import utc_now
from server.db.base import AnySelect
from server.db.upsert import insert_for
from server.events.log import publish
from server.events.topics import ModelsChanged
from server.recommend.registry.errors import (
    ExperimentNotFound,
    ExperimentRunning,
    ModelDamaged,
    ModelInUse,
    ModelNotFound,
)
from server.recommend.registry.models import Experiment, TrainedModel

RUNNING, ENDED = "RUNNING", "ENDED"

DEFAULT_PERCENT = 50

_MODELS = (
    select(TrainedModel.id, TrainedModel.version, TrainedModel.is_active, TrainedModel.removed_at)
    .order_by(TrainedModel.id)
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class TrafficSplit:
    """Which part of the users the challenger of an experiment serves."""

    experiment_id: int
    percent: int

    def challenges(self, key: str) -> bool:
        """Whether the challenger serves who has this `split_key`: the same answer always and on every worker.

        The experiment's id is hashed along, so that two experiments do not split the users alike.
        """
        digest = hashlib.blake2b(f"{self.experiment_id}|{key}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) % 100 < self.percent


@dataclass(frozen=True, slots=True)
class Trial:
    """An experiment as it stands."""

    id: int
    control_model_id: int
    control_version: str
    challenger_model_id: int
    challenger_version: str
    percent: int
    state: str
    started_at: datetime
    ended_at: datetime | None

    @property
    def split(self) -> TrafficSplit:
        """How it splits the users."""
        return TrafficSplit(self.id, self.percent)


def split_key(user_id: int | None, visitor_id: str = "") -> str:
    """The key by which users, or else visitors, are split; empty for those who are neither."""
    if user_id is not None:
        return f"u{user_id}"
    return f"v{visitor_id}" if visitor_id else ""


def start(tx: Connection, challenger_id: int, percent: int, now: datetime) -> Trial:
    """Begin to compare a model with the one in use; `percent` (0: 50) of the users get the new one.

    Raises ModelNotFound, also when no model is in use, ModelDamaged, ModelInUse and ExperimentRunning.
    """
    # Locked in the order of an activation: neither may miss what the other did.
    models = {row.id: row for row in tx.execute(_MODELS)}
    challenger = models.get(challenger_id)
    control = next((model for model in models.values() if model.is_active), None)
    if challenger is None or control is None:
        raise (
            ModelNotFound(f"model {challenger_id}", model_id=challenger_id)
            if challenger is None
            else ModelNotFound("model in use")
        )
    if challenger is control:
        raise ModelInUse(model_id=challenger_id)
    if challenger.removed_at is not None:
        raise ModelDamaged(version=challenger.version, problem="Its files were deleted.")
    row = {
        "control_model_id": control.id,
        "challenger_model_id": challenger_id,
        "percent": percent or DEFAULT_PERCENT,
        "state": RUNNING,
        "started_at": now,
    }
    query = insert_for(tx)(Experiment).values(row).on_conflict_do_nothing().returning(Experiment.id)
    started = tx.execute(query).scalar_one_or_none()
    if started is None:
        raise ExperimentRunning()
    publish(tx, ModelsChanged(challenger_id))
    return get(tx, started)


def end(tx: Connection, experiment_id: int, now: datetime) -> Trial:
    """End an experiment; one that has ended stays as it is. Raises ExperimentNotFound."""
    trial = get(tx, experiment_id)
    if trial.state == RUNNING:
        _end(tx, experiment_id, now)
    return get(tx, experiment_id)


def end_running(tx: Connection) -> None:
    """End the experiment that runs, if one does: the model in use is another one now."""
    trial = running(tx)
    if trial is not None:
        _end(tx, trial.id, utc_now())


def get(connection: Connection, experiment_id: int) -> Trial:
    """One experiment; raises ExperimentNotFound."""
    trial = _one(connection, _trials().where(Experiment.id == experiment_id))
    if trial is None:
        raise ExperimentNotFound(experiment_id=experiment_id)
    return trial


def page(connection: Connection, before_id: int | None, limit: int) -> Sequence[Trial]:
    """Experiments, the newest first, from the one before `before_id` on."""
    query = _trials().order_by(Experiment.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(Experiment.id < before_id)
    return [Trial(*row) for row in connection.execute(query)]


def running(connection: Connection) -> Trial | None:
    """The experiment that runs; None when none does."""
    return _one(connection, _trials().where(Experiment.state == RUNNING))


def models_in_use(connection: Connection) -> set[int]:
    """The ids of the models that the running experiment compares: their artifacts are needed."""
    trial = running(connection)
    return {trial.control_model_id, trial.challenger_model_id} if trial is not None else set()


def _end(tx: Connection, experiment_id: int, now: datetime) -> None:
    ended = (
        update(Experiment)
        .where(Experiment.id == experiment_id, Experiment.state == RUNNING)
        .values(state=ENDED, ended_at=now)
        .returning(Experiment.challenger_model_id)
    )
    challenger_id = tx.execute(ended).scalar_one_or_none()
    if challenger_id is not None:
        publish(tx, ModelsChanged(challenger_id))


def _one(connection: Connection, query: AnySelect) -> Trial | None:
    row = connection.execute(query).one_or_none()
    return None if row is None else Trial(*row)


def _trials() -> AnySelect:
    control, challenger = aliased(TrainedModel), aliased(TrainedModel)
    columns = (
        Experiment.id,
        Experiment.control_model_id,
        control.version,
        Experiment.challenger_model_id,
        challenger.version,
        Experiment.percent,
        Experiment.state,
        Experiment.started_at,
        Experiment.ended_at,
    )
    return (
        select(*columns)
        .join_from(Experiment, control, control.id == Experiment.control_model_id)
        .join(challenger, challenger.id == Experiment.challenger_model_id)
    )
