"""Decides when a failed call is tried again, and after how long."""

from __future__ import annotations

import random
import time

import grpc

from sanset_client.errors import SansetError

FIRST_PAUSE = 0.25
MAX_PAUSE = 5.0

MAX_AWAY_PAUSE = 1.0
"""The longest pause while the server is away: a call that waits for it finds it soon after it is back."""

MIN_ATTEMPT = 0.05
"""Seconds below which no further attempt is worth its call."""

COME_BACK = frozenset(
    {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.ABORTED, grpc.StatusCode.UNAVAILABLE}
)


def backoff(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row: doubling, with jitter, at most 5."""
    ceiling = min(MAX_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 16))
    return ceiling * random.uniform(0.5, 1)  # noqa: S311 - spreads callers, guards nothing


def says_come_back(error: SansetError) -> bool:
    """Return True when the server refused before doing anything and said when to try again."""
    return error.code in COME_BACK and error.retry_after is not None


class Attempts:
    """The attempts of one call within its deadline."""

    def __init__(self, timeout: float, *, repeatable: bool) -> None:
        self._deadline = time.monotonic() + timeout
        self._repeatable = repeatable
        self._failures = 0
        self._renewed = False

    @property
    def left(self) -> float:
        """Seconds until the deadline; never below zero."""
        return max(0.0, self._deadline - time.monotonic())

    def pause_after(self, error: SansetError) -> float | None:
        """Return the seconds after which to try again, or None when `error` is the call's answer.

        Only repeatable calls are tried again: while the server is away until the deadline, and after a refusal
        that says when to come back if the wait fits into the deadline.
        """
        if not self._repeatable:
            return None
        if error.code == grpc.StatusCode.UNAVAILABLE and error.retry_after is None:
            return self._pause_while_away()
        if error.retry_after is None or not says_come_back(error):
            return None
        self._failures += 1
        # Never sooner than the server says; the jitter keeps callers refused together from returning together.
        pause = error.retry_after + backoff(self._failures)
        return pause if pause < self.left else None

    def _pause_while_away(self) -> float | None:
        self._failures += 1
        pause = min(backoff(self._failures), MAX_AWAY_PAUSE, self.left / 2)
        return pause if self.left - pause > MIN_ATTEMPT else None

    def may_renew(self, error: SansetError) -> bool:
        """Return True when the access token should be renewed and the call repeated: once, safe for every call.

        A refused token means that the server did not look at the request.
        """
        if self._renewed or error.reason != "TOKEN_INVALID":
            return False
        self._renewed = True
        return True
