"""Cores and processes: pinning, CPU time and memory of process trees, from Linux's /proc."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SERVER_CORE = 0
LOAD_CORE = 1

# Positions in /proc/PID/stat after the name in parentheses (proc(5), fields 4 and 14-17)
PARENT = 1
TIMES = slice(11, 15)


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Keep this thread, and every process it starts meanwhile, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def seconds(roots: Iterable[int]) -> float:
    """User and system CPU seconds that the trees of processes below `roots` have used so far.

    The time of children that ended is included: their parent carries it (so a database connection that closes
    between two readings is not lost).
    """
    stats = _stats()
    ticks = sum(int(ticks) for pid in _trees(stats, roots) for ticks in stats[pid][TIMES])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_bytes(roots: Iterable[int]) -> int:
    """Resident memory of the trees of processes below `roots`; pages they share count once for each."""
    pages = 0
    for pid in _trees(_stats(), roots):
        with suppress(OSError):
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def parent_of(pid: int) -> int:
    """The process that started `pid`.

    Raises KeyError when there is no such process.
    """
    return int(_stats()[pid][PARENT])


def model_name() -> str:
    """The model name of the machine's processor."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown"


def _stats() -> dict[int, list[str]]:
    """The fields of every process's stat file after its name, which may hold spaces."""
    stats = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with suppress(OSError):
                stats[int(entry)] = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
    return stats


def _trees(stats: dict[int, list[str]], roots: Iterable[int]) -> set[int]:
    children: dict[int, list[int]] = {}
    for pid, fields in stats.items():
        children.setdefault(int(fields[PARENT]), []).append(pid)
    pids: set[int] = set()
    waiting = [root for root in roots if root in stats]
    while waiting:
        pid = waiting.pop()
        if pid not in pids:
            pids.add(pid)
            waiting += children.get(pid, [])
    return pids
