"""Holds many TrackOrder streams open and times how soon an order's step reaches its watcher.

It runs in its own process (`python -m bench.watch`). It reads a `WatchPlan` from a file as JSON, opens every
stream, writes the line `open` and waits for a line; then it moves one order after another and writes a result as
JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import grpc.aio
import uvloop
from sanset.v1 import (
    catalog_pb2_grpc,
    order_pb2,
    order_service_pb2,
    order_service_pb2_grpc,
    product_pb2,
    tracking_pb2,
)

STREAMS_PER_CONNECTION = 50
OPENING_AT_ONCE = 50
WAIT_SECONDS = 30.0
STEPS = (order_pb2.Order.PROCESSING, order_pb2.Order.SHIPPED)
"""The statuses that the probed orders move to; not DELIVERED, which would end their streams."""


@dataclass(frozen=True)
class WatchPlan:
    """The streams to open, and the orders to move."""

    port: int
    admin: str
    product_id: int
    orders: Sequence[tuple[int, str]]
    """Each stream's order and the token of its owner."""
    probes: int
    """The number of orders, the first ones, that move through STEPS."""


@dataclass(frozen=True)
class Result:
    """The measured times."""

    latencies_ms: Sequence[float]
    """From sending UpdateOrderStatus to the watcher's event, so the step's own commit is within."""
    unary_ms: float
    """One GetProduct while all streams were open."""


class Watcher:
    """One open stream, whose events wait to be taken."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[tuple[order_pb2.OrderEvent, float]] = asyncio.Queue()
        self.seen = 0
        """The last sequence, which counts from 1 without gaps."""

    async def follow(
        self, stub: order_service_pb2_grpc.OrderServiceAsyncStub, order_id: int, token: str
    ) -> None:
        """Read the stream until it is cut."""
        request = tracking_pb2.TrackOrderRequest(order_id=order_id)
        async for message in stub.TrackOrder(request, metadata=_signed(token)):
            if message.HasField("event"):
                self._events.put_nowait((message.event, time.perf_counter()))

    async def until(self, status: int) -> float:
        """Wait for the step to `status` and return when it came (perf_counter).

        Raises RuntimeError when a step is missing or doubled, TimeoutError when none comes.
        """
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                event, came = await self._events.get()
                if event.sequence != self.seen + 1:
                    raise RuntimeError(f"step {event.sequence} came after {self.seen}")
                self.seen = event.sequence
                if event.status == status:
                    return came


async def watch(plan: WatchPlan) -> Result:
    """Open the streams of a plan, wait for the signal, probe, and return the times."""
    async with _channels(plan, len(plan.orders)) as (control, channels):
        watchers = [Watcher() for _ in plan.orders]
        async with asyncio.TaskGroup() as group:
            following = []
            for start in range(0, len(watchers), OPENING_AT_ONCE):
                batch = range(start, min(start + OPENING_AT_ONCE, len(watchers)))
                for number in batch:
                    stub = order_service_pb2_grpc.OrderServiceStub(channels[number // STREAMS_PER_CONNECTION])
                    following.append(group.create_task(watchers[number].follow(stub, *plan.orders[number])))
                for number in batch:  # an open stream has told its history
                    await watchers[number].until(order_pb2.Order.CONFIRMED)
            _say("open")
            await asyncio.to_thread(sys.stdin.readline)
            result = await _probe(plan, control, watchers[: plan.probes])
            for task in following:
                task.cancel()
    return result


async def _probe(plan: WatchPlan, channel: grpc.aio.Channel, watchers: Sequence[Watcher]) -> Result:
    orders = order_service_pb2_grpc.OrderServiceStub(channel)
    latencies = []
    for status in STEPS:
        for (order_id, _), watcher in zip(plan.orders, watchers, strict=False):
            request = order_service_pb2.UpdateOrderStatusRequest(order_id=order_id, status=status)
            began = time.perf_counter()
            await orders.UpdateOrderStatus(request, metadata=_signed(plan.admin), timeout=WAIT_SECONDS)
            latencies.append((await watcher.until(status) - began) * 1e3)
    began = time.perf_counter()
    product = product_pb2.GetProductRequest(product_id=plan.product_id)
    await catalog_pb2_grpc.CatalogServiceStub(channel).GetProduct(product, timeout=WAIT_SECONDS)
    return Result(latencies, (time.perf_counter() - began) * 1e3)


@asynccontextmanager
async def _channels(
    plan: WatchPlan, streams: int
) -> AsyncIterator[tuple[grpc.aio.Channel, list[grpc.aio.Channel]]]:
    """One connection for unary calls, and as many as the streams need."""
    count = 1 + -(-streams // STREAMS_PER_CONNECTION)
    options = [("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.aio.insecure_channel(f"127.0.0.1:{plan.port}", options) for _ in range(count)]
    try:
        yield channels[0], channels[1:]
    finally:
        for channel in channels:
            await channel.close()


def _signed(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Carry out the plan in a file."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("plan", type=Path)
    plan = WatchPlan(**json.loads(arguments.parse_args().plan.read_text()))
    _say(json.dumps(asdict(uvloop.run(watch(plan)))))


if __name__ == "__main__":
    main()
