"""Two workers against one, for reads: how much more they get done with two cores.

The load needs a core too, and there may be only two, so what is compared is the CPU of each call: two workers on
two cores answer twice as many calls as one, less what they hinder each other: that is what a call costs more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
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
    return [replace(first, name=ONE), Side(TWO, both, lambda number: together(first, second, number))]


def row(name: str, costs: Mapping[str, Costs]) -> Figure:
    """How many times as much as one worker two get done."""
    ratio = costs[ONE].against(costs[TWO])
    gain = Spread(2 * ratio.low, 2 * ratio.median, 2 * ratio.high).rounded(2)
    return Figure(f"two_workers_{name}", gain.median, "× one worker", spread=gain)


def together(first: Side, second: Side, number: int) -> Load:
    """The loads of both sides, at the same time; what one of them raises is raised."""
    loads = [first.prepare(number), second.prepare(number)]

    def run() -> int:
        with ThreadPoolExecutor(len(loads)) as threads:
            return sum(threads.map(lambda load: load(), loads))

    return run
