"""A worker's side of its supervisor: it says that it is ready and lives, and ends with the one who started it.

The supervisor holds the other ends of its standard input and output (see `child_process`).
"""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from contextlib import suppress

STDOUT = 1
LIFE_SECONDS = 0.5


def say_ready() -> None:
    """Say once that calls are answered."""
    print("ready", flush=True)


async def tell_of_life() -> None:
    """Write a line again and again: what holds the event loop up for long holds this up too.

    Into a pipe alone: a person who runs one worker by hand is spared.
    """
    if not stat.S_ISFIFO(os.fstat(STDOUT).st_mode):
        return
    os.set_blocking(STDOUT, False)
    while True:
        await asyncio.sleep(LIFE_SECONDS)
        with suppress(OSError):  # a full pipe: its reader is busy, and has enough to read
            os.write(STDOUT, b"alive\n")


async def until_abandoned(stop: asyncio.Event) -> None:
    """Set `stop` when standard input ends: the supervisor is gone."""
    if sys.stdin is None or sys.stdin.isatty():
        return
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    try:
        pipe, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    except (ValueError, OSError):  # not a pipe, as when a person redirects a file
        return
    try:
        while await reader.read(1024):
            pass
        stop.set()
    finally:
        pipe.close()
