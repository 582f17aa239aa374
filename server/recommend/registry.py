"""The trained models that the shop knows of: listing them, and which one is in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from server.events.log import MODEL, NewEvent, publish
from server.recommend.errors import ModelNotFound
from server.recommend.models import TrainedModel


@dataclass(frozen=True, slots=True)
class Listed:
    """A trained model; `version` is the name of its artifact."""

    id: int
    version: str
    model_type: str
    metrics: Mapping[str, Any]
    is_active: bool
    created_at: datetime


def get(connection: Connection, model_id: int) -> Listed:
    """One model; raises ModelNotFound."""
    row = connection.execute(_models().where(TrainedModel.id == model_id)).one_or_none()
    if row is None:
        raise ModelNotFound(what=f"model {model_id}")
    return Listed(*row)


def active(connection: Connection) -> Listed | None:
    """The model in use; None when there is none."""
    row = connection.execute(_models().where(TrainedModel.is_active)).one_or_none()
    return None if row is None else Listed(*row)


def active_or_refuse(connection: Connection) -> Listed:
    """The model in use; raises ModelNotFound when there is none."""
    model = active(connection)
    if model is None:
        raise ModelNotFound(what="model in use")
    return model


def page(connection: Connection, before_id: int | None, limit: int) -> Sequence[Listed]:
    """Models, the newest first, from the one before `before_id` on."""
    query = _models().order_by(TrainedModel.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(TrainedModel.id < before_id)
    return [Listed(*row) for row in connection.execute(query)]


def candidates(connection: Connection) -> Sequence[str]:
    """The versions worth serving, the one in use first, then the newest."""
    query = select(TrainedModel.version).order_by(TrainedModel.is_active.desc(), TrainedModel.id.desc())
    return connection.execute(query.limit(10)).scalars().all()


def register(tx: Connection, version: str, model_type: str, metrics: Mapping[str, Any], now: datetime) -> int:
    """Record a trained model, not in use yet, and return its id."""
    row = {"version": version, "model_type": model_type, "metrics": dict(metrics), "created_at": now}
    return tx.execute(
        insert(TrainedModel).values(**row, is_active=False).returning(TrainedModel.id)
    ).scalar_one()


def activate(tx: Connection, model_id: int) -> Listed:
    """Put a model into use in place of the one that is; raises ModelNotFound. Repeating it does nothing."""
    # Locked in one order: of two activations at once the later one must see what the earlier one did.
    tx.execute(select(TrainedModel.id).order_by(TrainedModel.id).with_for_update())
    model = get(tx, model_id)
    if model.is_active:
        return model
    tx.execute(update(TrainedModel).where(TrainedModel.is_active).values(is_active=False))
    tx.execute(update(TrainedModel).where(TrainedModel.id == model_id).values(is_active=True))
    publish(tx, NewEvent(MODEL, str(model_id)))
    return get(tx, model_id)


def _models() -> Select[tuple[int, str, str, dict[str, Any], bool, datetime]]:
    model = TrainedModel
    return select(model.id, model.version, model.model_type, model.metrics, model.is_active, model.created_at)
