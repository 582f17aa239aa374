"""The bench's clock counts every thread and child of a process, ended or not."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from bench import cpu
from bench.cpu import Processes

WORK_SECONDS = 0.3
TICK_SECONDS = 2 / os.sysconf("SC_CLK_TCK")
"""What the time of an ended child may lack: each of its two sums is told in whole ticks."""
WORKING = f"""
import sys, time

def work():
    while time.process_time() < {WORK_SECONDS}:
        pass
"""
IN_A_THREAD = """
import threading
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""
IN_A_CHILD = """
import os
if not (child := os.fork()):
    work()
    os._exit(0)
os.waitpid(child, 0)
"""


@pytest.fixture(params=[IN_A_THREAD, IN_A_CHILD], ids=["an ended thread", "an ended child"])
def worked(request: pytest.FixtureRequest) -> Iterator[int]:
    """A process that has worked and waits."""
    program = f"{WORKING}{request.param}\nprint('done', flush=True)\nsys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


def test_what_has_ended_within_a_process_is_counted(worked: int) -> None:
    assert cpu.seconds([worked]) >= WORK_SECONDS - TICK_SECONDS


def test_threads_are_counted_in_less_than_a_tick() -> None:
    before = cpu.seconds([os.getpid()])
    own = time.process_time()
    threads = [threading.Thread(target=sum, args=(range(200_000),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    used = time.process_time() - own
    assert used <= cpu.seconds([os.getpid()]) - before


def test_the_database_is_counted_apart(worked: int) -> None:
    used = cpu.used(Processes(app=(os.getpid(),), database=(worked,)))
    # The process is a child of this one, so that it is in both trees
    assert used.app >= used.database >= WORK_SECONDS - TICK_SECONDS
    assert used.total == used.app + used.database


def test_a_process_that_is_gone_costs_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    assert cpu.seconds([process.pid]) == 0
