"""`python -m bench.stock_watch`: 1,000 WatchInventory streams over all products, 500 changes a second for 20 s.

Runs a worker on a database of its own, opens the streams in another process, and adds units to products at that
pace. It says how many changes were made, how many streams had all of them in order, how soon, and what the worker
grew by; it fails where a stream missed one. With `--db sqlite` SQLite is asked.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import grpc.aio
import uvloop
from sanset.v1 import auth_pb2, catalog_pb2_grpc, inventory_pb2, inventory_pb2_grpc, product_pb2

from bench import cpu, load, servers
from bench.shops import sanset_calls
from bench.shops.sanset import ADMIN_EMAIL, ADMIN_PASSWORD, SETTINGS, started_worker
from bench.stock_streams import Seen

STREAMS: Final = 1_000
PER_SECOND: Final = 500
SECONDS: Final = 20
PRODUCTS: Final = 100
WRITERS: Final = 16
"""Calls under way at a time."""
CALL_SECONDS: Final = 30.0


@dataclass
class Changes:
    """What the writers did."""

    made: int = 0
    refused: int = 0
    seconds: float = 0.0
    reasons: set[str] = field(default_factory=set)


def main() -> None:
    """Measure, and print what came of it."""
    options = _arguments()
    with (
        tempfile.TemporaryDirectory(dir=options.directory) as name,
        servers.shop_database(options.db, Path(name), cpu.LOAD_CORE) as url,
    ):
        directory = Path(name)
        environment = {**SETTINGS, "DATA_DIR": name, "DATABASE_URL": url}
        servers.run_python(["-m", "server", "migrate"], environment)
        servers.run_python(["-m", "server", "import", "products", str(_file(directory))], environment)
        with started_worker(environment, directory / "log") as (target, worker):
            (answer,) = load.send(target, [sanset_calls.login(ADMIN_EMAIL, ADMIN_PASSWORD)])
            admin = auth_pb2.Tokens.FromString(answer.body).access_token
            before = cpu.resident_bytes([worker])
            changes, seen = _watched(target.port, admin, options)
            grown = cpu.resident_bytes([worker]) - before
    rate = changes.made / changes.seconds
    print(
        f"{changes.made:,} changes in {changes.seconds:.1f} s, {rate:.0f} a second, {changes.refused} refused"
    )
    print(
        f"{seen.complete:,} of {options.streams:,} streams had all of them in order, the last after "
        f"{seen.last_seconds:.2f} s, in {seen.messages:,} messages; {seen.cut} were cut; the worker grew by "
        f"{grown / 2**20:.0f} MB"
    )
    if seen.complete != options.streams or seen.cut or changes.refused:
        raise SystemExit(f"not each stream was whole, or a change was refused: {sorted(changes.reasons)}")


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(prog="bench.stock_watch", description=__doc__)
    arguments.add_argument("--streams", type=int, default=STREAMS, help="(default %(default)s)")
    arguments.add_argument(
        "--rate", type=int, default=PER_SECOND, help="changes a second (default %(default)s)"
    )
    arguments.add_argument("--seconds", type=int, default=SECONDS, help="(default %(default)s)")
    arguments.add_argument("--db", choices=["postgres", "sqlite"], default="postgres")
    arguments.add_argument("--directory", type=Path, help="where there is room for it (default: TMPDIR)")
    return arguments.parse_args()


def _file(directory: Path) -> Path:
    """A file of the products."""
    path = directory / "products.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = ([f"W-{number}", f"Watched {number}", "5", "1000"] for number in range(PRODUCTS))
        csv.writer(file).writerows([["sku", "name", "price", "stock"], *rows])
    return path


def _watched(port: int, admin: str, options: argparse.Namespace) -> tuple[Changes, Seen]:
    """Open the streams, make the changes, and say what became of both."""
    command = [sys.executable, "-m", "bench.stock_streams", str(port), admin, str(options.streams)]
    with (
        cpu.pinned(cpu.LOAD_CORE),
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watcher,
    ):
        assert watcher.stdin is not None
        assert watcher.stdout is not None
        try:
            if watcher.stdout.readline() != "open\n":
                raise SystemExit("the streams did not open")
            changes = uvloop.run(_change(port, admin, options.rate, options.seconds))
            watcher.stdin.write(json.dumps([changes.made, time.time()]) + "\n")
            watcher.stdin.flush()
            return changes, Seen(**json.loads(watcher.stdout.readline()))
        except BaseException:
            watcher.kill()
            raise


async def _change(port: int, admin: str, rate: int, seconds: int) -> Changes:
    """Add a unit to one product after the other, so many a second, or as many as can be."""
    signed, changes = (("authorization", f"Bearer {admin}"),), Changes()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        products = await _products(channel)
        stub = inventory_pb2_grpc.InventoryServiceStub(channel)
        began, turns = time.monotonic(), iter(range(rate * seconds))

        async def write() -> None:
            for number in turns:
                due = began + number / rate
                if due > began + seconds or time.monotonic() > began + seconds:
                    return
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                request = inventory_pb2.AdjustInventoryRequest(
                    product_id=products[number % len(products)], delta=1
                )
                try:
                    await stub.AdjustInventory(request, metadata=signed, timeout=CALL_SECONDS)
                    changes.made += 1
                except grpc.RpcError as error:
                    changes.refused += 1
                    changes.reasons.add(str(error.code()))

        async with asyncio.TaskGroup() as writers:
            for _ in range(WRITERS):
                writers.create_task(write())
        changes.seconds = time.monotonic() - began
    return changes


async def _products(channel: grpc.aio.Channel) -> Sequence[int]:
    listed = await catalog_pb2_grpc.CatalogServiceStub(channel).ListProducts(
        product_pb2.ListProductsRequest(page_size=PRODUCTS), timeout=CALL_SECONDS
    )
    return [product.id for product in listed.items]


if __name__ == "__main__":
    main()
