"""Interleaved rounds: every side takes its turn in each, and the median of its rounds is its figure."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from bench import cpu
from bench.cpu import CpuTime, Processes

WARM_UPS = 3
"""Rounds that are not counted: psycopg prepares a statement at its sixth run on each connection, and PostgreSQL
fixes its plan at the sixth after that."""
SETTLE_SECONDS = 0.05
MAX_SETTLE_SECONDS = 2.0
BUSY_SHARE = 0.1
"""Of a core: what uses more after the last reply still works for the calls of the round."""

Load = Callable[[], int]
"""Makes its calls and returns how many there were."""


@dataclass(frozen=True)
class Side:
    """One of the programs compared."""

    name: str
    processes: Processes
    prepare: Callable[[int], Load]
    """Gets what the round of a number needs ready, uncounted, and returns the load to count."""


@dataclass(frozen=True)
class Spread:
    """The median of rounds and their quartiles."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of at least one value."""
        low, _, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
        return cls(low, median(values), high)

    def rounded(self, digits: int) -> Spread:
        """The same with so many digits after the point."""
        return Spread(round(self.low, digits), round(self.median, digits), round(self.high, digits))


@dataclass(frozen=True)
class Costs:
    """CPU microseconds per call of one side, round by round."""

    rounds: tuple[CpuTime, ...]

    @property
    def total(self) -> Spread:
        """The program and its database together."""
        return Spread.of([each.total for each in self.rounds])

    @property
    def app(self) -> float:
        """The median of the program alone."""
        return median(each.app for each in self.rounds)

    @property
    def database(self) -> float:
        """The median of the database alone."""
        return median(each.database for each in self.rounds)

    def against(self, other: Costs) -> Spread:
        """The ratio to another side, round by round, so that what slows the machine for a while slows both."""
        return Spread.of(
            [ours.total / theirs.total for ours, theirs in zip(self.rounds, other.rounds, strict=True)]
        )


def measure(sides: Sequence[Side], rounds: int, on_round: Callable[[], None]) -> dict[str, Costs]:
    """The costs of each side in `rounds`, after `WARM_UPS` that are not counted.

    `on_round` is called after each round, the uncounted ones too.
    """
    costs_of: dict[str, list[CpuTime]] = {side.name: [] for side in sides}
    for number in range(WARM_UPS + rounds):
        # Turned around every other time, so that nobody always follows the same neighbour
        for side in sides if number % 2 else reversed(sides):
            cost = _cost(side, number)
            if number >= WARM_UPS:
                costs_of[side.name].append(cost)
        on_round()
    return {name: Costs(tuple(costs)) for name, costs in costs_of.items()}


def _cost(side: Side, number: int) -> CpuTime:
    load = side.prepare(number)
    settle(side.processes)
    before = cpu.used(side.processes)
    calls = load()
    return (settle(side.processes) - before).per_call_us(calls)


def settle(processes: Processes) -> CpuTime:
    """Wait until a program does no more than it does when idle; return the time it has used."""
    used = cpu.used(processes)
    give_up = time.monotonic() + MAX_SETTLE_SECONDS
    while time.monotonic() < give_up:
        time.sleep(SETTLE_SECONDS)
        earlier, used = used, cpu.used(processes)
        if (used - earlier).total < BUSY_SHARE * SETTLE_SECONDS:
            break
    return used
