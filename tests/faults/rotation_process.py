"""A process that rotates the keys of a shop and dies by SIGKILL at a step; a step is a statement or a commit.

Reads lines of JSON: {"url", "models", "keys", "die_at"}. For each it forks a child and prints how many steps that
took, or "killed". Forking spares each death the imports.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import event

from server.clock import utc_now
from server.keys.state import open_database
from server.rotation.rotate import rotate
from server.settings import load


def run(url: str, models: str, keys: list[str], die_at: int) -> int:
    """Rotate, counting the steps."""
    steps = 0

    def step(*_: Any) -> None:
        nonlocal steps
        steps += 1
        if steps == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    newest, *previous = keys
    settings = load(
        _env_file=None,
        environment="test",
        database_url=url,
        secret_key=newest,
        previous_secret_keys=previous,
    )
    db = open_database(settings, pool_size=2)
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(db.engine, name, step, insert=name == "commit")
    done = rotate(
        db, settings.ring, Path(models), now=utc_now(), sleep=lambda seconds: time.sleep(seconds / 4)
    )
    db.close()
    if done.unreadable or done.busy:
        raise AssertionError(str(done))
    return steps


def main() -> None:
    """Fork for every line."""
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(writing, str(run(**order)).encode())
            finally:
                os._exit(0)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        said = os.read(reading, 100).decode()
        os.close(reading)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("killed" if killed else said or "failed", flush=True)
