"""Two workers get done twice as much as one, less what a call then costs more."""

from __future__ import annotations

from bench import scaling
from bench.cpu import CpuTime
from bench.rounds import Costs, Spread


def test_the_gain_is_twice_the_ratio_of_the_costs() -> None:
    one = Costs((CpuTime(90, 10), CpuTime(95, 5), CpuTime(80, 20)))
    two = Costs((CpuTime(100, 25), CpuTime(105, 20), CpuTime(100, 0)))
    row = scaling.row("get_product", {scaling.ONE: one, scaling.TWO: two})
    assert (row.name, row.value) == ("two_workers_get_product", 1.6)
    assert row.spread == Spread(1.6, 1.6, 1.8)
