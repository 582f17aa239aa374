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


def of_serving(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """The measures of the model that was in use at the training, on the same baskets; empty without one."""
    found: Mapping[str, Any] = metrics.get("serving") or {}
    return found


def of_reorder(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """How well the probabilities of buying again hold; empty when that was not measured."""
    found: Mapping[str, Any] = metrics.get("reorder") or {}
    return found
