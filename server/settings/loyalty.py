"""Settings of the loyalty programme."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from server.settings.group import BasisPoints, Group

TierLevel = Literal["BRONZE", "SILVER", "GOLD", "PLATINUM"]
TIER_LEVELS: tuple[TierLevel, ...] = get_args(TierLevel)
"""The steps of the loyalty programme, lowest first."""


class LoyaltySettings(Group):
    """Points from which a tier is reached, and the discount that it gives."""

    tier_from_points: dict[TierLevel, Annotated[int, Field(ge=0, le=1_000_000_000)]] = Field(
        {"BRONZE": 0, "SILVER": 500, "GOLD": 2000, "PLATINUM": 5000},
        description="Lifetime points from which each loyalty tier is reached",
    )
    tier_discount: dict[TierLevel, BasisPoints] = Field(
        {
            "BRONZE": Decimal(0),
            "SILVER": Decimal("0.05"),
            "GOLD": Decimal("0.10"),
            "PLATINUM": Decimal("0.15"),
        },
        description="What members of each loyalty tier get off every product",
    )

    @model_validator(mode="after")
    def _tiers_rise(self) -> Self:
        if self.tier_discount.keys() != set(TIER_LEVELS):
            raise ValueError(f"TIER_DISCOUNT must name {', '.join(TIER_LEVELS)}")
        reached = [self.tier_from_points.get(level, -1) for level in TIER_LEVELS]
        if reached[0] != 0 or any(high <= low for low, high in pairwise(reached)):
            raise ValueError("TIER_FROM_POINTS must rise from 0 over " + ", ".join(TIER_LEVELS))
        return self
