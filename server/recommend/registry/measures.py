"""What the measures of a trained model say; any of them may be missing, as older trainings knew fewer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def recall(metrics: Mapping[str, Any]) -> float | None:
    """How well a model predicts held-out baskets: recall among the first 20; None when that was not measured."""
    found = of_model(metrics).get("recall@20")
    return None if found is None else float(found)


def of_model(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """The measures of the model itself; empty when there was nobody to measure on."""
    return _measured(metrics, "blend")


def of_popularity(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those of recommending what sells best to everyone; empty likewise."""
    return _measured(metrics, "popularity")


def _measured(metrics: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = metrics.get(name) or {}
    return {} if metrics.get("users") == 0 else found  # older trainings said 0.0 of nobody


def sources(metrics: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The measures of each source of recommendations alone, by its name; of those that were measured."""
    return {name: scores for name, scores in _measured(metrics, "sources").items() if scores}


def error(metrics: Mapping[str, Any]) -> float:
    """The standard error of `recall`; 0 when it is not known."""
    return float(metrics.get("blend", {}).get("standard_error") or 0.0)


def of_serving(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """The measures of the model that was in use at the training, on baskets that neither model had seen.

    Empty without such a model or enough such baskets: those that it learned from it knows by heart.
    """
    found: Mapping[str, Any] = metrics.get("serving") or {}
    return found if found.get("unseen", True) and found.get("users") != 0 else {}


def of_reorder(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """How well the probabilities of buying again hold; empty when that was not measured."""
    found: Mapping[str, Any] = metrics.get("reorder") or {}
    return found
