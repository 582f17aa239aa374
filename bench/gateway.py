"""Calls as JSON through Envoy: its own CPU per call, the most calls a second, and the time each takes."""

from __future__ import annotations

import random
import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Final

from bench import comparisons, pacer
from bench.calls import CallFailed, PreparedCall
from bench.comparisons import any_customer, any_product
from bench.dataset import SHELVES
from bench.report import Figure, cost_row
from bench.rounds import Costs, Side
from bench.shops import served
from bench.shops.sanset import SansetShop
from bench.shops.served import ServedShop

CLIENTS = 16
"""Connections, each with one call at a time, for the most calls a second."""
DIFFERENT = 200
SECONDS = 5
WARM_UP_SECONDS = 2
SEED = 17

READS_PER_SECOND: Final[Mapping[str, int]] = {"get_product": 1_000, "list_products": 600}
"""The rates at which reads are timed, besides half of the most."""
ADDITIONS_PER_SECOND: Final = (200, 400)
MIXTURE_PER_SECOND = 800
MIXTURE: Final[Mapping[str, int]] = {
    "get_product": 8,
    "list_products": 4,
    "recommendations": 3,
    "get_cart": 3,
    "add_item": 2,
}
"""How often each call comes in a mixture of twenty."""

RATE = re.compile(r"([\d.]+) req/s")
OUTCOME = re.compile(r"(\d+) failed, (\d+) errored, (\d+) timeout")
STATUSES = re.compile(r"(\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx")

Pick = Callable[[SansetShop, random.Random], PreparedCall]


CALLS: Final[Mapping[str, Pick]] = {
    "get_product": lambda shop, draw: served.get_product(shop, any_product(draw)),
    "list_products": lambda shop, draw: served.list_products(shop, draw.choice(list(SHELVES))),
    "recommendations": lambda shop, draw: served.recommendations(shop, any_customer(draw)),
    "get_cart": lambda shop, draw: served.get_cart(shop, any_customer(draw)),
    "list_orders": lambda shop, draw: served.list_orders(shop, any_customer(draw)),
    "add_item": lambda shop, draw: served.add_item(shop, any_customer(draw), any_product(draw)),
}
"""The calls by their names in the rows."""
READS: Final = tuple(name for name in CALLS if name != "add_item")
FASTEST: Final = ("get_product", "list_products", "get_cart")


def sides(shop: SansetShop, gateway: ServedShop) -> list[Side]:
    """Each read, whose cost is that of Envoy alone."""
    return [
        comparisons.reads(name, gateway.target, gateway.gateway, partial(CALLS[name], shop)) for name in READS
    ]


def cost_rows(costs: Mapping[str, Costs]) -> list[Figure]:
    """Envoy's own cost of each read."""
    return [cost_row(f"envoy_{name}", each) for name, each in costs.items()]


def rate_rows(shop: SansetShop, gateway: ServedShop, on_row: Callable[[], None]) -> list[Figure]:
    """The most calls a second, and the times of calls at half of that, at fixed rates, and mixed.

    Raises CallFailed when a call failed.
    """
    rows: list[Figure] = []
    for name in FASTEST:
        most = round(_most_a_second(gateway, _draw(shop, name, DIFFERENT)))
        rows.append(Figure(f"json_{name}_rate", most, "calls/s"))
        rows += _paced_rows(shop, gateway, name, most // 2, "half")
        if rate := READS_PER_SECOND.get(name):
            rows += _paced_rows(shop, gateway, name, rate, str(rate))
        on_row()
    for rate in ADDITIONS_PER_SECOND:
        rows += _paced_rows(shop, gateway, "add_item", rate, str(rate))
        on_row()
    mixed = _mixture(shop, MIXTURE_PER_SECOND * (SECONDS + pacer.WARM_UP_SECONDS))
    rows += latency_rows(
        f"json_mixed_{MIXTURE_PER_SECOND}", pacer.paced(gateway.target, mixed, MIXTURE_PER_SECOND)
    )
    on_row()
    return rows


RATE_STEPS: Final = len(FASTEST) + len(ADDITIONS_PER_SECOND) + 1
"""How often `rate_rows` calls `on_row`."""


def _draw(shop: SansetShop, name: str, count: int) -> list[PreparedCall]:
    draw = random.Random(SEED)
    return [CALLS[name](shop, draw) for _ in range(count)]


def _mixture(shop: SansetShop, count: int) -> list[PreparedCall]:
    draw = random.Random(SEED)
    names = draw.choices(list(MIXTURE), weights=list(MIXTURE.values()), k=count)
    return [CALLS[name](shop, draw) for name in names]


def _paced_rows(shop: SansetShop, gateway: ServedShop, name: str, rate: int, rate_name: str) -> list[Figure]:
    calls = _draw(shop, name, rate * (SECONDS + pacer.WARM_UP_SECONDS))
    return latency_rows(f"json_{name}_{rate_name}", pacer.paced(gateway.target, calls, rate))


def latency_rows(name: str, milliseconds: Sequence[float]) -> list[Figure]:
    """The median of the times of calls, and what one in a hundred exceeds."""
    percentiles = quantiles(milliseconds, n=100)
    return [Figure(f"{name}_p{share}_ms", round(percentiles[share - 1], 1), "ms") for share in (50, 99)]


def _most_a_second(gateway: ServedShop, calls: Sequence[PreparedCall]) -> float:
    """Send reads, in turn, for some seconds; return how many there were a second.

    They are signed by the first one's customer: h2load sends one token in a run.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        urls = Path(directory, "urls")
        urls.write_text("".join(f"http://{gateway.target.address}{call.path}\n" for call in calls))
        request = ["--h1", f"--header=authorization: Bearer {calls[0].token}", f"--input-file={urls}"]
        load = [f"--clients={CLIENTS}", f"--duration={SECONDS}", f"--warm-up-time={WARM_UP_SECONDS}"]
        run = subprocess.run(["h2load", *request, *load], capture_output=True, text=True, check=True)
    rate, outcome, statuses = (pattern.search(run.stdout) for pattern in (RATE, OUTCOME, STATUSES))
    if rate is None or outcome is None or statuses is None:
        raise CallFailed(f"h2load said nothing of {calls[0].path}: {run.stdout[-500:]}")
    if any(int(count) for count in (*outcome.groups(), *statuses.groups()[1:])):
        raise CallFailed(f"h2load {calls[0].path}: {outcome[0]}; {statuses[0]}")
    return float(rate[1])
