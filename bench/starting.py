"""How soon a worker is ready, and how much memory it takes once it has answered everything a shop reads."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from bench import cpu, load
from bench.calls import Target
from bench.dataset import CUSTOMERS, SHELVES
from bench.report import Figure
from bench.rounds import Spread
from bench.servers import ServerFailed
from bench.shops import sanset
from bench.shops.sanset import SansetShop
from bench.shops.served import serving

STARTS = 5
READY_SECONDS = 60.0
LOOK_SECONDS = 0.01
SETTLE_SECONDS = 1.0
MEGABYTE: Final = 1024 * 1024


def rows(shop: SansetShop, directory: Path) -> list[Figure]:
    """A worker alone, on one core, and two with their supervisor and Envoy on all of them."""
    directory.mkdir()
    alone = []
    for number in range(STARTS):
        began = time.monotonic()
        with sanset.started_worker(shop.environment, directory / f"worker-{number}") as (target, worker):
            _await_health(target)
            alone.append(time.monotonic() - began)
            if number == STARTS - 1:
                _read_everything(shop, target)
                resident, own = cpu.resident_bytes([worker]), cpu.proportional_bytes(worker)
    together = []
    for number in range(STARTS):
        with serving(shop.filled, directory / f"served-{number}") as served_shop:
            together.append(served_shop.ready_seconds)
            if number == STARTS - 1:
                time.sleep(SETTLE_SECONDS)
                parts = [cpu.proportional_bytes(pid) for pid in served_shop.workers]
    return [
        _seconds("start_worker_s", alone),
        _seconds("start_two_workers_s", together),
        Figure("memory_worker_rss", round(resident / MEGABYTE, 1), "MB"),
        Figure("memory_worker_pss", round(own / MEGABYTE, 1), "MB"),
        Figure("memory_served_worker_pss", round(sum(parts) / len(parts) / MEGABYTE, 1), "MB"),
    ]


def _seconds(name: str, values: Sequence[float]) -> Figure:
    spread = Spread.of(values).rounded(2)
    return Figure(name, spread.median, "s", spread=spread)


def _await_health(target: Target) -> None:
    """Wait until a worker says that it serves; raises ServerFailed when it does not."""
    give_up = time.monotonic() + READY_SECONDS
    with grpc.insecure_channel(target.address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        while time.monotonic() < give_up:
            try:
                reply = health.Check(health_pb2.HealthCheckRequest(), timeout=1, wait_for_ready=True)
            except grpc.RpcError:
                pass
            else:
                if reply.status == health_pb2.HealthCheckResponse.SERVING:
                    return
            time.sleep(LOOK_SECONDS)
    raise ServerFailed(f"the worker on port {target.port} did not get ready")


def _read_everything(shop: SansetShop, target: Target) -> None:
    """Have a worker read every product, every list and everybody's recommendations."""
    products = [shop.get_product(number) for number in shop.products]
    lists = [shop.list_products(shelf) for shelf in SHELVES]
    recommended = [shop.recommendations(number) for number in range(1, CUSTOMERS + 1)]
    load.send(target, [*products, *lists, *recommended])
    time.sleep(SETTLE_SECONDS)
