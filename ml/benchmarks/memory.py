"""How much memory a measurement took."""

from __future__ import annotations

import resource
import sys


def peak_mb() -> float:
    """The most that this process ever held, in megabytes."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)
