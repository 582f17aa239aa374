"""Rounds are interleaved and compared pair by pair, after warm-up rounds that do not count."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from bench import rounds
from bench.cpu import CpuTime, Processes
from bench.rounds import Costs, Load, Side, Spread


def test_a_spread_is_the_median_between_the_quartiles() -> None:
    assert Spread.of([5, 1, 3, 2, 4]) == Spread(2, 3, 4)
    assert Spread.of([7]) == Spread(7, 7, 7)


def test_the_ratio_is_taken_round_by_round() -> None:
    ours = Costs(tuple(CpuTime(app, 1) for app in (1, 9, 3)))
    theirs = Costs(tuple(CpuTime(app, 2) for app in (2, 18, 6)))
    assert ours.against(theirs).median == pytest.approx(0.5)
    assert (ours.app, ours.database, ours.total.median) == (3, 1, 4)


@pytest.fixture
def idle() -> Iterator[Processes]:
    """A process that does nothing: one that works is waited for in every round."""
    sleeping = subprocess.Popen(["sleep", "60"])
    yield Processes((sleeping.pid,))
    sleeping.kill()
    sleeping.wait()


def test_every_round_measures_each_side_and_warm_ups_do_not_count(idle: Processes) -> None:
    turns: list[tuple[str, int]] = []

    def side(name: str) -> Side:
        def prepare(number: int) -> Load:
            turns.append((name, number))
            return lambda: 1

        return Side(name, idle, prepare)

    ended: list[None] = []
    costs = rounds.measure([side("a"), side("b")], 2, lambda: ended.append(None))
    assert (
        turns
        == [(name, number) for number, order in enumerate(["ba", "ab"] * 3) for name in order][: len(turns)]
    )
    assert len(turns) == 2 * len(ended) == 2 * (rounds.WARM_UPS + 2)
    assert [len(costs[name].rounds) for name in "ab"] == [2, 2]
