"""The CPU of a served shop that nobody calls, its jobs on: of the worker, its database, and the gateway."""

from __future__ import annotations

import time
from pathlib import Path

from bench import cpu
from bench.cpu import Processes
from bench.report import Figure
from bench.shops.sanset import FilledShop
from bench.shops.served import serving

CALM_SECONDS = 15
"""What a shop does at its start, such as the jobs that are due, is done by then."""
SECONDS = 30


def rows(shop: FilledShop, directory: Path, suffix: str) -> list[Figure]:
    """Milliseconds of CPU a second, each process apart; the first row is the worker's with its database."""
    with serving(shop, directory, workers=1, jobs=True) as served_shop:
        (worker,) = served_shop.workers
        parts = {
            "": Processes((worker, *served_shop.database)),
            "_worker": Processes((worker,)),
            "_database": Processes((), served_shop.database),
            "_envoy": Processes((served_shop.envoy,)),
        }
        time.sleep(CALM_SECONDS)
        before = {name: cpu.used(processes).total for name, processes in parts.items()}
        time.sleep(SECONDS)
        used = {name: cpu.used(parts[name]).total - earlier for name, earlier in before.items()}
    return [
        Figure(f"idle{name}{suffix}", round(seconds / SECONDS * 1e3, 2), "ms CPU/s")
        for name, seconds in used.items()
    ]
