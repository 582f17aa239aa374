"""Trains a model from a shop's data, measures the recipe on held-out baskets, publishes the result."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from ml.artifacts import artifact
from ml.artifacts.carryover import aligned
from ml.artifacts.manifest import Description
from ml.artifacts.schema import PARTS, Contents
from ml.data.arrays import Array, rows_of
from ml.data.dataset import GUEST, Dataset
from ml.data.interactions import read
from ml.data.split import Case, Split, cases, hold_out
from ml.evaluation import holdout
from ml.evaluation.evaluate import USERS_LIMIT, compare, evaluate
from ml.models import affinity, als, content, copurchase, discovery, reorder, sales, segments, trending
from ml.models.boosting import MissingLibrary, missing_library
from ml.ranking.model import Model
from ml.training import blend
from ml.training.blend import Recipe

MODEL_TYPES = ("all", *PARTS)
REHEARSED = tuple(part for part in PARTS if part != "segments")
"""What predicts baskets."""
MIN_ORDERS = 20
MIN_USERS = 5
LIBRARIES = ("numpy", "scipy", "faiss-cpu", "implicit", "lightgbm", "scikit-learn", "sqlalchemy")

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
    serving: str | None = None,
) -> Trained:
    """Read, measure, train, publish. A type other than `all` retrains that part and carries the rest over.

    `serving` is the name of the artifact in use, from which it is carried over; else from the newest.

    Raises TooLittleData, MissingLibrary where `reorder` alone was asked for and cannot be trained, sqlalchemy's
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
    rehearsal = rehearse(dataset, options, _within(progress, 10, 50), serving=in_use)
    if model_type == "all":
        earlier = None
    carried = tuple(part for part in PARTS if part != model_type) if earlier else ()
    contents = fit(
        dataset,
        options,
        _within(progress, 50, 95),
        tuple(part for part in PARTS if part not in carried),
        rehearsal.recipe,
    )
    contents |= rehearsal.learned
    parameters = parameters_of(options, rehearsal.recipe)
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
        metrics=rehearsal.metrics,
    )
    return Trained(artifact.write(models_dir, contents, description, key), rehearsal.metrics)


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


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """What training without some of the baskets showed."""

    metrics: Mapping[str, Any]
    learned: Contents
    """What is learned from how these baskets were predicted."""
    recipe: Recipe


def rehearse(
    dataset: Dataset,
    options: Options,
    progress: Progress,
    *,
    split: Split | None = None,
    serving: artifact.Artifact | None = None,
) -> Rehearsal:
    """Train everything without some baskets, learn the blend from a part of these, and measure it on the others.

    `split` says which baskets; without it they are the last ones. `serving` is the model in use, measured on the
    same baskets.
    """
    split = split or hold_out(dataset)
    measured_on = USERS_LIMIT if split.order_times else blend.LEARNED_FROM
    questions = cases(split, blend.LEARNED_FROM + measured_on, seed=options.seed)
    learning, measuring = _divided(questions)
    # Where nobody ordered twice, a basket is a user.
    names = affinity.candidates(len(split.training.products.ids), baskets=bool(split.order_times))
    models = _item_models(split.training, options, names, _within(progress, 0, 50))
    shares = blend.shares_of(models, learning, split.training.products.ids)
    plain = Recipe(shares)
    # Who buys what again is a matter of times, which random baskets do not have.
    parts = tuple(part for part in REHEARSED if split.order_times or part != "reorder")
    contents = fit(split.training, options, _within(progress, 50, 85), parts, plain, models)
    contents = Contents({}, {"reorder_trees": []}) | contents
    model = Model("measured", contents, parameters_of(options, plain), {})
    progress("evaluate", 85, f"Learning the blend from {len(learning)} baskets held out")
    recipe = blend.learned(model, shares, learning)
    model = _serving(contents, options, recipe)
    recipe = blend.diverse(model, recipe, learning)
    model = _serving(contents, options, recipe)
    progress("evaluate", 90, f"Comparing with {len(measuring)} other baskets")
    metrics = evaluate(model, measuring, split.training.interactions)
    if serving is not None:
        metrics["serving"] = _compared(model, serving, measuring, split)
    learned = discovery.none()
    if split.order_times:
        orders = list(holdout.holdout_orders(split))
        orders = holdout.sample(orders, holdout.LEARNED_FROM, options.seed)
        metrics["reorder"] = holdout.measure_reorder(model, orders)
        learned = discovery.train(holdout.discoveries(model, orders))
    return Rehearsal(metrics, Contents(learned, {}), recipe)


def _divided(questions: Sequence[Case]) -> tuple[Sequence[Case], Sequence[Case]]:
    """The cases to learn from, and those to measure on: others, unless there are too few to learn from at all."""
    learning = questions[:: max(2, len(questions) // blend.LEARNED_FROM)]
    if len(learning) < blend.MIN_CASES:
        return (), questions
    taken = {case.user_id for case in learning}
    return learning, [case for case in questions if case.user_id not in taken]


def _serving(contents: Contents, options: Options, recipe: Recipe) -> Model:
    return Model("measured", contents | Contents(recipe.curve, {}), parameters_of(options, recipe), {})


def _compared(
    model: Model, serving: artifact.Artifact, measuring: Sequence[Case], split: Split
) -> Mapping[str, Any]:
    manifest = serving.manifest
    old = Model(manifest.name, serving.contents, manifest.parameters, manifest.metrics)
    since = datetime.fromisoformat(manifest.created).timestamp()
    return compare(model, old, measuring, split.training.interactions, since)


def fit(
    dataset: Dataset,
    options: Options,
    progress: Progress,
    parts: tuple[str, ...] = PARTS,
    recipe: Recipe | None = None,
    models: Mapping[str, Any] | None = None,
) -> Contents:
    """Train the given parts, with the catalogue and trending; the other parts are missing from the result.

    `recipe` says how to blend, `models` are the item-to-item models if they were trained already.
    """
    products, lines = dataset.products, dataset.interactions
    recipe = recipe or Recipe()
    contents = _catalogue(dataset) | Contents(
        trending.train(lines, products.ids, half_life_days=options.half_life_days)
        | sales.train(lines, products.ids)
        | discovery.none()
        | dict(recipe.curve),
        {},
    )
    if "copurchase" in parts:
        progress("copurchase", 0, "Finding what is bought together")
        together = copurchase.train(copurchase.baskets(lines, products.ids), threads=options.threads)
        if models is None:
            models = _item_models(dataset, options, tuple(recipe.shares), _within(progress, 0, 25))
        contents |= Contents(together | affinity.joined(models, recipe.shares), {})
    if "content" in parts:
        progress("content", 25, "Reading the products' words")
        arrays, vocabulary = content.train(content.texts_of(products), seed=options.seed)
        contents |= Contents(arrays, {"content_vocabulary": vocabulary})
    if "reorder" in parts:
        progress("reorder", 30, "Learning what is bought again")
        contents |= _fit_reorder(dataset, contents, options, progress)
    if "segments" in parts:
        progress("segments", 35, "Grouping the customers")
        contents |= Contents(*segments.train(dataset.orders, seed=options.seed))
    if "als" in parts:
        contents |= _fit_als(dataset, options, _within(progress, 40, 100))
    return contents


def _item_models(
    dataset: Dataset, options: Options, names: Collection[str], progress: Progress
) -> Mapping[str, Any]:
    lines, ids = dataset.interactions, dataset.products.ids
    done = 0

    def on_model(name: str) -> None:
        nonlocal done
        progress("copurchase", 100 * done // (len(names) + 1), f"Finding what goes together: {name}")
        done += 1

    _, user_items = affinity.bought(lines, ids)
    baskets = copurchase.baskets(lines, ids)
    return affinity.train(user_items, baskets, names, threads=options.threads, on_model=on_model)


def parameters_of(options: Options, recipe: Recipe | None = None) -> dict[str, Any]:
    """What the serving model and the reader of a manifest need to know, by part."""
    recipe = recipe or Recipe()
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
            "shares": dict(recipe.shares),
        },
        "content": {"dimensions": content.DIMENSIONS, "seed": options.seed},
        "reorder": {"rounds": reorder.ROUNDS, **reorder.PARAMETERS, "seed": options.seed},
        "segments": {"fewest": segments.MIN_SEGMENTS, "most": segments.MAX_SEGMENTS, "seed": options.seed},
        "trending": {"half_life_days": options.half_life_days},
        "blend": asdict(recipe.weights),
    }


def _fit_reorder(dataset: Dataset, catalogue: Contents, options: Options, progress: Progress) -> Contents:
    try:
        trees = reorder.train(
            dataset.interactions,
            dataset.products.ids,
            sales.Sales(catalogue.arrays),
            seed=options.seed,
            threads=options.threads,
        )
    except MissingLibrary as missing:
        progress("reorder", 40, f"Left out: {missing}")
        return Contents({}, {"reorder_trees": []})
    if not trees:
        progress(
            "reorder", 40, f"Left out: fewer than {reorder.MIN_EXAMPLES} products that could be bought again"
        )
    return Contents({}, {"reorder_trees": trees})


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
        "product_brands": _numbered(products.brands),
        "category_ids": category_ids,
    }
    names = [products.category_names[category] for category in category_ids.tolist()]
    return Contents(arrays, {"product_names": list(products.names), "category_names": names})


def _numbered(brands: Sequence[str]) -> Array:
    """A number for each product's brand; -1 for none."""
    numbers = {brand: number for number, brand in enumerate(sorted({*brands} - {""}))}
    return np.array([numbers.get(brand, -1) for brand in brands], dtype=np.int32)


def _earlier(models_dir: Path, serving: str | None, key: bytes) -> artifact.Artifact | None:
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


def _within(progress: Progress, start: int, end: int) -> Progress:
    """The same listener for a stretch of the run that counts its own 0 to 100."""
    return lambda stage, percent, message: progress(stage, start + (end - start) * percent // 100, message)
