"""Budgets: what workers that share a store admit together, and what a store that is away does to them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from structlog.testing import capture_logs

from server.budgets import budgets as module
from server.budgets.budgets import Budgets, Limit
from server.budgets.store import Draw

LIMIT = Limit("anonymous", 100)


class Ledger:
    """A store in memory, which answers after a moment, or fails."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.taken: Counter[tuple[str, int]] = Counter()
        self.questions: list[int] = []
        self.seconds = seconds
        self.is_away = False

    async def take(self, draws: Sequence[Draw]) -> Mapping[str, int]:
        """Add the draws up."""
        self.questions.append(len(draws))
        await asyncio.sleep(self.seconds)
        if self.is_away:
            raise ConnectionError
        for draw in draws:
            self.taken[draw.key, draw.minute] += draw.calls
        return {draw.key: self.taken[draw.key, draw.minute] for draw in draws}

    async def close(self) -> None:
        """Hold nothing."""


class Clock:
    """A time that tests move."""

    def __init__(self) -> None:
        self.seconds = 600_000.0

    def __call__(self) -> float:
        return self.seconds


async def spent(budgets: Budgets, owner: str = "a", limit: Limit = LIMIT) -> bool:
    """Spend a call; whether it was admitted."""
    admitted = budgets.spend(limit, owner)
    return admitted if isinstance(admitted, bool) else await admitted


async def flood(budgets: Budgets, calls: int = 300, owner: str = "a") -> int:
    """Spend calls as fast as they are answered; how many were admitted."""
    return sum([await spent(budgets, owner) for _ in range(calls)])


def test_a_worker_without_a_store_admits_its_limit_each_minute() -> None:
    clock = Clock()
    budgets = Budgets(None, clock)
    for _ in range(2):
        assert sum(budgets.spend(LIMIT, "a") is True for _ in range(150)) == 100
        assert budgets.spend(LIMIT, "b") is True
        assert budgets.spend(Limit("signed-in", 100), "a") is True
        clock.seconds += 60


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_workers_admit_the_limit_together_and_one_more_each_at_most(workers: int) -> None:
    async def scenario() -> int:
        store = Ledger(0.001)
        floods = [flood(Budgets(store, Clock())) for _ in range(workers)]
        return sum(await asyncio.gather(*floods))

    assert 100 <= asyncio.run(scenario()) <= 100 + workers


@pytest.mark.parametrize("workers", [2, 8])
def test_who_has_spent_a_minute_gets_the_limit_and_no_call_more_in_the_next(workers: int) -> None:
    """The one call more of each worker is that of who comes to it when the others have spent the budget."""

    async def scenario() -> list[list[int]]:
        store, clock = Ledger(), Clock()
        each = [Budgets(store, clock) for _ in range(workers)]
        admitted = []
        for _ in range(3):
            admitted.append([await flood(budgets, 120) for budgets in each])
            clock.seconds += 60
        clock.seconds += 60  # a minute without a call
        admitted.append([await flood(budgets, 120) for budgets in each])
        return admitted

    first, *later, anew = asyncio.run(scenario())
    assert first == anew == [100, *[1] * (workers - 1)]
    assert later == [[100, *[0] * (workers - 1)]] * 2


def test_who_has_spent_a_minute_is_served_in_the_next_without_a_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.01)

    async def scenario() -> int:
        store, clock = Ledger(), Clock()
        budgets = Budgets(store, clock)
        assert await flood(budgets) == 100
        clock.seconds += 60
        store.is_away = True
        return await flood(budgets)

    assert asyncio.run(scenario()) == 100


def test_calls_at_once_are_no_more_than_calls_one_after_the_other() -> None:
    async def scenario() -> int:
        store = Ledger(0.001)
        both = [Budgets(store, Clock()), Budgets(store, Clock())]
        return sum(await asyncio.gather(*(spent(each) for each in both for _ in range(1000))))

    assert 100 <= asyncio.run(scenario()) <= 102


def test_the_first_call_waits_for_nobody_and_later_ones_for_the_first_portion_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "GATHER_SECONDS", 0.0)

    async def scenario() -> None:
        store = Ledger()
        budgets = Budgets(store, Clock())
        assert budgets.spend(LIMIT, "a") is True
        assert await spent(budgets)
        for _ in range(50):
            assert budgets.spend(LIMIT, "a") is True
            for _ in range(20):
                await asyncio.sleep(0)
        assert len(store.questions) < 10

    asyncio.run(scenario())


def test_draws_of_many_callers_are_one_question() -> None:
    async def scenario() -> None:
        store = Ledger()
        budgets = Budgets(store, Clock())
        for number in range(300):
            assert budgets.spend(LIMIT, f"10.0.0.{number}") is True
        await asyncio.sleep(2 * module.GATHER_SECONDS)
        assert store.questions == [300]

    asyncio.run(scenario())


def test_what_is_counted_afterwards_is_spent_in_the_end() -> None:
    async def scenario() -> list[int]:
        store = Ledger()
        both = [Budgets(store, Clock()), Budgets(store, Clock())]
        counted = 0
        while not all(each.is_spent(LIMIT, "a") for each in both):
            for each in both:
                each.count(LIMIT, "a")
                counted += 1
                assert not each.is_spent(LIMIT, "b")
            await asyncio.sleep(0.001)
        return [counted, store.taken["anonymous a", 10_000]]

    counted, taken = asyncio.run(scenario())
    assert taken >= 100
    assert counted >= 100


def test_while_the_store_is_away_each_worker_counts_alone_and_says_so_once() -> None:
    async def scenario() -> tuple[int, int]:
        store, clock = Ledger(), Clock()
        store.is_away = True
        budgets = Budgets(store, clock)
        admitted = await flood(budgets)
        assert await flood(budgets, owner="b") == 100
        asked = len(store.questions)
        store.is_away = False
        clock.seconds += 60
        budgets._away_until = 0.0
        assert await flood(budgets) == 100
        return admitted, asked

    with capture_logs() as logs:
        assert asyncio.run(scenario()) == (100, 1)
    assert [log["event"] for log in logs] == ["rate_limit_store_away", "rate_limit_store_back"]


def test_a_store_that_does_not_answer_keeps_no_call_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.01)

    async def scenario() -> list[bool]:
        budgets = Budgets(Ledger(30), Clock())
        answers = await asyncio.wait_for(asyncio.gather(*(spent(budgets) for _ in range(5))), 10)
        await budgets.close()
        return answers

    assert asyncio.run(scenario()) == [True] * 5


def test_a_minute_that_ends_while_the_store_is_asked_is_over() -> None:
    async def scenario() -> None:
        store, clock = Ledger(0.01), Clock()
        budgets = Budgets(store, clock)
        assert budgets.spend(LIMIT, "a") is True
        waiting = budgets.spend(LIMIT, "a")
        assert not isinstance(waiting, bool)
        clock.seconds += 60
        assert budgets.spend(LIMIT, "a") is True
        assert await asyncio.wait_for(waiting, 10)
        assert await spent(budgets)

    asyncio.run(scenario())


def test_callers_are_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SHARES", 10)
    budgets = Budgets(None, Clock())
    for number in range(1000):
        assert budgets.spend(LIMIT, str(number)) is True
    assert len(budgets._shares) == 10
