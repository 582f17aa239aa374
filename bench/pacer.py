"""Sends calls at a steady rate, whether or not replies keep up, and times them from when they were due.

It runs in its own process (`python -m bench.pacer`), and writes the milliseconds of each call after the
first second as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import uvloop

from bench.calls import CallFailed, PreparedCall, Protocol, Target, read_calls, write_calls
from bench.generator import Connection, connected

CONNECTIONS = 50
"""Open before the first call; more are opened as they are needed."""
WARM_UP_SECONDS = 1
OVERLOADED = ("429", "RESOURCE_EXHAUSTED")
REFUSED_MS = 60_000.0
"""What a call counts as that was refused because there were too many: others are not to look quick by it."""


async def pace(target: Target, calls: list[PreparedCall], rate: float) -> list[float]:
    """Send the calls, so many a second; return the milliseconds of each.

    Raises CallFailed, naming the first error, when a call failed otherwise than for the load.
    """
    idle: list[Connection] = []
    opened: list[Connection] = []
    loop = asyncio.get_running_loop()

    async def connect() -> Connection:
        opened.append(connection := await connected(target))
        return connection

    async def send(number: int, call: PreparedCall) -> float:
        due = began + number / rate
        await asyncio.sleep(due - loop.time())
        connection = idle.pop() if idle else await connect()
        reply = await connection.send(call)
        idle.append(connection)
        if reply.error.startswith(OVERLOADED):
            return REFUSED_MS
        if reply.error:
            raise CallFailed(f"{call.path}: {reply.error}")
        return (loop.time() - due) * 1e3

    try:
        idle.extend([await connect() for _ in range(CONNECTIONS)])
        began = loop.time()
        return await asyncio.gather(*(send(number, call) for number, call in enumerate(calls)))
    finally:
        for connection in opened:
            await connection.close()


def paced(target: Target, calls: Sequence[PreparedCall], rate: float) -> list[float]:
    """The milliseconds of each call, sent by a process of its own; raises CallFailed."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        file = Path(directory, "calls")
        write_calls(file, calls)
        address = [target.protocol, str(target.port)]
        command = [sys.executable, "-m", "bench.pacer", *address, str(rate), str(file)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise CallFailed(f"the calls at {rate:,.0f} a second: {run.stderr[-500:]}")
    milliseconds: list[float] = json.loads(run.stdout)
    return milliseconds


def main() -> None:
    """Send a file of calls."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("protocol", type=Protocol)
    arguments.add_argument("port", type=int)
    arguments.add_argument("rate", type=float)
    arguments.add_argument("calls", type=Path)
    options = arguments.parse_args()
    target = Target(options.protocol, options.port)
    milliseconds = uvloop.run(pace(target, read_calls(options.calls), options.rate))
    print(json.dumps(milliseconds[round(options.rate * WARM_UP_SECONDS) :]))


if __name__ == "__main__":
    main()
