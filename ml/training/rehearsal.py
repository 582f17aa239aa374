"""Trains without some of the baskets, to learn from these how to blend, and how good the model is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ml.artifacts.artifact import Artifact
from ml.artifacts.schema import PARTS, Contents
from ml.data.dataset import Dataset
from ml.data.split import Case, Split, cases, hold_out
from ml.evaluation import holdout
from ml.evaluation.evaluate import USERS_LIMIT, Evaluation, ServingEvaluation, compare, evaluate
from ml.models import affinity, discovery
from ml.ranking.model import Model
from ml.training import blend
from ml.training.blend import Recipe
from ml.training.fit import fit, fit_item_models, parameters_of
from ml.training.options import Options, Progress, within

REHEARSED = tuple(part for part in PARTS if part != "segments")
"""What predicts baskets."""


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """What training without some of the baskets showed."""

    evaluation: Evaluation
    learned: Contents
    """What is learned from how these baskets were predicted."""
    recipe: Recipe


def rehearse(
    dataset: Dataset,
    options: Options,
    progress: Progress,
    *,
    split: Split | None = None,
    serving: Artifact | None = None,
) -> Rehearsal:
    """Train everything without some baskets, learn the blend from a part of these, and measure it on the others.

    `split` says which baskets; without it they are the last ones. `serving` is the model in use, measured on the
    same baskets.
    """
    split = split or hold_out(dataset)
    measured_on = USERS_LIMIT if split.order_times else blend.LEARNED_FROM
    learning, measuring = _divided(cases(split, blend.LEARNED_FROM + measured_on, seed=options.seed))
    recipe, contents = _learned(split, options, learning, progress)
    model = _model(contents, options, recipe)
    progress("evaluate", 90, f"Comparing with {len(measuring)} other baskets")
    evaluation = evaluate(model, measuring, split.training.interactions)
    if serving is not None:
        evaluation = replace(evaluation, serving=_compared(model, serving, measuring, split))
    discoveries = discovery.none()
    if split.order_times:
        orders = list(holdout.holdout_orders(split))
        orders = holdout.sample(orders, holdout.LEARNED_FROM, options.seed)
        evaluation = replace(evaluation, reorder=holdout.measure_reorder(model, orders))
        discoveries = discovery.train(holdout.discoveries(model, orders))
    return Rehearsal(evaluation, Contents(discoveries, {}), recipe)


def _learned(
    split: Split, options: Options, learning: Sequence[Case], progress: Progress
) -> tuple[Recipe, Contents]:
    """Train all that predicts baskets, and learn from the cases how to blend it."""
    products = split.training.products.ids
    # Where nobody ordered twice, a basket is a user.
    names = affinity.candidates(len(products), baskets=bool(split.order_times))
    item_models = fit_item_models(split.training, options, names, within(progress, 0, 50))
    shares = blend.shares_of(item_models, learning, products)
    recipe = Recipe(shares)
    # Who buys what again is a matter of times, which random baskets do not have.
    parts = [part for part in REHEARSED if split.order_times or part != "reorder"]
    fitted = fit(
        split.training,
        options,
        within(progress, 50, 85),
        parts=parts,
        recipe=recipe,
        item_models=item_models,
    )
    contents = Contents({}, {"reorder_trees": []}) | fitted
    progress("evaluate", 85, f"Learning the blend from {len(learning)} baskets held out")
    recipe = blend.learned(_model(contents, options, recipe), shares, learning)
    recipe = blend.diverse(_model(contents, options, recipe), recipe, learning)
    return recipe, contents


def _divided(questions: Sequence[Case]) -> tuple[Sequence[Case], Sequence[Case]]:
    """The cases to learn from, and those to measure on: others, unless there are too few to learn from at all."""
    learning = questions[:: max(2, len(questions) // blend.LEARNED_FROM)]
    if len(learning) < blend.MIN_CASES:
        return (), questions
    users = {case.user_id for case in learning}
    return learning, [case for case in questions if case.user_id not in users]


def _model(contents: Contents, options: Options, recipe: Recipe) -> Model:
    return Model("measured", contents | Contents(recipe.curve, {}), parameters_of(options, recipe))


def _compared(model: Model, serving: Artifact, measuring: Sequence[Case], split: Split) -> ServingEvaluation:
    manifest = serving.manifest
    old = Model(manifest.name, serving.contents, manifest.parameters)
    since = datetime.fromisoformat(manifest.created).timestamp()
    return compare(model, old, measuring, sold=split.training.interactions, since=since)
