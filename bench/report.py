"""The results: a table for people and results.json for programs."""

from __future__ import annotations

import json
import platform
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.aims import AIMS, Aim
from bench.cpu import model_name
from bench.rounds import Costs, Spread

MICROSECONDS = "µs CPU/call"


@dataclass(frozen=True)
class Figure:
    """One figure; `ratio` compares it with that of `against`, round by round."""

    name: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None
    spread: Spread | None = None
    """Of the ratio where there is one, else of the value."""
    app: float | None = None
    """The part of the value that is the program's own, without its database."""
    database: float | None = None

    @property
    def aim(self) -> Aim | None:
        """What the row must reach, if anything."""
        return AIMS.get(self.name)

    @property
    def judged(self) -> float:
        """What the aim is about."""
        if self.ratio is None or (self.aim is not None and self.aim.of_value):
            return self.value
        return self.ratio


def rows_of(call: str, costs: Mapping[str, Costs], against: Sequence[str]) -> list[Figure]:
    """The rows of one comparison: Sanset on PostgreSQL against each of `against`, and each side by itself."""
    ours = costs.get("sanset_postgres")
    compared = [
        cost_row(f"{call}_vs_{other}", ours, against=other, ratio=ours.against(costs[other]))
        for other in against
        if ours is not None and other in costs
    ]
    return [
        *compared,
        *(cost_row(f"{call}_{side.removeprefix('sanset_')}", each) for side, each in costs.items()),
    ]


def cost_row(name: str, costs: Costs, *, against: str = "", ratio: Spread | None = None) -> Figure:
    """The row of a side's costs, with its ratio to another if it is compared."""
    total = costs.total
    return Figure(
        name,
        round(total.median, 1),
        MICROSECONDS,
        against,
        ratio=None if ratio is None else round(ratio.median, 3),
        spread=total.rounded(1) if ratio is None else ratio.rounded(3),
        app=round(costs.app, 1),
        database=round(costs.database, 1),
    )


def show(console: Console, rows: Sequence[Figure]) -> None:
    """Print the table."""
    table = Table(title="Sanset's bench", title_justify="left")
    for heading in ("name", "value", "app", "database", "unit", "against", "ratio", "quartiles", "aim"):
        table.add_column(heading, justify="left" if heading in ("name", "unit", "against") else "right")
    for row in rows:
        table.add_row(*_cells(row), style="" if row.ratio is None else "bold")
    console.print(table)


def _cells(row: Figure) -> list[str]:
    quartiles = ""
    if row.spread is not None:
        digits = 1 if row.ratio is None else 2
        quartiles = f"{row.spread.low:,.{digits}f}–{row.spread.high:,.{digits}f}"
    aim = ""
    if row.aim is not None:
        reached = row.aim.reached_by(row.judged)
        aim = f"{row.aim} {'reached' if reached else '[red]missed[/red]'}"
    return [
        row.name,
        f"{row.value:,.1f}",
        "" if row.app is None else f"{row.app:,.1f}",
        "" if row.database is None else f"{row.database:,.1f}",
        row.unit,
        row.against,
        "" if row.ratio is None else f"{row.ratio:.2f}",
        quartiles,
        aim,
    ]


def _json(row: Figure) -> dict[str, object]:
    aim = row.aim
    verdict = {"aim": str(aim), "reached": aim.reached_by(row.judged)} if aim else {}
    return {name: value for name, value in {**asdict(row), **verdict}.items() if value not in (None, "")}


def write(path: Path, rows: Sequence[Figure], command: str, rounds: int, load: str) -> None:
    """Write the results with what is needed to judge them: the machine, its Python, the command."""
    results = {
        "results": [_json(row) for row in rows],
        "command": command,
        "rounds": rounds,
        "load": load,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"processor": model_name(), "system": f"{platform.system()} {platform.machine()}"},
        "python": {
            "version": platform.python_version(),
            "compiler": platform.python_compiler(),
            "optimised": "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""),
        },
    }
    path.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
