"""A process that counts orders once and dies by SIGKILL at a given step; a step is a statement or a commit.

Reads lines of JSON: {"url", "die_at"}. For each it forks a child and prints how many steps that took, or "killed".
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys

from outbox_process import Steps
from sqlalchemy import event

from server.analytics.keeper import RollUpKeeper
from server.db.database import Database
from server.db.pool import Pool
from server.db.work import Work


async def count(url: str, steps: Steps) -> None:
    """Count all that waits."""
    db = Database(url, pool_size=2)
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(db.engine, name, steps.step, insert=name == "commit")
    keeper = RollUpKeeper(db, Work(db, Pool(threads=2, max_queued=10)), "UTC")
    while await keeper.run() is None:
        pass


def main() -> None:
    """Fork for every line."""
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            steps = Steps(order["die_at"])
            asyncio.run(count(order["url"], steps))
            os.write(writing, str(steps.count).encode())
            os._exit(0)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        said = os.read(reading, 100).decode()
        os.close(reading)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("killed" if killed else said or "failed", flush=True)
