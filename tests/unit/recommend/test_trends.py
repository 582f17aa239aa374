"""Trends: one count per window, kept for some seconds, and kept up to date by events meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from server.recommend.serving.trending import trends
from server.recommend.serving.trending.journal import Interaction
from server.recommend.serving.trending.ranked import Ranked, ranked
from server.recommend.serving.trending.trends import Trends


class Counter:
    """Counts how often it is asked to count; `pause` holds its answers back."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, bool]] = []
        self.at_once = 0
        self.pause: asyncio.Event | None = None

    async def __call__(self, hours: int, by_country: bool) -> Mapping[str, Ranked]:
        self.asked.append((hours, by_country))
        self.at_once += 1
        assert self.at_once == 1
        await asyncio.sleep(0)
        if self.pause is not None:
            await self.pause.wait()
        self.at_once -= 1
        return {"DE": ranked({3: 10})} if by_country else {"": ranked({1: 5, 2: 20, 3: 10, 4: 0})}


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists that take in what happened at once."""
    monkeypatch.setattr(trends, "MERGE_SECONDS", 0.0)


def _view(product_id: int, actor: str, origin: str = "") -> Interaction:
    return Interaction(product_id, 4, actor, origin, None)


def _order(product_id: int, country: str) -> Interaction:
    return Interaction(product_id, 40, "order:1:0", "", country)


def test_the_best_seller_has_strength_one_and_what_did_not_sell_is_missing() -> None:
    found = asyncio.run(Trends(Counter()).of(24))
    assert found == [(2, 1.0), (3, 0.5), (1, 0.25)]


def test_many_at_once_share_one_count_and_windows_wait_for_each_other() -> None:
    counter = Counter()

    async def ask() -> None:
        counted = Trends(counter)
        await asyncio.gather(*(counted.of(hours) for hours in (24, 0, 24, 168, 24)))

    asyncio.run(ask())
    assert sorted(counter.asked) == [(24, False), (168, False)]


def test_an_old_count_is_made_anew_beside_those_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter()
    monkeypatch.setattr(trends, "MAX_LIFE_SECONDS", 0.0)

    async def ask() -> None:
        counted = Trends(counter)
        first = await counted.of(1)
        counter.pause = asyncio.Event()
        assert [await counted.of(1) for _ in range(3)] == [first] * 3, "nobody waits for it"
        await asyncio.sleep(0.01)
        assert counter.asked == [(1, False)] * 2, "and it is made once"
        counter.pause.set()
        await counted.stop()

    asyncio.run(ask())


def test_what_was_forgotten_is_counted_anew_also_when_it_was_being_counted() -> None:
    counter = Counter()

    async def ask() -> None:
        counted = Trends(counter)
        counter.pause = asyncio.Event()
        waiting = asyncio.create_task(counted.of(0))
        await asyncio.sleep(0.01)
        counted.clear()
        counter.pause.set()
        await waiting

    asyncio.run(ask())
    assert counter.asked == [(168, False)] * 2


def test_a_count_that_fails_is_told_to_who_waits_and_made_anew_for_the_next() -> None:
    counts = iter([OSError("away"), {"": ranked({7: 1})}])

    async def count(hours: int, by_country: bool) -> Mapping[str, Ranked]:
        answer = next(counts)
        if isinstance(answer, OSError):
            raise answer
        return answer

    async def ask() -> None:
        counted = Trends(count)
        with pytest.raises(OSError, match="away"):
            await counted.of(1)
        assert await counted.of(1) == [(7, 1.0)]

    asyncio.run(ask())


def test_all_countries_of_a_window_are_counted_once_whoever_invents_them() -> None:
    counter = Counter()

    async def ask() -> None:
        counted = Trends(counter)
        countries = [f"{one}{two}" for one in "ABCDEFGH" for two in "ABCDEFGH"]
        found = [await counted.of(24, country) for country in countries]
        assert [
            list(trends) for trends, country in zip(found, countries, strict=True) if country != "DE"
        ] == [[]] * 63

    asyncio.run(ask())
    assert counter.asked == [(24, True)]


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
def test_in_a_country_only_what_is_ordered_to_it_counts() -> None:
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
        await asyncio.sleep(0.01)

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
