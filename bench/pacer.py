"""Sends calls at a steady rate over HTTP, whether or not replies keep up, and times them from when they were due.

It runs in its own process (`python -m bench.pacer`), and writes the milliseconds of each call after the
first second as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

import uvloop

from bench.calls import CallFailed, PreparedCall, Protocol, Target, read_calls
from bench.generator import HttpConnection

CONNECTIONS = 50
"""Open before the first call; more are opened as they are needed."""
WARM_UP_SECONDS = 1
OVERLOADED = "429"
REFUSED_MS = 60_000.0
"""What a call counts as that was refused because there were too many: others are not to look quick by it."""


async def pace(target: Target, calls: list[PreparedCall], rate: float) -> list[float]:
    """Send the calls, so many a second; return the milliseconds of each.

    Raises CallFailed, naming the first error, when a call failed otherwise than for the load.
    """
    idle: list[HttpConnection] = []
    opened: list[HttpConnection] = []
    loop = asyncio.get_running_loop()

    async def connect() -> HttpConnection:
        opened.append(connection := await HttpConnection.open(target))
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


def main() -> None:
    """Send a file of calls."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("port", type=int)
    arguments.add_argument("rate", type=float)
    arguments.add_argument("calls", type=Path)
    options = arguments.parse_args()
    target = Target(Protocol.HTTP, options.port)
    milliseconds = uvloop.run(pace(target, read_calls(options.calls), options.rate))
    print(json.dumps(milliseconds[round(options.rate * WARM_UP_SECONDS) :]))


if __name__ == "__main__":
    main()
