"""Interleaved rounds: every side takes its turn in each, and the median of its rounds is its figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bench import cpu

Load = Callable[[], int]
"""Makes its calls and returns how many there were."""


@dataclass(frozen=True)
class Side:
    """One of the programs compared."""

    name: str
    roots: tuple[int, ...]
    prepare: Callable[[int], Load]
    """Gets what the round of a number needs ready, uncounted, and returns the load to count."""


def measure(sides: Sequence[Side], rounds: int, on_round: Callable[[], None]) -> dict[str, float]:
    """CPU microseconds per call of each side: the median of `rounds`, after one that is not counted.

    `on_round` is called after each round, the uncounted one too.
    """
    costs_of: dict[str, list[float]] = {side.name: [] for side in sides}
    for number in range(rounds + 1):
        # Turned around every other time, so that nobody always follows the same neighbour
        for side in sides if number % 2 else reversed(sides):
            cost = _cost(side, number)
            if number:
                costs_of[side.name].append(cost)
        on_round()
    return {name: median(costs) for name, costs in costs_of.items()}


def _cost(side: Side, number: int) -> float:
    load = side.prepare(number)
    before = cpu.seconds(side.roots)
    calls = load()
    return (cpu.seconds(side.roots) - before) / calls * 1e6
