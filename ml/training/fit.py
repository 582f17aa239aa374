"""Fits the parts of a model to a shop's data."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from scipy import sparse

from ml.artifacts.parameters import (
    AlsParameters,
    ContentParameters,
    CopurchaseParameters,
    ModelParameters,
    SegmentsParameters,
    TrendingParameters,
)
from ml.artifacts.schema import PARTS, Contents
from ml.data.arrays import Array, rows_of
from ml.data.dataset import Dataset
from ml.models import affinity, als, content, copurchase, discovery, reorder, sales, segments, trending
from ml.models.boosting import MissingLibrary
from ml.training.blend import Recipe
from ml.training.options import Options, Progress, within


def fit(
    dataset: Dataset,
    options: Options,
    progress: Progress,
    *,
    parts: Collection[str] = PARTS,
    recipe: Recipe | None = None,
    item_models: Mapping[str, sparse.csr_matrix] | None = None,
) -> Contents:
    """Train the given parts, with the catalogue and trending; the other parts are missing from the result.

    `recipe` says how to blend; `item_models` are the item-to-item models if they were trained already.
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
        if item_models is None:
            item_models = fit_item_models(dataset, options, tuple(recipe.shares), within(progress, 0, 25))
        contents |= Contents(together | affinity.joined(item_models, recipe.shares), {})
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
        contents |= _fit_als(dataset, options, within(progress, 40, 100))
    return contents


def fit_item_models(
    dataset: Dataset, options: Options, names: Collection[str], progress: Progress
) -> Mapping[str, sparse.csr_matrix]:
    """Train these item-to-item models, by their names in `ml.models.affinity`."""
    lines, ids = dataset.interactions, dataset.products.ids
    done = 0

    def on_model(name: str) -> None:
        nonlocal done
        progress("copurchase", 100 * done // (len(names) + 1), f"Finding what goes together: {name}")
        done += 1

    _, user_items = affinity.bought(lines, ids)
    baskets = copurchase.baskets(lines, ids)
    return affinity.train(user_items, baskets, names, threads=options.threads, on_model=on_model)


def parameters_of(options: Options, recipe: Recipe | None = None) -> ModelParameters:
    """What a model is fitted with, for its manifest."""
    recipe, seed = recipe or Recipe(), options.seed
    return ModelParameters(
        als=AlsParameters(options.factors, options.regularization, options.iterations, options.alpha, seed),
        copurchase=CopurchaseParameters(
            copurchase.ALPHA, copurchase.BETA, copurchase.NEIGHBOURS, dict(recipe.shares)
        ),
        content=ContentParameters(content.DIMENSIONS, seed),
        reorder={"rounds": reorder.ROUNDS, **reorder.PARAMETERS, "seed": seed},
        segments=SegmentsParameters(segments.MIN_SEGMENTS, segments.MAX_SEGMENTS, seed),
        trending=TrendingParameters(options.half_life_days),
        blend=recipe.weights,
    )


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
