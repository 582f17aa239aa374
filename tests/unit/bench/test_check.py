"""A ratio has become dearer when it is so beyond its spread, twice."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import pytest

from bench import check
from bench.check import Ratios
from bench.report import Figure
from bench.rounds import Spread

BEFORE = {"get_product_vs_echo": Spread(1.2, 1.25, 1.3), "checkout_vs_fastapi": Spread(0.35, 0.4, 0.45)}
DEAR = {"get_product_vs_echo": Spread(1.4, 1.5, 1.6)}
CHEAP = {"get_product_vs_echo": Spread(1.1, 1.2, 1.3)}


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(Spread(1.31, 1.37, 1.4), id="by less than a tenth"),
        pytest.param(Spread(1.25, 1.45, 1.6), id="within its spread"),
        pytest.param(Spread(0.8, 0.9, 1.0), id="not at all"),
    ],
)
def test_what_has_not_risen_beyond_its_spread_is_not_dearer(now: Spread) -> None:
    assert check.dearer_than(BEFORE, {"get_product_vs_echo": now}) == []


def test_what_has_risen_is_told_with_both_figures() -> None:
    (dearer,) = check.dearer_than(BEFORE, {**DEAR, "new_vs_echo": Spread(9, 9, 9)})
    assert str(dearer) == "get_product_vs_echo: 1.50 (1.40–1.60), was 1.25 (1.20–1.30): +20%"


@pytest.mark.parametrize(("again", "names"), [(DEAR, ["get_product_vs_echo"]), (CHEAP, [])])
def test_what_looks_dearer_is_measured_once_more(again: Ratios, names: list[str]) -> None:
    measured: list[Collection[str]] = []

    def measure(groups: Collection[str]) -> Ratios:
        measured.append(groups)
        return DEAR if len(measured) == 1 else again

    assert [each.name for each in check.check(BEFORE, measure)] == names
    assert measured == [check.GROUPS, ["get_product"]]


def test_what_does_not_look_dearer_is_measured_once() -> None:
    measured: list[Collection[str]] = []

    def measure(groups: Collection[str]) -> Ratios:
        measured.append(groups)
        return CHEAP

    assert check.check(BEFORE, measure) == []
    assert len(measured) == 1


def test_only_ratios_are_compared(tmp_path: Path) -> None:
    spread = Spread(1, 2, 3)
    rows = [
        Figure("checkout_vs_fastapi", 10, "µs", "fastapi", ratio=2, spread=spread),
        Figure("checkout_postgres", 10, "µs", spread=spread),
        Figure("stream_kb", 10, "KB"),
    ]
    assert check.ratios(rows) == {"checkout_vs_fastapi": spread}
    results = tmp_path / "results.json"
    compared = {"name": "checkout_vs_fastapi", "ratio": 2, "spread": {"low": 1, "median": 2, "high": 3}}
    results.write_text(json.dumps({"results": [compared, {"name": "stream_kb", "value": 10}]}))
    assert check.committed(results) == {"checkout_vs_fastapi": spread}
