"""`python -m bench.check`: measures the short comparisons again, and fails when a ratio has become dearer.

What is compared are ratios, by which a slower machine does no harm, with those of the committed results. One is
dearer when its median is more than 10 % above the committed one and most of its rounds lie above most of the
committed ones: the lower quartile is above the committed upper one. What looks dearer is measured once more by
processes started anew, and fails when it is so again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.report import Figure
from bench.rounds import Spread
from bench.run import RESULTS, ROUNDS, CannotMeasure, measure, open_console
from bench.shops import fastapi
from bench.shops.sanset import DatabaseKind
from bench.stage import Options

GROUPS: Final = ("get_product", "list_products", "recommendations", "add_item", "get_cart", "checkout")
SHOPS: Final = (DatabaseKind.POSTGRES, fastapi.NAME)
TOLERANCE: Final = 1.1
"""A ratio may be so many times what it was."""

Ratios = Mapping[str, Spread]
Measure = Callable[[Collection[str]], Ratios]
"""Measures the groups of these names."""


@dataclass(frozen=True)
class Dearer:
    """A ratio that has risen."""

    name: str
    before: Spread
    now: Spread

    def __str__(self) -> str:
        """A line for people."""
        rise = self.now.median / self.before.median - 1
        return (
            f"{self.name}: {self.now.median:.2f} ({self.now.low:.2f}–{self.now.high:.2f}), "
            f"was {self.before.median:.2f} ({self.before.low:.2f}–{self.before.high:.2f}): {rise:+.0%}"
        )


def main() -> int:
    """Measure and compare; 0 when nothing has become dearer."""
    console = open_console()
    options = Options(ROUNDS, SHOPS)
    before = committed(RESULTS)
    if not before:
        console.print(f"{RESULTS.name} has no ratios with their spread: make bench writes them.", style="red")
        return 1
    try:
        dearer = check(before, lambda names: ratios(measure(console, names, options)))
    except CannotMeasure as error:
        console.print(f"The check stopped: {error}", style="red", markup=False)
        return 1
    for each in dearer:
        console.print(str(each), style="red", markup=False)
    if not dearer:
        console.print("No ratio has become dearer by more than 10 %.")
    return 1 if dearer else 0


def check(before: Ratios, measure_ratios: Measure) -> list[Dearer]:
    """What is dearer than before, and was so at both of two measurements."""
    suspects = dearer_than(before, measure_ratios(GROUPS))
    if not suspects:
        return []
    names = {each.name for each in suspects}
    groups = [group for group in GROUPS if any(name.startswith(f"{group}_") for name in names)]
    return [each for each in dearer_than(before, measure_ratios(groups)) if each.name in names]


def dearer_than(before: Ratios, now: Ratios) -> list[Dearer]:
    """The ratios that have risen, of those that were measured both times."""
    return [
        Dearer(name, before[name], spread)
        for name, spread in now.items()
        if name in before and _has_risen(before[name], spread)
    ]


def ratios(rows: Sequence[Figure]) -> Ratios:
    """The ratios of rows that have one, by their names."""
    return {row.name: row.spread for row in rows if row.ratio is not None and row.spread is not None}


def committed(path: Path) -> Ratios:
    """The ratios of a file of results, by the names of their rows."""
    rows = json.loads(path.read_text())["results"]
    return {row["name"]: Spread(**row["spread"]) for row in rows if "ratio" in row and "spread" in row}


def _has_risen(before: Spread, now: Spread) -> bool:
    return now.median > TOLERANCE * before.median and now.low > before.high


if __name__ == "__main__":
    sys.exit(main())
