"""Cores and processes: pinning, CPU time and memory of process trees, from Linux's /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SERVER_CORE = 0
LOAD_CORE = 1

# Positions in /proc/PID/stat after the name in parentheses (proc(5), fields 4 and 16-17)
PARENT = 1
ENDED_CHILDREN = slice(13, 15)

SCHEDULED = 2
"""The kind of clock in clock_getcpuclockid(3) that counts what the scheduler gave, in nanoseconds."""


@dataclass(frozen=True)
class Processes:
    """The roots of the processes that do a program's work, its database's apart."""

    app: tuple[int, ...]
    database: tuple[int, ...] = ()


@dataclass(frozen=True)
class CpuTime:
    """CPU seconds of a program and of its database."""

    app: float
    database: float

    @property
    def total(self) -> float:
        """Both together."""
        return self.app + self.database

    def __sub__(self, earlier: CpuTime) -> CpuTime:
        """The time between two readings."""
        return CpuTime(self.app - earlier.app, self.database - earlier.database)

    def per_call_us(self, calls: int) -> CpuTime:
        """Microseconds for each of so many calls."""
        return CpuTime(self.app / calls * 1e6, self.database / calls * 1e6)


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Keep this thread, and every process it starts meanwhile, on one core; None leaves them be."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def used(processes: Processes) -> CpuTime:
    """The CPU time that a program's processes have used so far."""
    stats = _stats()
    return CpuTime(_seconds(stats, processes.app), _seconds(stats, processes.database))


def seconds(roots: Iterable[int]) -> float:
    """User and system CPU seconds that the trees of processes below `roots` have used so far.

    Each process's clock counts the nanoseconds of all its threads (those of `schedstat`), ended ones included. The
    time of child processes that ended, such as a connection of the database that closed, is what their parent
    carries, in the hundredths that it tells.
    """
    return _seconds(_stats(), roots)


def resident_bytes(roots: Iterable[int]) -> int:
    """Resident memory of the trees of processes below `roots`; pages they share count once for each."""
    pages = 0
    for pid in _trees(_stats(), roots):
        with suppress(OSError):
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def proportional_bytes(pid: int) -> int:
    """Resident memory of one process; of pages that it shares, its part."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))


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


def _seconds(stats: dict[int, list[str]], roots: Iterable[int]) -> float:
    nanoseconds = ticks = 0
    for pid in _trees(stats, roots):
        with suppress(OSError):  # it has ended, and its parent carries its time at the next reading
            nanoseconds += time.clock_gettime_ns((~pid << 3) | SCHEDULED)
            ticks += sum(map(int, stats[pid][ENDED_CHILDREN]))
    return nanoseconds / 1e9 + ticks / os.sysconf("SC_CLK_TCK")


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
