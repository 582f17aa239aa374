"""Deletes the artifacts of old models; their rows stay."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import SQLAlchemyError

from ml.artifacts.artifact import NAME
from server.db.database import Database
from server.recommend.registry import experiments, trained_models
from server.recommend.registry.models import TrainedModel

REMOVED = ".removed-"
"""Artifacts are renamed before they are deleted: a reader finds all of one or nothing."""

log = structlog.get_logger()


def prune(db: Database, models_dir: Path, *, keep: int) -> None:
    """Delete the artifacts of old models; should that fail, the next training does it."""
    try:
        with db.transaction() as tx:
            retire(tx, keep, db.clock())
        with db.read() as connection:
            gone = retired(connection, artifacts(models_dir))
    except (SQLAlchemyError, OSError) as error:
        log.warning("models_not_pruned", error=type(error).__name__)
        return
    for version in gone:
        delete(models_dir, version)
        log.info("model_deleted", version=version)


def discard(db: Database, models_dir: Path, version: str) -> None:
    """Delete an artifact that no row names. After some errors it is not certain whether one does."""
    try:
        with db.read() as connection:
            if is_recorded(connection, version):
                return
    except SQLAlchemyError:
        return
    delete(models_dir, version)


def retire(tx: Connection, keep: int, now: datetime) -> int:
    """Mark the models whose artifacts go, and return how many.

    Kept are the one in use, those of a running experiment, and the `keep` newest.
    """
    trained_models.lock(tx)  # nobody activates one of them meanwhile
    model = TrainedModel
    newest = select(model.id).where(model.removed_at.is_(None)).order_by(model.id.desc()).limit(keep)
    in_use = {*tx.execute(newest).scalars(), *experiments.models_in_use(tx)}
    old = update(model).where(model.removed_at.is_(None), ~model.is_active, model.id.not_in(in_use))
    return len(tx.execute(old.values(removed_at=now).returning(model.id)).all())


def retired(connection: Connection, versions: Collection[str]) -> Sequence[str]:
    """Those among `versions` whose artifacts may go."""
    model = TrainedModel
    query = select(model.version).where(model.version.in_(versions), model.removed_at.is_not(None))
    return connection.execute(query).scalars().all()


def is_recorded(connection: Connection, version: str) -> bool:
    """Whether a model of this version is known."""
    query = select(TrainedModel.id).where(TrainedModel.version == version)
    return connection.execute(query).one_or_none() is not None


def artifacts(models_dir: Path) -> list[str]:
    """The names of the artifacts on the disk."""
    return [path.name for path in models_dir.iterdir() if NAME.fullmatch(path.name)]


def delete(models_dir: Path, version: str) -> None:
    """Delete an artifact; a process that loads it at this moment is refused or has it whole."""
    if not NAME.fullmatch(version):
        raise ValueError(f"no name of an artifact: {version}")
    path = models_dir / version
    try:
        path.rename(models_dir / f"{REMOVED}{version}")
    except OSError as error:
        if path.exists():
            log.warning("model_not_deleted", version=version, problem=error.strerror)
    # What an earlier attempt left half deleted goes along.
    for removed in models_dir.glob(f"{REMOVED}*"):
        shutil.rmtree(removed, ignore_errors=True)
