"""Holds many WatchInventory streams open and says whether each had every change, in order.

It runs in its own process (`python -m bench.stock_streams PORT TOKEN STREAMS`). It opens every stream, writes the
line `open`, reads the number of changes that were made, waits until all streams have had so many, and writes a
`Seen` as JSON. Each change is a unit more of a product: one that is missing, doubled or early shows in the
quantities.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Final

import grpc.aio
import uvloop
from sanset.v1 import inventory_pb2_grpc, inventory_watch_pb2

STREAMS_PER_CONNECTION: Final = 50
OPENING_AT_ONCE: Final = 50
EXAMINED_EVERY: Final = 20
"""Of one stream in so many every quantity is looked at, of the others the sequence and the number of changes."""
WAIT_SECONDS: Final = 120.0


@dataclass(frozen=True)
class Seen:
    """What the streams had."""

    complete: int
    """The streams that had every change, in order."""
    cut: int
    last_seconds: float
    """How long after the last change was made the last stream had it."""
    messages: int
    """Of the stream with the most."""


class StockStream:
    """One stream, as far as it has come."""

    def __init__(self, *, examined: bool) -> None:
        self.opened = asyncio.Event()
        self._moved = asyncio.Event()
        self.changes = 0
        self.messages = 0
        self.sound = True
        self.last = 0.0
        self._examined = examined
        self._sequence = 0
        self._quantities: dict[int, int] = {}

    async def follow(self, stub: inventory_pb2_grpc.InventoryServiceAsyncStub, token: str) -> None:
        """Read the stream until it is cut."""
        request = inventory_watch_pb2.WatchInventoryRequest(all=True)
        async for message in stub.WatchInventory(request, metadata=(("authorization", f"Bearer {token}"),)):
            self.opened.set()
            if message.HasField("reconnect"):
                return
            if message.HasField("changes"):
                self._take(message.changes)

    async def until(self, changes: int) -> None:
        """Wait until so many changes have come."""
        while self.changes < changes:
            self._moved.clear()
            await self._moved.wait()

    def _take(self, changes: inventory_watch_pb2.WatchInventoryResponse.Changes) -> None:
        self.sound &= changes.sequence > self._sequence
        self._sequence = changes.sequence
        self.changes += len(changes.changes)
        self.messages += 1
        self.last = time.time()
        self._moved.set()
        for change in changes.changes if self._examined else ():
            before = self._quantities.get(change.variant_id, change.new_quantity - 1)
            self.sound &= change.new_quantity == before + 1
            self._quantities[change.variant_id] = change.new_quantity


async def watch(port: int, token: str, count: int) -> Seen:
    """Open so many streams, and see that each has every change."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    needed = -(-count // STREAMS_PER_CONNECTION)
    channels = [grpc.aio.insecure_channel(f"127.0.0.1:{port}", options) for _ in range(needed)]
    streams = [StockStream(examined=number % EXAMINED_EVERY == 0) for number in range(count)]
    tasks: list[asyncio.Task[None]] = []
    for start in range(0, count, OPENING_AT_ONCE):
        for number in range(start, min(start + OPENING_AT_ONCE, count)):
            stub = inventory_pb2_grpc.InventoryServiceStub(channels[number // STREAMS_PER_CONNECTION])
            tasks.append(asyncio.create_task(streams[number].follow(stub, token)))
        for stream in streams[start : start + OPENING_AT_ONCE]:
            await stream.opened.wait()
    _say("open")
    made, at = json.loads(await asyncio.to_thread(sys.stdin.readline))
    await _until_complete(streams, made)
    cut = sum(task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for channel in channels:
        await channel.close()
    return Seen(
        complete=sum(stream.sound and stream.changes == made for stream in streams),
        cut=cut,
        last_seconds=max(stream.last for stream in streams) - at,
        messages=max(stream.messages for stream in streams),
    )


async def _until_complete(streams: Sequence[StockStream], made: int) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(WAIT_SECONDS):
            for stream in streams:
                await stream.until(made)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Watch as the arguments say."""
    port, token, count = sys.argv[1:]
    _say(json.dumps(asdict(uvloop.run(watch(int(port), token, int(count))))))


if __name__ == "__main__":
    main()
