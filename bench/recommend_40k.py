"""The cost of recommendations in a large shop, and the memory that a worker retains after very many of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from sanset.v1 import model_service_pb2

from bench import cpu, large_shop, load, rounds, servers
from bench.calls import PreparedCall
from bench.large_data import CUSTOMERS
from bench.large_shop import LargeShop
from bench.report import Figure, cost_row
from bench.rounds import Load, Side
from bench.shops import sanset_calls
from bench.shops.echo import EchoServer

AT_MOST = 250
"""Customers of a side in a round. No two sides or rounds share one, so that nobody is remembered."""

LIMIT = 10
OTHER_LIMITS = (8, 9, 11, 12)

WARMING_SWAPS = 4
SWAPS = 20
ALL_SWAPS = WARMING_SWAPS + SWAPS
CALLS_PER_SWAP = 5_000
SETTLE_SECONDS = 2.0
MEGABYTE = 1024 * 1024


def measure(
    name: str, shop: LargeShop, ceiling: EchoServer, count: int, on_round: Callable[[], None]
) -> list[Figure]:
    """CPU per call, of the worker and its database together, for three kinds of call beside the echo.

    The rows' names begin with `name`.

    first: of a customer who was not seen before, whose history is read from the database. list: of one whose
    history is in memory, for a list that was not asked for before. again: for the same list once more.
    """
    customers = min(AT_MOST, CUSTOMERS // (3 * (count + rounds.WARM_UPS)))

    def asking(turn: int, number: int, limits: Sequence[int]) -> list[PreparedCall]:
        start = (3 * number + turn) * customers
        return [
            shop.recommendations(customer, limit)
            for limit in limits
            for customer in range(start, start + customers)
        ]

    def side(kind: str, turn: int, before: Sequence[int], limits: Sequence[int]) -> Side:
        def prepare(number: int) -> Load:
            if before:
                load.send(shop.target, asking(turn, number, before))
            calls = asking(turn, number, limits)
            return lambda: len(load.send(shop.target, calls))

        return Side(kind, shop.processes, prepare)

    echoed = [ceiling.get_product(1)] * (customers * len(OTHER_LIMITS))
    sides = [
        Side("echo", ceiling.processes, lambda number: lambda: len(load.send(ceiling.target, echoed))),
        side("first", 0, (), (LIMIT,)),
        side("list", 1, (LIMIT,), OTHER_LIMITS),
        side("again", 2, OTHER_LIMITS, OTHER_LIMITS),
    ]
    costs = rounds.measure(sides, count, on_round)
    bare = costs.pop("echo")
    rows = [
        cost_row(f"{name}_{kind}", each, against="echo", ratio=each.against(bare))
        for kind, each in costs.items()
    ]
    return [*rows, cost_row(f"{name}_echo", bare)]


def measure_memory(shop: LargeShop, on_swap: Callable[[], None]) -> list[Figure]:
    """Measure a worker's growth over 100,000 calls of all customers and 20 changes of the model."""
    servers.run_python(["-m", "server", "train", "--type", "content"], shop.environment)
    admin = large_shop.admin_token(shop)
    (answer,) = load.send(shop.target, [sanset_calls.list_models(admin)])
    newer, older = model_service_pb2.ListModelsResponse.FromString(answer.body).items[:2]

    def swap(number: int) -> None:
        model = newer if number % 2 else older
        load.send(shop.target, [sanset_calls.activate_model(admin, model.id)])
        calls = [
            shop.recommendations(customer % CUSTOMERS, LIMIT)
            for customer in range(number * CALLS_PER_SWAP, (number + 1) * CALLS_PER_SWAP)
        ]
        load.send(shop.target, calls)
        on_swap()

    for number in range(WARMING_SWAPS):
        swap(number)
    time.sleep(SETTLE_SECONDS)
    before = cpu.resident_bytes([shop.worker])
    for number in range(SWAPS):
        swap(number)
    time.sleep(SETTLE_SECONDS)
    after = cpu.resident_bytes([shop.worker])
    return [
        Figure("recommend_40k_rss", round(after / MEGABYTE, 1), "MB"),
        Figure("recommend_40k_growth", round((after - before) / MEGABYTE, 1), "MB"),
    ]
