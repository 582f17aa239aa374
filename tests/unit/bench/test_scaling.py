"""Two workers get done twice as much as one, less what a call then costs more."""

from __future__ import annotations

import pytest

from bench import scaling
from bench.calls import CallFailed
from bench.cpu import CpuTime, Processes
from bench.rounds import Costs, Load, Side, Spread


def test_the_gain_is_twice_the_ratio_of_the_costs() -> None:
    one = Costs((CpuTime(90, 10), CpuTime(95, 5), CpuTime(80, 20)))
    two = Costs((CpuTime(100, 25), CpuTime(105, 20), CpuTime(100, 0)))
    row = scaling.row("get_product", {scaling.ONE: one, scaling.TWO: two})
    assert (row.name, row.value) == ("two_workers_get_product", 1.6)
    assert row.spread == Spread(1.6, 1.6, 1.8)


@pytest.mark.parametrize("failing", [1, 2])
def test_a_load_that_fails_is_no_figure(failing: int) -> None:
    def side(number: int) -> Side:
        def send() -> int:
            if number == failing:
                raise CallFailed("refused")
            return 100

        def prepare(_round: int) -> Load:
            return send

        return Side(str(number), Processes(()), prepare)

    with pytest.raises(CallFailed):
        scaling.together(side(1), side(2), 0)()
    assert scaling.together(side(3), side(4), 0)() == 200
