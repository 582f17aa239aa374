"""How long to wait before the next attempt: longer each time, and never all at once."""

from __future__ import annotations

import random
from datetime import timedelta

FACTOR = 3.0
JITTER = 0.2


def backoff(attempts: int, first: timedelta, longest: timedelta) -> timedelta:
    """The wait after so many failed attempts: `first`, then three times as long each, at most `longest`.

    A fifth more or less, so that what failed together is not tried again together.
    """
    wait = min(first * FACTOR ** min(attempts - 1, 20), longest)
    return wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter, not a secret
