"""The tiers of the loyalty programme: what each takes off, and the lifetime points from which it is reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from server.settings import Settings
from server.settings.loyalty import TIER_LEVELS

BASIC: Final = TIER_LEVELS[0]
"""Everyone's tier."""


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of the programme; `discount_bp` is what its members get off every product, in basis points."""

    level: str
    from_points: int
    discount_bp: int


@dataclass(frozen=True, slots=True)
class Tiers:
    """The steps, lowest first."""

    steps: Sequence[Tier] = (Tier(BASIC, 0, 0),)

    @classmethod
    def of(cls, settings: Settings) -> Tiers:
        """The steps that the settings state."""
        return cls(
            tuple(
                Tier(level, settings.tier_from_points[level], int(settings.tier_discount[level] * 10_000))
                for level in TIER_LEVELS
            )
        )

    def at(self, lifetime: int) -> Tier:
        """The tier that so many lifetime points reach."""
        return [step for step in self.steps if lifetime >= step.from_points or step is self.steps[0]][-1]

    def after(self, tier: Tier) -> Tier | None:
        """The next higher tier; None at the top."""
        index = self.steps.index(tier) + 1
        return self.steps[index] if index < len(self.steps) else None

    def reached(self, lifetime: int) -> list[str]:
        """The levels up to the one that so many lifetime points reach."""
        return [step.level for step in self.steps[: self.steps.index(self.at(lifetime)) + 1]]
