"""Rows tell their costs, their ratios with quartiles, and whether they reach their aims."""

from __future__ import annotations

import json
from pathlib import Path

from bench import report
from bench.aims import Aim
from bench.cpu import CpuTime
from bench.rounds import Costs, Spread


def _costs(*app: float) -> Costs:
    return Costs(tuple(CpuTime(each, 10) for each in app))


def test_a_comparison_has_a_row_for_each_ratio_and_each_side() -> None:
    costs = {"echo": _costs(90, 90, 190), "sanset_postgres": _costs(110, 120, 230)}
    rows = {row.name: row for row in report.rows_of("get_product", costs, ["echo", "absent"])}
    assert list(rows) == ["get_product_vs_echo", "get_product_echo", "get_product_postgres"]
    compared = rows["get_product_vs_echo"]
    assert (compared.value, compared.app, compared.database) == (130, 120, 10)
    assert compared.spread == Spread(1.2, 1.2, 1.25)
    assert compared.ratio == compared.judged == 1.2
    assert rows["get_product_echo"].spread == Spread(100, 100, 150)


def test_an_aim_is_a_bound_of_either_side() -> None:
    assert (str(Aim(1.25)), str(Aim(9_000, at_least=True))) == ("≤ 1.25", "≥ 9,000")
    assert Aim(2).reached_by(2)
    assert not Aim(2).reached_by(2.1)
    assert Aim(2, at_least=True).reached_by(2.1)
    assert not Aim(2, at_least=True).reached_by(1.9)


def test_the_results_tell_what_reaches_its_aim(tmp_path: Path) -> None:
    rows = report.rows_of("get_product", {"echo": _costs(90), "sanset_postgres": _costs(190)}, ["echo"])
    report.write(tmp_path / "results.json", rows, "python -m bench", 9, "h2load")
    compared, bare, _ = json.loads((tmp_path / "results.json").read_text())["results"]
    assert (compared["ratio"], compared["aim"], compared["reached"]) == (2.0, "≤ 1.25", False)
    assert compared["spread"] == {"low": 2.0, "median": 2.0, "high": 2.0}
    assert "aim" not in bare
    assert "ratio" not in bare
