"""Two workers against one, for reads: how much more they get done with two cores.

The load needs a core too, and there may be only two, so what is compared is the CPU of each call: two workers on
two cores answer twice as many calls as one, less what they hinder each other: that is what a call costs more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from bench import comparisons
from bench.cpu import Processes
from bench.report import Figure
from bench.rounds import Costs, Load, Side, Spread
from bench.shops.sanset import SansetShop

ONE, TWO = "one", "two"
READS: Mapping[str, Callable[[list[SansetShop]], list[Side]]] = {
    "get_product": comparisons.get_product,
    "list_products": comparisons.list_products,
    "get_cart": comparisons.get_cart,
}


def sides(name: str, shop: SansetShop, other: SansetShop) -> list[Side]:
    """One worker that gets all the load, and two that get half of it each at the same time."""
    both = Processes((shop.worker, other.worker), shop.processes.database)
    first, second = READS[name]([shop, other])
    return [replace(first, name=ONE), Side(TWO, both, lambda number: _together(first, second, number))]


def row(name: str, costs: Mapping[str, Costs]) -> Figure:
    """How many times as much as one worker two get done."""
    ratio = costs[ONE].against(costs[TWO])
    gain = Spread(2 * ratio.low, 2 * ratio.median, 2 * ratio.high).rounded(2)
    return Figure(f"two_workers_{name}", gain.median, "× one worker", spread=gain)


def _together(first: Side, second: Side, number: int) -> Load:
    loads = [first.prepare(number), second.prepare(number)]

    def run() -> int:
        counts: list[int] = []
        threads = [threading.Thread(target=lambda load=load: counts.append(load())) for load in loads]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts)

    return run
