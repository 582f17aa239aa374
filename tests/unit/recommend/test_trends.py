"""Trends: one count per window, kept for some seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from server.recommend import trends
from server.recommend.trends import Trends, window_of


class Counter:
    """Counts how often it is asked to count."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.at_once = 0

    async def __call__(self, hours: int) -> Mapping[int, int]:
        self.asked.append(hours)
        self.at_once += 1
        assert self.at_once == 1
        await asyncio.sleep(0)
        self.at_once -= 1
        return {1: 5, 2: 20, 3: 10, 4: 0}


@pytest.mark.parametrize(
    ("asked", "counted"),
    [(0, 168), (1, 1), (48, 48), (49, 72), (168, 168), (169, 192), (8760, 8760), (9000, 8760), (2**31, 8760)],
)
def test_a_window_is_counted_in_hours_or_days_and_bounded(asked: int, counted: int) -> None:
    assert window_of(asked) == counted


def test_the_best_seller_has_strength_one_and_what_did_not_sell_is_missing() -> None:
    found = asyncio.run(Trends(Counter()).of(24))
    assert found == [(2, 1.0), (3, 0.5), (1, 0.25)]


def test_many_at_once_share_one_count_and_windows_wait_for_each_other() -> None:
    counter = Counter()

    async def ask() -> None:
        counted = Trends(counter)
        await asyncio.gather(*(counted.of(hours) for hours in (24, 0, 24, 168, 24)))

    asyncio.run(ask())
    assert sorted(counter.asked) == [24, 168]


def test_an_old_count_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter()
    monkeypatch.setattr(trends, "SHORTEST_LIFE_SECONDS", 0.0)

    async def ask() -> None:
        counted = Trends(counter)
        await counted.of(0)
        counted.clear()
        await counted.of(0)

    asyncio.run(ask())
    assert counter.asked == [168, 168]
