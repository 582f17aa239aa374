"""Learns the blend from held-out baskets: which item-to-item models, what weights, what a score is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from ml.data.arrays import Array, Ids, rows_of
from ml.data.split import HISTORY_LIMIT, Case
from ml.models import affinity, calibration
from ml.models.blend_weights import FEATURES, BlendWeights
from ml.ranking.eligibility import Without
from ml.ranking.model import Model
from ml.training.tuning import CandidateTable, K, LabelledCandidates, climb

LEARNED_FROM = 1_000
"""Users that weights are learned from: more of them change the second digit of none."""

MIN_CASES = 40
"""Users below which nothing is learned, and the shop is served with the defaults."""

PER_MODEL = 100
"""Products of each item-to-item model that are candidates when the models are compared."""

CHUNK = 128
RECENCIES = (1.0, 0.98, 0.95, 0.9)
CATEGORY_SHARES = (0.4, 0.6)
"""Tried from the most diverse to the least."""

DIVERSITY_COST = 0.01
"""The part of recall that a more diverse list may cost."""

DIVERSITY_USERS = 500
RECENCY_USERS = 500


@dataclass(frozen=True, eq=False)
class Recipe:
    """How a shop's sources are blended."""

    shares: Mapping[str, float] = field(default_factory=lambda: dict(affinity.DEFAULT_SHARES))
    """What each item-to-item model adds to their sum."""
    weights: BlendWeights = field(default_factory=BlendWeights)
    curve: Mapping[str, Array] = field(default_factory=calibration.none)
    """The arrays of `ml.models.calibration`."""


def shares_of(
    models: Mapping[str, sparse.csr_matrix], cases: Sequence[Case], product_ids: Ids
) -> Mapping[str, float]:
    """Choose among item-to-item models, trained without the cases' baskets, and weigh those that help.

    The best one alone comes first, the others join it if they better the lists.
    """
    if len(cases) < MIN_CASES:
        return affinity.DEFAULT_SHARES
    names = list(models)
    table = CandidateTable(_compared(list(models.values()), cases, product_ids))
    alone = [table.worth([float(name == other) for other in names]) for name in names]
    best = names[int(np.argmax(alone))]
    weights, _ = climb(
        table, {name: float(name == best) for name in names}, [name for name in names if name != best]
    )
    return {name: weight for name, weight in weights.items() if weight}


def _compared(
    models: Sequence[sparse.csr_matrix], cases: Sequence[Case], product_ids: Ids
) -> list[LabelledCandidates]:
    lists: list[LabelledCandidates] = []
    for start in range(0, len(cases), CHUNK):
        chunk = cases[start : start + CHUNK]
        histories = _histories(chunk, product_ids)
        scores = [(histories @ model).toarray() for model in models]
        for index, case in enumerate(chunk):
            own = np.array([each[index] for each in scores])
            own[:, rows_of(product_ids, np.array(case.history, dtype=np.int64))] = 0
            count = min(PER_MODEL, own.shape[1])
            rows = np.unique(np.argpartition(own, own.shape[1] - count, axis=1)[:, -count:])
            lists.append(_candidates(product_ids[rows], own[:, rows].T, case))
    return lists


def _histories(cases: Sequence[Case], product_ids: Ids) -> sparse.csr_matrix:
    users = np.repeat(np.arange(len(cases)), [len(case.history[:HISTORY_LIMIT]) for case in cases])
    products = [product for case in cases for product in case.history[:HISTORY_LIMIT]]
    rows = rows_of(product_ids, np.array(products, dtype=np.int64))
    on_sale = rows >= 0
    ones = np.ones(int(on_sale.sum()), np.float32)
    return sparse.csr_matrix((ones, (users[on_sale], rows[on_sale])), shape=(len(cases), len(product_ids)))


def _candidates(product_ids: Ids, features: Array, case: Case) -> LabelledCandidates:
    labels = np.array([product in case.relevant for product in product_ids.tolist()], dtype=np.bool_)
    return LabelledCandidates(features, labels, len(case.relevant))


def learned(model: Model, shares: Mapping[str, float], cases: Sequence[Case]) -> Recipe:
    """Learn the weights of a model that was trained without the cases' baskets, with its own code for serving."""
    if len(cases) < MIN_CASES:
        return Recipe(shares, model.weights)
    recency = _recency(model, cases)
    table = _table(model, cases, replace(_ALL_SOURCES, recency=recency))
    start = {name: getattr(model.weights, name) if name == "affinity" else 0.0 for name in FEATURES}
    # Nobody stands on a page here, so nothing is learned of what goes with a page.
    free = [name for name in FEATURES if name not in ("affinity", "together")]
    tuned, _ = climb(table, start, free)
    weights = replace(
        model.weights,
        recency=recency,
        taste=tuned["taste"],
        content=tuned["content"],
        recent=tuned["recent"],
    )
    scores, hits = table.top(list(tuned.values()))
    real = np.isfinite(scores)
    curve = calibration.train(scores[real].astype(np.float64), hits[real].astype(np.float64))
    return Recipe(shares, weights, curve)


_ALL_SOURCES = BlendWeights(taste=1.0, content=1.0, recent=1.0)
"""Asks every source; a source without weight is not asked."""


def _recency(model: Model, cases: Sequence[Case]) -> float:
    """How fast a history fades; not at all where nobody knows when it happened."""
    if all(case.now is None for case in cases):
        return 1.0
    sample = cases[:: max(1, len(cases) // RECENCY_USERS)]
    alone = replace(_ALL_SOURCES, taste=0.0, content=0.0, recent=0.0)
    only_affinity = [float(name == "affinity") for name in FEATURES]
    return max(
        RECENCIES,
        key=lambda each: _table(model, sample, replace(alone, recency=each)).worth(only_affinity),
    )


def _table(model: Model, cases: Sequence[Case], weights: BlendWeights) -> CandidateTable:
    lists: list[LabelledCandidates] = []
    for case in cases:
        context = model.context(case.user_id, history=case.history[:HISTORY_LIMIT], now=case.now)
        new = Without(case.history)
        proposed = model.features(model.candidates(context, new, weights), weights)
        if proposed is None:
            nothing = np.empty((0, len(FEATURES)), np.float32)
            lists.append(LabelledCandidates(nothing, np.empty(0, np.bool_), len(case.relevant)))
            continue
        ids = model.product_ids[proposed.rows]
        listed = new.among(ids)
        lists.append(_candidates(ids[listed], proposed.matrix[listed], case))
    return CandidateTable(lists)


def diverse(model: Model, recipe: Recipe, cases: Sequence[Case]) -> Recipe:
    """Spread lists over categories as far as that costs hardly any recall; `model` serves the recipe."""
    sample = cases[:: max(1, len(cases) // DIVERSITY_USERS)]
    if len(cases) < MIN_CASES:
        return recipe
    free = _recall(model.with_category_share(1.0), sample)
    for share in CATEGORY_SHARES:
        if _recall(model.with_category_share(share), sample) >= (1 - DIVERSITY_COST) * free:
            return replace(recipe, weights=replace(recipe.weights, category_share=share))
    return replace(recipe, weights=replace(recipe.weights, category_share=1.0))


def _recall(model: Model, cases: Sequence[Case]) -> float:
    total = 0.0
    for case in cases:
        items = model.recommend(
            case.user_id,
            history=case.history[:HISTORY_LIMIT],
            eligible=Without(frozenset(case.history)),
            limit=K,
            now=case.now,
        )
        total += sum(item.product_id in case.relevant for item in items) / len(case.relevant)
    return total / max(1, len(cases))
