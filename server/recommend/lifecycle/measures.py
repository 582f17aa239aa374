"""What the measures of a trained model say; any of them may be missing, as older trainings knew fewer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def recall(metrics: Mapping[str, Any]) -> float:
    """How well a model predicts held-out baskets: recall among the first 20."""
    return float(metrics.get("blend", {}).get("recall@20", 0.0))


def sources(metrics: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The measures of each source of recommendations alone, by its name."""
    found: Mapping[str, Mapping[str, Any]] = metrics.get("sources") or {}
    return found


def error(metrics: Mapping[str, Any]) -> float:
    """The standard error of `recall`; 0 when it is not known."""
    return float(metrics.get("blend", {}).get("standard_error") or 0.0)


def of_serving(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """The measures of the model that was in use at the training, on baskets that neither model had seen.

    Empty without such a model or enough such baskets: those that it learned from it knows by heart.
    """
    found: Mapping[str, Any] = metrics.get("serving") or {}
    return found if found.get("unseen", True) else {}


def of_reorder(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """How well the probabilities of buying again hold; empty when that was not measured."""
    found: Mapping[str, Any] = metrics.get("reorder") or {}
    return found
