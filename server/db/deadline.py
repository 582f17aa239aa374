"""The deadline of the call that a thread works for, so that nothing is committed after it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from server import errors

COMMIT_SECONDS = 1.0
"""How much longer than its deadline a call waits for a commit; nothing begins to commit after the deadline."""


class Deadline:
    """When a call's time is over, on the monotonic clock, or that its caller has gone.

    `owner` is whose call it is, among whom the pool shares its threads; None is the shop itself.
    """

    __slots__ = ("cancelled", "expires_at", "grace", "owner")

    def __init__(self, seconds: float, grace: float = COMMIT_SECONDS) -> None:
        """`grace` is how much longer the caller waits for a commit that is under way when the time is over."""
        self.expires_at = time.monotonic() + seconds
        self.grace = grace
        self.cancelled = False
        self.owner: object = None

    @property
    def remaining(self) -> float:
        """Seconds left; negative when over."""
        return self.expires_at - time.monotonic()

    @property
    def patience(self) -> float:
        """Seconds until the caller must have been answered; 0 when that is over."""
        return max(self.remaining, 0) + self.grace

    def check(self) -> None:
        """Raise errors.OutOfTime when the time is over or the caller has gone."""
        if self.cancelled or self.remaining <= 0:
            raise errors.OutOfTime()


_current = threading.local()


@contextmanager
def working_for(deadline: Deadline | None) -> Iterator[None]:
    """Make `deadline` the one that `check` of this thread looks at."""
    _current.deadline = deadline
    try:
        yield
    finally:
        _current.deadline = None


def remaining() -> float | None:
    """Seconds left to the call that this thread works for; None when it works for none."""
    deadline: Deadline | None = getattr(_current, "deadline", None)
    return None if deadline is None else deadline.remaining


def check() -> None:
    """Raise errors.OutOfTime when the call that this thread works for is over."""
    deadline: Deadline | None = getattr(_current, "deadline", None)
    if deadline is not None:
        deadline.check()
