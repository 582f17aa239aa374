"""The results: a table for people and results.json for programs."""

from __future__ import annotations

import json
import platform
import sysconfig
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.cpu import model_name

MICROSECONDS = "µs CPU/call"


@dataclass(frozen=True)
class Figure:
    """One figure; `ratio` compares it with that of `against`."""

    name: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None


def rows_of(call: str, figures: dict[str, float], against: Sequence[str]) -> list[Figure]:
    """The rows of one comparison: Sanset on PostgreSQL against each of `against`, and each side by itself."""
    rows = []
    ours = figures.get("sanset_postgres")
    for other in against:
        if ours is not None and other in figures:
            ratio = round(ours / figures[other], 3)
            rows.append(Figure(f"{call}_vs_{other}", round(ours, 1), MICROSECONDS, other, ratio))
    for side, cost in figures.items():
        name = side.removeprefix("sanset_")
        rows.append(Figure(f"{call}_{name}", round(cost, 1), MICROSECONDS))
    return rows


def show(console: Console, rows: Sequence[Figure]) -> None:
    """Print the table."""
    table = Table(title="Sanset's bench", title_justify="left")
    for heading in ("name", "value", "unit", "against", "ratio"):
        table.add_column(heading, justify="right" if heading in ("value", "ratio") else "left")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        style = "" if row.ratio is None else "bold"
        table.add_row(row.name, f"{row.value:,.1f}", row.unit, row.against, ratio, style=style)
    console.print(table)


def write(path: Path, rows: Sequence[Figure], command: str, rounds: int, load: str) -> None:
    """Write the results with what is needed to judge them: the machine, its Python, the command."""
    results = {
        "results": [asdict(row) for row in rows],
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
