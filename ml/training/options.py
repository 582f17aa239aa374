"""What a training run may be told, and how it reports its progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ml.models import als, trending

Progress = Callable[[str, int, str], None]
"""A listener: it gets the stage, the percentage of the whole run that is done, and a sentence."""


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


def within(progress: Progress, start: int, end: int) -> Progress:
    """The same listener for a stretch of the run that counts its own 0 to 100."""
    return lambda stage, percent, message: progress(stage, start + (end - start) * percent // 100, message)
