"""What calls cost as the shop grows, and what those of one customer cost who has ordered very often."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import grpc

from bench import comparisons, load, rounds
from bench.calls import PreparedCall
from bench.cpu import CpuTime, Processes
from bench.large_data import COLLECTOR, Size
from bench.large_shop import LargeShop
from bench.report import Figure, cost_row
from bench.rounds import Costs, Load, Side
from bench.shops import sanset

SIZES: Final = (
    Size(products=1_000, orders=20_000, collected=10_000),
    Size(products=20_000, orders=20_000),
    Size(products=100_000, orders=20_000),
)
PAGE = 20
PRICES = 9_000
"""So many different lowest prices, in cents: a list from each is made anew."""
CALLS = 400
NEW = "popular_new"
LIMIT = 10
LISTS = 50
FIRST_TIMES = 3
OTHERS = 200
"""Customers whose lists warm a worker up."""
CALL_SECONDS = 30.0


def measure_lists(shop: LargeShop, size: Size, count: int, on_round: Callable[[], None]) -> list[Figure]:
    """Pages by popularity of the whole shop: the same again and again, and each another."""
    costs = rounds.measure(
        [
            comparisons.reads("popular", shop.target, shop.processes, lambda draw: shop.list_popular(PAGE)),
            _once(NEW, shop, partial(_popular_from, shop)),
        ],
        count,
        on_round,
    )
    rows = [cost_row(f"list_{name}_{size.products}", each) for name, each in costs.items()]
    database = Figure(f"list_popular_database_{size.products}", round(costs[NEW].database, 1), "µs CPU/call")
    return [*rows, database]


def measure_collector(shop: LargeShop, count: int, on_round: Callable[[], None]) -> list[Figure]:
    """The calls of the customer with very many orders."""
    costs = rounds.measure(
        [
            comparisons.reads(
                "list_orders", shop.target, shop.processes, lambda draw: shop.list_orders(COLLECTOR, PAGE)
            ),
            _once("recommend_list", shop, partial(_recommended, shop)),
        ],
        count,
        on_round,
    )
    return [cost_row(f"collector_{name}", each) for name, each in costs.items()]


def measure_first(shop: LargeShop, directory: Path) -> list[Figure]:
    """The first list of the customer with very many orders, of whom a worker has nothing in memory."""
    directory.mkdir()
    costs = [_first_cost(shop, directory / f"{number}") for number in range(FIRST_TIMES)]
    return [cost_row("collector_recommend_first", Costs(tuple(costs)))]


def _first_cost(shop: LargeShop, log: Path) -> CpuTime:
    with (
        sanset.started_worker(shop.environment, log) as (target, worker),
        grpc.insecure_channel(target.address) as channel,
    ):
        processes = Processes((worker,), shop.processes.database)
        for customer in range(OTHERS):
            _call(channel, shop.recommendations(customer, LIMIT))
        before = rounds.settle(processes)
        _call(channel, shop.recommendations(COLLECTOR, LIMIT))
        return (rounds.settle(processes) - before).per_call_us(1)


def _call(channel: grpc.Channel, call: PreparedCall) -> None:
    method: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(call.path)
    method(call.body, metadata=(("authorization", f"Bearer {call.token}"),), timeout=CALL_SECONDS)


def _popular_from(shop: LargeShop, number: int) -> list[PreparedCall]:
    draw = random.Random(number)
    return [shop.list_popular(PAGE, f"{draw.randrange(PRICES) / 100:.2f}") for _ in range(CALLS)]


def _recommended(shop: LargeShop, number: int) -> list[PreparedCall]:
    """Lists of which none is in memory: each is asked for from another price on, below that of any product."""
    start = 1 + number * LISTS
    return [
        shop.recommendations(COLLECTOR, LIMIT, f"{price / 1000:.3f}") for price in range(start, start + LISTS)
    ]


def _once(name: str, shop: LargeShop, calls_of: Callable[[int], list[PreparedCall]]) -> Side:
    def prepare(number: int) -> Load:
        calls = calls_of(number)
        return lambda: len(load.send(shop.target, calls))

    return Side(name, shop.processes, prepare)
