"""What the measures of a trained model say; any of them may be missing, as older trainings knew fewer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

Scores = Mapping[str, float]
"""Figures by name, as `recall@20`; empty where there was nobody to measure on."""


class Metrics(TypedDict, total=False):
    """The measures of a training, in JSON as its artifact has them."""

    users: int
    """How many customers the model was measured on."""
    blend: Scores
    """Of the model itself."""
    popularity: Scores
    sources: Mapping[str, Scores]
    serving: Mapping[str, object]
    """Of the model that was in use, beside its version."""
    reorder: Scores


@dataclass(frozen=True, slots=True)
class ServingMeasures:
    """The measures of the model that was in use at a training, on baskets that neither model had seen."""

    version: str
    scores: Scores
    candidate: Scores | None
    """Those of the new model on the same baskets; None where these are all that it was measured on."""


def recall(metrics: Metrics) -> float | None:
    """How well a model predicts held-out baskets: recall among the first 20; None when that was not measured."""
    return recall_of(of_model(metrics))


def recall_of(scores: Scores) -> float | None:
    """The recall among these scores; None without it."""
    value = scores.get("recall@20")
    return None if value is None else float(value)


def of_model(metrics: Metrics) -> Scores:
    """The measures of the model itself; empty when there was nobody to measure on."""
    return _measured(metrics, metrics.get("blend"))


def of_popularity(metrics: Metrics) -> Scores:
    """Those of recommending what sells best to everyone; empty likewise."""
    return _measured(metrics, metrics.get("popularity"))


def _measured(metrics: Metrics, scores: Scores | None) -> Scores:
    return {} if scores is None or metrics.get("users") == 0 else scores  # older trainings said 0.0 of nobody


def sources(metrics: Metrics) -> Mapping[str, Scores]:
    """The measures of each source of recommendations alone, by its name; of those that were measured."""
    by_source = metrics.get("sources") or {}
    return {name: scores for name, scores in by_source.items() if scores and metrics.get("users") != 0}


def error(metrics: Metrics) -> float:
    """The standard error of `recall`; 0 when it is not known."""
    return error_of(metrics.get("blend", {}))


def error_of(scores: Scores) -> float:
    """The standard error among these scores; 0 without it."""
    return float(scores.get("standard_error") or 0.0)


def of_serving(metrics: Metrics) -> ServingMeasures | None:
    """The measures of the model that was in use at the training.

    None without such a model or enough baskets that it had not seen: those that it learned from it knows by heart.
    """
    serving = metrics.get("serving")
    if not serving or not serving.get("unseen", True) or serving.get("users") == 0:
        return None
    candidate = serving.get("candidate")
    return ServingMeasures(
        str(serving.get("version", "")),
        {name: value for name, value in serving.items() if isinstance(value, int | float)},
        candidate if isinstance(candidate, Mapping) else None,
    )


def of_reorder(metrics: Metrics) -> Scores:
    """How well the probabilities of buying again hold; empty when that was not measured."""
    return metrics.get("reorder") or {}
