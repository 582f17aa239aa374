"""The order for a training: what to train, how, and what becomes of the model."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime

IF_NOT_WORSE, ALWAYS, NEVER = "IF_NOT_WORSE", "ALWAYS", "NEVER"
"""What becomes of the model: put into use unless it predicts worse, in any case, or not at all."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """How to train; None means the preset's value, an empty preset the trainer's own defaults."""

    preset: str = ""
    factors: int | None = None
    regularization: float | None = None
    iterations: int | None = None
    alpha: float | None = None

    def overrides(self) -> dict[str, object]:
        """What differs from the defaults, by name."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class Assignment:
    """One training to be done; `scheduled_for` is the moment of the schedule that asks for it, if one does."""

    model_type: str = "ALL"
    parameters: Parameters = field(default_factory=Parameters)
    activation: str = IF_NOT_WORSE
    scheduled_for: datetime | None = None
