"""How each part of a model was trained, as its manifest says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ml.models.blend_weights import BlendWeights


@dataclass(frozen=True)
class AlsParameters:
    """Of the user and item factors."""

    factors: int
    regularization: float
    iterations: int
    alpha: float
    seed: int


@dataclass(frozen=True)
class CopurchaseParameters:
    """Of what is bought together, and of what goes with a history."""

    alpha: float
    beta: float
    neighbours: int
    shares: Mapping[str, float]
    """What each item-to-item model adds to their sum."""


@dataclass(frozen=True)
class ContentParameters:
    """Of the space of words."""

    dimensions: int
    seed: int


@dataclass(frozen=True)
class SegmentsParameters:
    """Of the groups of customers: how many there may be."""

    fewest: int
    most: int
    seed: int


@dataclass(frozen=True)
class TrendingParameters:
    """Of what sells now."""

    half_life_days: float


@dataclass(frozen=True)
class ModelParameters:
    """What the serving model and the reader of a manifest need to know; a field for each part."""

    als: AlsParameters
    copurchase: CopurchaseParameters
    content: ContentParameters
    reorder: Mapping[str, object]
    """LightGBM's own, by its names."""
    segments: SegmentsParameters
    trending: TrendingParameters
    blend: BlendWeights

    @classmethod
    def of_json(cls, parts: Mapping[str, Mapping[str, Any]]) -> ModelParameters:
        """Read what `dataclasses.asdict` gives; raises KeyError or TypeError for anything else."""
        return cls(
            als=AlsParameters(**parts["als"]),
            copurchase=CopurchaseParameters(**parts["copurchase"]),
            content=ContentParameters(**parts["content"]),
            reorder=parts["reorder"],
            segments=SegmentsParameters(**parts["segments"]),
            trending=TrendingParameters(**parts["trending"]),
            blend=BlendWeights(**parts["blend"]),
        )
