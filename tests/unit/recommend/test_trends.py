"""Trends: one count per window, kept for some seconds, and kept up to date by events meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from server.recommend.trending import trends
from server.recommend.trending.journal import Deed
from server.recommend.trending.trends import Trends, window_of


class Counter:
    """Counts how often it is asked to count."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, str]] = []
        self.at_once = 0

    async def __call__(self, hours: int, region: str) -> Mapping[int, int]:
        self.asked.append((hours, region))
        self.at_once += 1
        assert self.at_once == 1
        await asyncio.sleep(0)
        self.at_once -= 1
        return {1: 5, 2: 20, 3: 10, 4: 0} if not region else {3: 10}


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists that take in what happened at once."""
    monkeypatch.setattr(trends, "MERGE_SECONDS", 0.0)


def _view(product_id: int, actor: str, origin: str = "") -> Deed:
    return Deed(product_id, 4, actor, origin, None)


def _order(product_id: int, region: str) -> Deed:
    return Deed(product_id, 40, "order:1:0", "", region)


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
    assert sorted(counter.asked) == [(24, ""), (168, "")]


def test_an_old_count_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter()
    monkeypatch.setattr(trends, "SHORTEST_LIFE_SECONDS", 0.0)

    async def ask() -> None:
        counted = Trends(counter)
        await counted.of(0)
        counted.clear()
        await counted.of(0)

    asyncio.run(ask())
    assert counter.asked == [(168, ""), (168, "")]


@pytest.mark.usefixtures("eager")
def test_what_happens_shows_without_counting_anew() -> None:
    counter = Counter()

    async def ask() -> None:
        counted = Trends(counter)
        await counted.of(24)
        counted.journal.add([_view(1, "7"), _view(9, "8")])
        assert await counted.of(24) == [(2, 1.0), (3, 0.5), (1, 0.45), (9, 0.2)]
        counted.journal.add([_order(9, "DE")])
        found = await counted.of(24)
        assert [trend.product_id for trend in found] == [9, 2, 3, 1]
        assert found[0].strength == 1.0

    asyncio.run(ask())
    assert len(counter.asked) == 1


@pytest.mark.usefixtures("eager")
def test_in_a_region_only_what_is_ordered_to_it_counts() -> None:
    async def ask() -> None:
        counted = Trends(Counter())
        assert await counted.of(24, "DE") == [(3, 1.0)]
        counted.journal.add([_view(1, "7"), _order(2, "FR"), _order(4, "DE")])
        assert [trend.product_id for trend in await counted.of(24, "DE")] == [4, 3]

    asyncio.run(ask())


@pytest.mark.usefixtures("eager")
def test_what_happened_before_a_count_is_not_added_to_it_again() -> None:
    async def ask() -> None:
        counted = Trends(Counter())
        counted.journal.add([_order(9, "DE")])
        assert await counted.of(24) == [(2, 1.0), (3, 0.5), (1, 0.25)]

    asyncio.run(ask())


@pytest.mark.usefixtures("eager")
def test_a_count_that_missed_too_much_is_made_anew() -> None:
    counter = Counter()

    async def ask() -> None:
        counted = Trends(counter)
        await counted.of(24)
        counted.journal.add(_view(1, str(actor)) for actor in range(10_001))
        assert await counted.of(24) == [(2, 1.0), (3, 0.5), (1, 0.25)]

    asyncio.run(ask())
    assert len(counter.asked) == 2


def test_a_burst_of_events_is_taken_in_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trends, "MERGE_SECONDS", 3600.0)

    async def ask() -> None:
        counted = Trends(Counter())
        await counted.of(24)
        counted.journal.add([_view(1, "7")])
        first = await counted.of(24)
        counted.journal.add([_view(1, "8")])
        assert await counted.of(24) is first

    asyncio.run(ask())
