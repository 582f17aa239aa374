"""Trains a model from a shop's data, measures the recipe on held-out baskets, publishes the result."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ml.artifacts import artifact
from ml.artifacts.artifact import Artifact
from ml.artifacts.carryover import aligned
from ml.artifacts.manifest import Description
from ml.artifacts.parameters import ModelParameters
from ml.artifacts.schema import PARTS, Contents
from ml.data.arrays import rows_of
from ml.data.dataset import GUEST, Dataset
from ml.data.interactions import read
from ml.models import content
from ml.models.boosting import missing_library
from ml.training.fit import fit, parameters_of
from ml.training.options import Options, Progress, within
from ml.training.rehearsal import Rehearsal, rehearse

MODEL_TYPES = ("all", *PARTS)
MIN_ORDERS = 20
MIN_USERS = 5
LIBRARIES = ("numpy", "scipy", "faiss-cpu", "implicit", "lightgbm", "scikit-learn", "sqlalchemy")


class InsufficientData(Exception):
    """The shop has not sold enough to learn from; the text says what it has and what is needed."""


@dataclass(frozen=True)
class Trained:
    """A published artifact."""

    path: Path
    metrics: Mapping[str, object]
    """As its manifest has them."""


def run(
    database_url: str,
    models_dir: Path,
    model_type: str,
    *,
    options: Options,
    key: bytes,
    now: datetime,
    progress: Progress,
    serving: str | None = None,
) -> Trained:
    """Read, measure, train, publish. A type other than `all` retrains that part and carries the rest over.

    `serving` is the name of the artifact in use, from which it is carried over; else from the newest.

    Raises InsufficientData, MissingLibrary where `reorder` alone was asked for and cannot be trained, sqlalchemy's
    errors when the database cannot be read, OSError when the disk refuses.
    """
    if model_type == "reorder" and (missing := missing_library()):
        raise missing
    progress("read", 0, "Reading products, orders and behaviour")
    dataset = read(database_url)
    require_enough(dataset)
    progress("evaluate", 10, "Training on all but the last baskets, to measure the recipe")
    earlier = _earlier(models_dir, serving, key)
    in_use = earlier if earlier and earlier.name == serving else None
    rehearsal = rehearse(dataset, options, within(progress, 10, 50), serving=in_use)
    source = None if earlier is None or model_type == "all" else _Source(earlier, model_type)
    fitted = _fitted(dataset, options, within(progress, 50, 95), rehearsal=rehearsal, source=source)
    progress("publish", 95, "Writing and signing the artifact")
    metrics = rehearsal.evaluation.to_json()
    description = Description(
        model_type=model_type,
        created=now,
        data_fingerprint=dataset.fingerprint(),
        parameters=fitted.parameters,
        carried=fitted.origins,
        library_versions=_library_versions(),
        metrics=metrics,
    )
    return Trained(artifact.write(models_dir, fitted.contents, description, key=key), metrics)


def require_enough(dataset: Dataset) -> None:
    """Raise InsufficientData unless there are orders, customers and products enough to learn from."""
    lines = dataset.interactions
    on_sale = rows_of(dataset.products.ids, lines.product_ids) >= 0
    orders = len(np.unique(lines.order_ids[on_sale]))
    users = len(np.unique(lines.user_ids[on_sale & (lines.user_ids != GUEST)]))
    products = len(np.unique(lines.product_ids[on_sale]))
    if orders < MIN_ORDERS or users < MIN_USERS or products < 2:
        raise InsufficientData(
            f"Training needs at least {MIN_ORDERS} orders by {MIN_USERS} customers over 2 products on sale; "
            f"the shop has {orders} by {users} over {products}."
        )


class _Source(NamedTuple):
    """An earlier artifact, of which all parts but one are carried over."""

    artifact: Artifact
    retrained: str

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(part for part in PARTS if part != self.retrained)


class _Fitted(NamedTuple):
    contents: Contents
    parameters: ModelParameters
    origins: Mapping[str, str]
    """Part → the artifact that it was carried over from."""


def _fitted(
    dataset: Dataset, options: Options, progress: Progress, *, rehearsal: Rehearsal, source: _Source | None
) -> _Fitted:
    """Train what is not carried over from the source."""
    carried = source.parts if source else ()
    parts = [part for part in PARTS if part not in carried]
    contents = fit(dataset, options, progress, parts=parts, recipe=rehearsal.recipe) | rehearsal.learned
    parameters = parameters_of(options, rehearsal.recipe)
    if source is None:
        return _Fitted(contents, parameters, {})
    manifest = source.artifact.manifest
    rest = aligned(source.artifact.contents, contents, content.texts_of(dataset.products), parts=carried)
    return _Fitted(
        contents | rest,
        replace(parameters, **{part: getattr(manifest.parameters, part) for part in carried}),
        {part: manifest.origins[part] for part in carried},
    )


def _earlier(models_dir: Path, serving: str | None, key: bytes) -> Artifact | None:
    named = [models_dir / serving] if serving else []
    for path in [*named, *artifact.newest(models_dir)]:
        try:
            return artifact.load(path, key)
        except artifact.DamagedArtifact:
            continue
    return None


def _library_versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {
        name: importlib.metadata.version(name) for name in LIBRARIES
    }
