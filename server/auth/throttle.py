"""Throttling of sign-ins: how many may fail in a minute, counted in the database for all workers together.

A sign-in counts from before its password is looked at until it has succeeded, so that a hundred guesses at once
are no more than a hundred one after the other. Accounts that do not exist are counted like those that do.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from server.auth import throttle_queries as queries
from server.errors import ResourceExhausted

PER_ACCOUNT, PER_ADDRESS = 5, 20
"""Failed sign-ins in a WINDOW."""
WINDOW = timedelta(minutes=1)


class TooManySignIns(ResourceExhausted):
    """The account, or the caller's address, has had its failed sign-ins of this minute."""

    message = "Too many sign-ins failed; try again in {seconds} seconds."


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that counts as failed until it is forgiven."""

    keys: tuple[str, ...]


def begin(
    tx: Connection,
    *,
    user_id: int | None,
    name: str,
    address: str,
    network: str,
    count_addresses: bool,
    now: datetime,
) -> Attempt:
    """Count a sign-in of an account (None: nobody has this `name`) from an address.

    Where the account has signed in from before it has failures of its own: a stranger who guesses elsewhere cannot
    keep its owner out. Raises TooManySignIns, and counts nothing then.
    """
    signed_in_before = queries.has_session_from(tx, user_id or 0, address)
    account = f"user {user_id}" if user_id is not None else f"name {_short(name)}"
    limits = {_key(account, network if signed_in_before else ""): PER_ACCOUNT}
    if count_addresses:
        limits[_key("address", network)] = PER_ADDRESS
    for key, limit in sorted(limits.items()):
        counted, since = queries.count(tx, key, now, now - WINDOW)
        if counted > limit:
            raise _refusal(since + WINDOW - now)
    return Attempt(tuple(sorted(limits)))


def forgive(tx: Connection, attempt: Attempt) -> None:
    """Take a sign-in that succeeded, or was never judged, out of the count."""
    queries.uncount(tx, attempt.keys)


def _refusal(wait: timedelta) -> TooManySignIns:
    seconds = max(1, math.ceil(wait.total_seconds()))
    refusal = TooManySignIns(seconds=seconds)
    refusal.retry_after_seconds = float(seconds)
    return refusal


def _key(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _short(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]
