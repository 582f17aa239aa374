"""Tiers: the step that lifetime points reach."""

from __future__ import annotations

from decimal import Decimal

import pytest

from server.pricing.tiers import Tier, Tiers
from server.settings import load

TIERS = Tiers.of(
    load(environment="test", tier_from_points={"BRONZE": 0, "SILVER": 10, "GOLD": 20, "PLATINUM": 30})
)


@pytest.mark.parametrize(
    ("lifetime", "level"),
    [(-5, "BRONZE"), (0, "BRONZE"), (9, "BRONZE"), (10, "SILVER"), (29, "GOLD"), (30, "PLATINUM")],
)
def test_points_reach_a_tier_from_its_first_point_on(lifetime: int, level: str) -> None:
    assert TIERS.at(lifetime).level == level


def test_each_tier_has_a_next_one_but_the_highest() -> None:
    assert [TIERS.after(step) for step in TIERS.steps] == [*TIERS.steps[1:], None]


def test_a_member_has_reached_the_tiers_below_as_well() -> None:
    assert TIERS.reached(20) == ["BRONZE", "SILVER", "GOLD"]


def test_discounts_are_whole_basis_points() -> None:
    rates = {"BRONZE": "0", "SILVER": "0.0005", "GOLD": "0.1", "PLATINUM": "1"}
    settings = load(environment="test", tier_discount={level: Decimal(rate) for level, rate in rates.items()})
    assert [step.discount_bp for step in Tiers.of(settings).steps] == [0, 5, 1000, 10_000]


def test_without_settings_there_is_one_tier_that_takes_nothing_off() -> None:
    assert Tiers().steps == (Tier("BRONZE", 0, 0),)
