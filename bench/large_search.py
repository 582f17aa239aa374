"""Search in a shop of 100,000 products: its cost, its times at half load, and what it adds to a worker."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import cpu, gateway, load, pacer, rounds, search_data, servers
from bench.calls import PreparedCall, Target
from bench.cpu import SERVER_CORE, Processes, pinned
from bench.report import Figure, cost_row
from bench.rounds import Costs, Load, Side
from bench.search_data import Catalogue
from bench.shops import sanset_calls
from bench.shops.sanset import SETTINGS, started_worker
from server.db.database import Database
from server.process.data_dir import make_private
from server.search.index.words import Wording
from server.search.upkeep import builder
from server.search.upkeep.rebuild import FILE_NAME

QUERIES = 150
"""Of a round."""
WARM_UP = 4_000
"""Queries of others, by which a worker has most of what is found in memory, as one that has served for a while."""
SECONDS = 10
PREFIXES = 600
STARTS = 3
READY_SECONDS = 300.0
LOOK_SECONDS = 0.02
MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True)
class SearchedShop:
    """A running worker of a shop with many products, whose index is stored."""

    target: Target
    worker: int
    processes: Processes
    catalogue: Catalogue
    environment: Mapping[str, str]
    database_url: str

    def searches(self, count: int, seed: int) -> list[PreparedCall]:
        """So many searches, as people type them."""
        return [sanset_calls.search_products("", text) for text in self.catalogue.queries(count, seed)]


@contextmanager
def running(directory: Path) -> Iterator[SearchedShop]:
    """Run one worker on a PostgreSQL under `directory`, once it has built its index."""
    directory.mkdir()
    with servers.database(directory / "postgres") as (url, postmaster):
        environment = {
            **SETTINGS,
            "DATA_DIR": str(directory / "var"),
            "DATABASE_URL": url,
            "RUN_JOBS": "false",
        }
        servers.run_python(["-m", "server", "migrate"], environment)
        catalogue = Catalogue()
        search_data.write(url, catalogue, search_data.PRODUCTS)
        _build_index(url, directory / "var" / "search")
        with started_worker(environment, directory / "log") as (target, worker):
            _first_answer(target)
            processes = Processes((worker,), (postmaster,))
            rounds.settle(processes)
            yield SearchedShop(target, worker, processes, catalogue, environment, url)


def _build_index(url: str, directory: Path) -> None:
    """Build the index here: a shop does it beside its calls, at a low priority."""
    make_private(directory)
    with closing(Database(url, pool_size=1)) as db:
        builder.build(db, url, directory / FILE_NAME, Wording())


def measure(shop: SearchedShop, count: int, on_round: Callable[[], None]) -> list[Figure]:
    """CPU per call of searches that nobody made before, and of the same once more.

    `search_100k_cold` is of the first ones of a worker, which reads most of the products.
    """
    cold = shop.searches(QUERIES, seed=1_000)
    before = rounds.settle(shop.processes)
    load.send(shop.target, cold)
    first = Costs(((rounds.settle(shop.processes) - before).per_call_us(len(cold)),))
    load.send(shop.target, shop.searches(WARM_UP, seed=999))

    def prepare(number: int, times: int) -> Load:
        calls = shop.searches(QUERIES, seed=2 * number + times)
        for _ in range(times - 1):
            load.send(shop.target, calls)
        return lambda: len(load.send(shop.target, calls))

    sides = [
        Side("search_100k", shop.processes, lambda number: prepare(number, 1)),
        Side("search_100k_again", shop.processes, lambda number: prepare(number, 2)),
    ]
    costs = {**rounds.measure(sides, count, on_round), "search_100k_cold": first}
    return [cost_row(name, each) for name, each in costs.items()]


def measure_latency(shop: SearchedShop, on_row: Callable[[], None]) -> list[Figure]:
    """The times of searches at half of the most a second, and of suggestions one after the other."""
    calls = shop.searches(8 * QUERIES, seed=1_001)
    began = time.monotonic()
    load.send(shop.target, calls)
    most = len(calls) / (time.monotonic() - began)
    rate = most / 2
    searched = pacer.paced(shop.target, shop.searches(round(SECONDS * rate), seed=1_002), rate)
    on_row()
    rows = gateway.latency_rows("search_100k_half", searched)
    prefixes = shop.catalogue.prefixes(PREFIXES, 1_003)
    suggested = pacer.paced(shop.target, [sanset_calls.suggest("", prefix) for prefix in prefixes], rate / 4)
    on_row()
    rows += gateway.latency_rows("suggest_100k", suggested)
    return [Figure("search_100k_rate", round(most), "calls/s"), *rows]


def measure_starts(shop: SearchedShop, directory: Path) -> list[Figure]:
    """When a new worker answers its first search, and the CPU and memory that search alone takes of it."""
    directory.mkdir()
    ready = []
    for number in range(STARTS):
        began = time.monotonic()
        with started_worker(shop.environment, directory / f"worker-{number}") as (target, worker):
            _first_answer(target)
            ready.append(time.monotonic() - began)
            rounds.settle(Processes((worker,)))
            resident, own = cpu.resident_bytes([worker]), cpu.proportional_bytes(worker)
    alone = [_alone(shop) for _ in range(STARTS)]
    return [
        Figure("search_100k_ready_s", round(statistics.median(ready), 2), "s"),
        Figure("search_100k_worker_rss", round(resident / MEGABYTE, 1), "MB"),
        Figure("search_100k_worker_pss", round(own / MEGABYTE, 1), "MB"),
        *(
            _added(alone, name, unit)
            for name, unit in (("open_cpu", "s"), ("open", "s"), ("suggest_cpu", "s"))
        ),
        *(_added(alone, name, "MB") for name in ("index_mb", "suggest_mb", "searched_mb")),
        _added(alone, "suggest_p99_ms", "ms"),
    ]


def _added(alone: Sequence[Mapping[str, float]], name: str, unit: str) -> Figure:
    value = statistics.median(each[name] for each in alone)
    return Figure(
        f"search_100k_{name.removesuffix(f'_{unit.lower()}')}_{unit.lower()}", round(value, 2), unit
    )


def _alone(shop: SearchedShop) -> Mapping[str, float]:
    """What search takes in a process that does nothing else."""
    command = [sys.executable, "-m", "bench.search_alone", shop.database_url, shop.environment["DATA_DIR"]]
    with pinned(SERVER_CORE):
        run = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: Mapping[str, float] = json.loads(run.stdout.splitlines()[-1])
    return figures


def _first_answer(target: Target) -> None:
    """Wait until a search is answered; raises ServerFailed when none is."""
    call = sanset_calls.search_products("", "first")
    give_up = time.monotonic() + READY_SECONDS
    while time.monotonic() < give_up:
        if not load.error_of(target, call):
            return
        time.sleep(LOOK_SECONDS)
    raise servers.ServerFailed(f"the worker on port {target.port} answers no search")
