"""The cost of 5,000 open TrackOrder streams to one worker, and the time until a step reaches its watcher."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import asdict, dataclass
from statistics import quantiles

from sanset.v1 import order_service_pb2

from bench import cpu, load
from bench.calls import CallFailed
from bench.dataset import CUSTOMERS
from bench.report import Figure
from bench.shops.sanset import SansetShop
from bench.watch import Result, WatchPlan

STREAMS = 5_000
PROBES = 200
"""Orders that are moved, through two steps each."""
WARMING = 50
"""Streams opened and closed before memory is read, so that one-time costs are not taken for theirs."""
SETTLE_SECONDS = 1.0


@dataclass(frozen=True)
class StreamFigures:
    """The figures measured with all streams open."""

    kilobytes: float
    """Growth of the worker's resident memory per stream (1 kB = 1,024 bytes)."""
    event_p99_ms: float
    event_p50_ms: float
    unary_ms: float


def rows(figures: StreamFigures, suffix: str) -> list[Figure]:
    """The rows of a shop's figures."""
    return [
        Figure(f"stream_kb{suffix}", round(figures.kilobytes, 1), "KB/stream"),
        Figure(f"stream_event_p99_ms{suffix}", round(figures.event_p99_ms, 1), "ms"),
        Figure(f"stream_event_p50_ms{suffix}", round(figures.event_p50_ms, 1), "ms"),
        Figure(f"stream_unary_ms{suffix}", round(figures.unary_ms, 1), "ms"),
    ]


def measure(shop: SansetShop) -> StreamFigures:
    """Open the streams on a shop's worker and probe them."""
    orders = _orders(shop, WARMING + STREAMS)
    _watch(shop, WatchPlan(shop.target.port, shop.admin, shop.products[1], orders[STREAMS:], probes=10))
    time.sleep(SETTLE_SECONDS)
    plan = WatchPlan(shop.target.port, shop.admin, shop.products[1], orders[:STREAMS], PROBES)
    grown, result = _watch(shop, plan)
    percentiles = quantiles(result.latencies_ms, n=100)
    return StreamFigures(grown / STREAMS / 1024, percentiles[98], percentiles[49], result.unary_ms)


def _orders(shop: SansetShop, count: int) -> list[tuple[int, str]]:
    """New orders that wait for their next step, with their owners' tokens."""
    each = -(-count // CUSTOMERS)
    buyers = [shop.buyer(number) for number in range(1, CUSTOMERS + 1) for _ in range(each)]
    calls = [
        call
        for buyer in buyers
        for call in (shop.add_item(buyer, 1), shop.checkout(buyer, str(uuid.uuid4())))
    ]
    placed = load.send(shop.target, calls, chain=2 * each)[1::2]  # a buyer has only one cart
    orders = [
        (order_service_pb2.CheckoutResponse.FromString(answer.body).order_id, buyer.token)
        for answer, buyer in zip(placed, buyers, strict=True)
    ]
    return orders[:count]


def _watch(shop: SansetShop, plan: WatchPlan) -> tuple[int, Result]:
    """Run a plan in its own process; return the bytes the worker grew by while its streams opened, and the result.

    Raises CallFailed when the watcher fails.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(asdict(plan), file)
        file.flush()
        before = cpu.resident_bytes([shop.worker])
        with cpu.pinned(cpu.LOAD_CORE):
            watcher = subprocess.Popen(
                [sys.executable, "-m", "bench.watch", file.name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        with watcher:
            assert watcher.stdin is not None
            assert watcher.stdout is not None
            try:
                if watcher.stdout.readline() != "open\n":
                    raise CallFailed(f"the streams of {shop.name} did not open")
                grown = cpu.resident_bytes([shop.worker]) - before
                watcher.stdin.write("\n")
                watcher.stdin.flush()
                line = watcher.stdout.readline()
            except BaseException:
                watcher.kill()
                raise
    if not line:
        raise CallFailed(f"the probes of {shop.name} failed")
    return grown, Result(**json.loads(line))
