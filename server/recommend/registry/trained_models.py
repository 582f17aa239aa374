"""The trained models that the shop knows of: listing them, and which one is in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from ml.artifacts.manifest import Manifest
from server.db.base import AnySelect
from server.db.rows import field_names, from_row
from server.events.log import publish
from server.events.topics import ModelsChanged
from server.recommend.registry import experiments
from server.recommend.registry.errors import ModelDamaged, ModelNotFound
from server.recommend.registry.measures import Metrics
from server.recommend.registry.models import TrainedModel

FALLBACKS = 10
"""How many models a starting worker tries at most."""


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A trained model; `version` is the name of its artifact, which is deleted some time after."""

    id: int
    version: str
    model_type: str
    metrics: Metrics
    is_active: bool
    created_at: datetime
    data_fingerprint: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)
    library_versions: Mapping[str, str] = field(default_factory=dict)
    training_seconds: float = 0.0
    removed_at: datetime | None = None


def get(connection: Connection, model_id: int) -> ModelRecord:
    """One model; raises ModelNotFound."""
    row = connection.execute(_models().where(TrainedModel.id == model_id)).one_or_none()
    if row is None:
        raise ModelNotFound(f"model {model_id}", model_id=model_id)
    return from_row(ModelRecord, row)


def active(connection: Connection) -> ModelRecord | None:
    """The model in use; None when there is none."""
    row = connection.execute(_models().where(TrainedModel.is_active)).one_or_none()
    return None if row is None else from_row(ModelRecord, row)


def active_or_refuse(connection: Connection) -> ModelRecord:
    """The model in use; raises ModelNotFound when there is none."""
    model = active(connection)
    if model is None:
        raise ModelNotFound("model in use")
    return model


def page(connection: Connection, before_id: int | None, limit: int) -> Sequence[ModelRecord]:
    """Models, the newest first, from the one before `before_id` on."""
    query = _models().order_by(TrainedModel.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(TrainedModel.id < before_id)
    return [from_row(ModelRecord, row) for row in connection.execute(query)]


def candidates(connection: Connection) -> Sequence[str]:
    """The versions worth serving, the one in use first, then the newest."""
    query = select(TrainedModel.version).where(TrainedModel.removed_at.is_(None))
    query = query.order_by(TrainedModel.is_active.desc(), TrainedModel.id.desc())
    return connection.execute(query.limit(FALLBACKS)).scalars().all()


def register(
    tx: Connection,
    version: str,
    model_type: str,
    metrics: Metrics,
    now: datetime,
    *,
    manifest: Manifest | None = None,
    training_seconds: float = 0.0,
) -> int:
    """Record a trained model with what its artifact says of itself, not in use yet, and return its id."""
    row: dict[str, object] = {"version": version, "model_type": model_type, "metrics": dict(metrics)}
    row |= {"training_seconds": training_seconds, "created_at": now, "is_active": False}
    if manifest is not None:
        row |= {
            "data_fingerprint": manifest.data_fingerprint,
            "parameters": asdict(manifest.parameters),
            "library_versions": dict(manifest.library_versions),
        }
    return tx.execute(insert(TrainedModel).values(row).returning(TrainedModel.id)).scalar_one()


def activate(tx: Connection, model_id: int) -> ModelRecord:
    """Put a model into use in place of the one that is; that ends a running experiment.

    Repeating it does nothing. Raises ModelNotFound, and ModelDamaged when its artifact was deleted.
    """
    lock(tx)
    model = get(tx, model_id)
    if model.is_active:
        return model
    require_available(model)
    experiments.end_running(tx)
    tx.execute(update(TrainedModel).where(TrainedModel.is_active).values(is_active=False))
    tx.execute(update(TrainedModel).where(TrainedModel.id == model_id).values(is_active=True))
    publish(tx, ModelsChanged(model_id))
    return get(tx, model_id)


def lock(tx: Connection) -> None:
    """Keep others from activating and removing models until the transaction ends.

    Locked in one order: of two at once the later one must see what the earlier one did.
    """
    tx.execute(select(TrainedModel.id).order_by(TrainedModel.id).with_for_update())


def require_available(model: ModelRecord) -> None:
    """Raise ModelDamaged when the artifact of a model was deleted."""
    if model.removed_at is not None:
        gone = f"Its files were deleted on {model.removed_at:%Y-%m-%d}: only the newest models are kept."
        raise ModelDamaged(version=model.version, problem=gone)


def _models() -> AnySelect:
    return select(*(getattr(TrainedModel, name) for name in field_names(ModelRecord)))
