"""Commands of the shop that are measured: how long each takes, and the most memory that its process holds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True)
class Measured:
    """A command that has ended."""

    output: str
    seconds: float
    peak_mb: float


def measured(arguments: Sequence[str], environment: Mapping[str, str]) -> Measured:
    """Run a `sanset` command; its peak is read from the kernel while it lives. Raises SystemExit when it fails."""
    started = time.monotonic()
    command = [sys.executable, "-m", "server", *arguments]
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, _peak_mb(process.pid))
        time.sleep(LOOK_SECONDS)
    seconds = time.monotonic() - started
    said = process.stdout.read() if process.stdout is not None else ""
    if process.returncode != 0:
        raise SystemExit(f"sanset {arguments[0]} failed: {process.returncode}")
    return Measured(said, seconds, peak)


def _peak_mb(pid: int) -> float:
    """The most memory that a process has held so far (VmHWM); 0 when it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return int(lines.get("VmHWM", "0 kB").split()[0]) / 1024
