"""Trains a model from a shop's data, measures the recipe on held-out baskets, publishes the result."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from ml import als, artifact, content, copurchase, trending
from ml.arrays import Array, rows_of
from ml.carryover import aligned
from ml.dataset import GUEST, Dataset
from ml.evaluate import evaluate, hold_out
from ml.interactions import read
from ml.manifest import Description
from ml.model import BlendWeights, Model
from ml.schema import PARTS, Contents

MODEL_TYPES = ("all", *PARTS)
MIN_ORDERS = 20
MIN_USERS = 5
LIBRARIES = ("numpy", "scipy", "faiss-cpu", "implicit", "sqlalchemy")

Progress = Callable[[str, int, str], None]
"""Told the stage, the percentage of the whole run that is done, and a sentence."""


class TooLittleData(Exception):
    """The shop has not sold enough to learn from; the text says what it has and what is needed."""


@dataclass(frozen=True)
class Options:
    """What a training run may be told; the defaults are the product's."""

    factors: int = als.FACTORS
    regularization: float = als.REGULARIZATION
    iterations: int = als.ITERATIONS
    alpha: float = als.ALPHA
    half_life_days: float = trending.HALF_LIFE_DAYS
    threads: int = 1
    """Cores for ALS; 0 means all."""
    seed: int = 0


@dataclass(frozen=True)
class Trained:
    """A published artifact."""

    path: Path
    metrics: Mapping[str, Any]


def run(
    database_url: str,
    models_dir: Path,
    model_type: str,
    options: Options,
    *,
    key: bytes,
    now: datetime,
    progress: Progress,
) -> Trained:
    """Read, measure, train, publish. A type other than `all` retrains that part and carries the rest over.

    Raises TooLittleData, sqlalchemy's errors when the database cannot be read, OSError when the disk refuses.
    """
    progress("read", 0, "Reading products, orders and behaviour")
    dataset = read(database_url)
    require_enough(dataset)
    progress("evaluate", 10, "Training on all but the last baskets, to measure the recipe")
    metrics = measure(dataset, options, _within(progress, 10, 50))
    earlier = None if model_type == "all" else _newest_valid(models_dir, key)
    carried = tuple(part for part in PARTS if part != model_type) if earlier else ()
    contents = fit(
        dataset, options, _within(progress, 50, 95), tuple(part for part in PARTS if part not in carried)
    )
    parameters = parameters_of(options)
    origins: dict[str, str] = {}
    if earlier:
        contents = contents | aligned(earlier.contents, contents, content.texts_of(dataset.products), carried)
        parameters |= {part: earlier.manifest.parameters[part] for part in carried}
        origins = {part: earlier.manifest.origins[part] for part in carried}
    progress("publish", 95, "Writing and signing the artifact")
    description = Description(
        model_type=model_type,
        created=now,
        data_fingerprint=dataset.fingerprint(),
        parameters=parameters,
        carried=origins,
        library_versions=_library_versions(),
        metrics=metrics,
    )
    return Trained(artifact.write(models_dir, contents, description, key), metrics)


def require_enough(dataset: Dataset) -> None:
    """Raise TooLittleData unless there are orders, customers and products enough to learn from."""
    lines = dataset.interactions
    on_sale = rows_of(dataset.products.ids, lines.product_ids) >= 0
    orders = len(np.unique(lines.order_ids[on_sale]))
    users = len(np.unique(lines.user_ids[on_sale & (lines.user_ids != GUEST)]))
    products = len(np.unique(lines.product_ids[on_sale]))
    if orders < MIN_ORDERS or users < MIN_USERS or products < 2:
        raise TooLittleData(
            f"Training needs at least {MIN_ORDERS} orders by {MIN_USERS} customers over 2 products on sale; "
            f"the shop has {orders} by {users} over {products}."
        )


def measure(dataset: Dataset, options: Options, progress: Progress) -> dict[str, Any]:
    """Train everything without the last baskets and measure it on them."""
    split = hold_out(dataset)
    contents = fit(split.training, options, _within(progress, 0, 90))
    model = Model("measured", contents, parameters_of(options), {})
    progress("evaluate", 90, f"Comparing with {len(split.baskets)} baskets held out")
    return evaluate(model, split, seed=options.seed)


def fit(dataset: Dataset, options: Options, progress: Progress, parts: tuple[str, ...] = PARTS) -> Contents:
    """Train the given parts, with the catalogue and trending; the other parts are missing from the result."""
    products, lines = dataset.products, dataset.interactions
    contents = _catalogue(dataset) | Contents(
        trending.train(lines, products.ids, half_life_days=options.half_life_days), {}
    )
    if "copurchase" in parts:
        progress("copurchase", 0, "Finding what is bought together")
        contents |= Contents(copurchase.train(copurchase.baskets(lines, products.ids)), {})
    if "content" in parts:
        progress("content", 25, "Reading the products' words")
        arrays, vocabulary = content.train(content.texts_of(products), seed=options.seed)
        contents |= Contents(arrays, {"content_vocabulary": vocabulary})
    if "als" in parts:
        contents |= _fit_als(dataset, options, _within(progress, 40, 100))
    return contents


def parameters_of(options: Options) -> dict[str, Any]:
    """What the serving model and the reader of a manifest need to know, by part."""
    return {
        "als": {
            "factors": options.factors,
            "regularization": options.regularization,
            "iterations": options.iterations,
            "alpha": options.alpha,
            "seed": options.seed,
        },
        "copurchase": {
            "alpha": copurchase.ALPHA,
            "beta": copurchase.BETA,
            "neighbours": copurchase.NEIGHBOURS,
        },
        "content": {"dimensions": content.DIMENSIONS, "seed": options.seed},
        "trending": {"half_life_days": options.half_life_days},
        "blend": asdict(BlendWeights()),
    }


def _fit_als(dataset: Dataset, options: Options, progress: Progress) -> Contents:
    users = als.users_of(dataset)
    progress("als", 0, f"Learning the taste of {len(users)} customers")
    factors = als.train(
        als.strengths(dataset, users),
        factors=options.factors,
        regularization=options.regularization,
        iterations=options.iterations,
        alpha=options.alpha,
        seed=options.seed,
        threads=options.threads,
        on_iteration=lambda done: progress(
            "als", 100 * done // options.iterations, f"Round {done} of {options.iterations}"
        ),
    )
    arrays: dict[str, Array] = {
        "als_user_ids": users,
        "als_user_factors": factors.users,
        "als_item_factors": factors.items,
        "als_indptr": factors.confidences.indptr.astype(np.int64),
        "als_indices": factors.confidences.indices.astype(np.int32),
        "als_confidences": factors.confidences.data.astype(np.float32),
    }
    return Contents(arrays, {})


def _catalogue(dataset: Dataset) -> Contents:
    products = dataset.products
    category_ids = np.array(sorted(products.category_names), dtype=np.int64)
    arrays: dict[str, Array] = {
        "product_ids": products.ids,
        "product_categories": rows_of(category_ids, products.category_ids).astype(np.int32),
        "category_ids": category_ids,
    }
    names = [products.category_names[category] for category in category_ids.tolist()]
    return Contents(arrays, {"product_names": list(products.names), "category_names": names})


def _newest_valid(models_dir: Path, key: bytes) -> artifact.Artifact | None:
    for path in artifact.newest(models_dir):
        try:
            return artifact.load(path, key)
        except artifact.DamagedArtifact:
            continue
    return None


def _library_versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {
        name: importlib.metadata.version(name) for name in LIBRARIES
    }


def _within(progress: Progress, start: int, end: int) -> Progress:
    """The same listener for a stretch of the run that counts its own 0 to 100."""
    return lambda stage, percent, message: progress(stage, start + (end - start) * percent // 100, message)
