"""Throttling of guesses, at passwords and at codes: counted in the database, for all workers and replicas.

A guess counts from before it is looked at until it was right, so that a hundred at once are no more than a hundred
one after the other. Accounts that do not exist are counted, and locked, like those that do.

An account can be locked by anybody who guesses. So a device on which its owner signed in before has counts of its
own, and so has an address: who guesses elsewhere keeps nobody out there. Nothing here depends on RATE_LIMIT_STORE:
what is counted is written in the transactions that read the account and open the session.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from server.auth import throttle_queries as queries
from server.auth.errors import AccountLocked, TooManyCodes, TooManySignIns
from server.auth.throttle_queries import Lock
from server.errors import ResourceExhausted

PER_ACCOUNT, PER_ADDRESS = 5, 20
"""Failed guesses in a WINDOW."""
WINDOW = timedelta(minutes=1)

FAILURES_TO_LOCK = 10
"""In a row. As many more lock the account for twice as long."""
FIRST_LOCK, MAX_LOCK = timedelta(minutes=15), timedelta(hours=24)
MEMORY = timedelta(days=2)
"""After so long without a guess failures are no longer in a row; longer than the longest lock."""


class GuessKind(StrEnum):
    """What is guessed at; each is counted by itself."""

    SIGN_IN = ""
    CODE = "code"


_TOO_MANY: dict[GuessKind, type[ResourceExhausted]] = {
    GuessKind.SIGN_IN: TooManySignIns,
    GuessKind.CODE: TooManyCodes,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Whose secret is guessed at, and where the call comes from.

    `user_id` is None where nobody has the `name`. `device_id` is of a device on which this account signed in
    before (`Devices.id_for`), and else empty.
    """

    user_id: int | None
    name: str
    address: str
    network: str
    device_id: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A guess that counts as failed until it is forgiven; `locks` is whether it locked the account."""

    keys: tuple[str, ...]
    locks: bool = False


@dataclass(frozen=True, slots=True)
class Failures:
    """Guesses that failed in a row; familiar are devices and addresses that the owner signed in on and from."""

    count: int
    since: datetime
    locked_until: datetime | None
    is_familiar: bool


def begin(
    tx: Connection,
    guess: Guess,
    now: datetime,
    *,
    purpose: GuessKind = GuessKind.SIGN_IN,
    count_addresses: bool = True,
) -> Attempt:
    """Count a guess, before anything is computed for it.

    Raises AccountLocked, and TooManySignIns or TooManyCodes, and counts nothing then: the transaction must end.
    """
    too_many = _TOO_MANY[purpose]
    keys = []
    of_address = None
    if count_addresses and not guess.device_id:  # before the account, always: so no two wait for each other
        keys.append(_key(purpose, "address", guess.network))
        of_address = queries.count(tx, keys[0], None, now, window=WINDOW, memory=MEMORY)
    account = _account_key(tx, guess, purpose)
    if of_address is not None:
        _check(of_address(), PER_ADDRESS, too_many, now)
    count = queries.count(tx, account, guess.user_id, now, window=WINDOW, memory=MEMORY)()
    if count.locked_until is not None and count.locked_until > now:
        raise _refusal(AccountLocked, count.locked_until - now)
    _check(count, PER_ACCOUNT, too_many, now)
    locks = count.failures % FAILURES_TO_LOCK == 0
    if locks:
        queries.lock(tx, account, now + _lock_after(count.failures))
    return Attempt((*keys, account), locks)


def count_address(tx: Connection, network: str, now: datetime) -> Attempt:
    """Count a try of something that has no account with the failed sign-ins of its address.

    Raises TooManySignIns, and counts nothing then.
    """
    key = _key("address", network)
    _check(
        queries.count(tx, key, None, now, window=WINDOW, memory=MEMORY)(), PER_ADDRESS, TooManySignIns, now
    )
    return Attempt((key,))


def forgive(tx: Connection, attempt: Attempt) -> None:
    """Take a guess that was right out of the count: no failures are in a row any more."""
    queries.forgive(tx, attempt.keys)


def withdraw(tx: Connection, attempt: Attempt) -> None:
    """Take a guess that was never looked at out of the count."""
    queries.withdraw(tx, attempt.keys, unlock=attempt.locks)


def unlock(tx: Connection, user_id: int) -> bool:
    """Forget every failure of an account, wherever it was made; whether there was any."""
    return queries.forget(tx, user_id)


def lock_of(connection: Connection, user_id: int) -> Lock:
    """How often signing in to an account has failed in a row where its owner is not known, and until when it is
    locked there.
    """
    return queries.lock_of(connection, _key(GuessKind.SIGN_IN, f"user {user_id}"))


def failures_of(connection: Connection, user_id: int, limit: int = 20) -> list[Failures]:
    """What failed in a row of an account since a guess was right, the latest first."""
    anywhere = {_key(purpose, f"user {user_id}") for purpose in GuessKind}
    return [
        Failures(row.failures, row.started_at, row.locked_until, row.key not in anywhere)
        for row in queries.failures_of(connection, user_id, anywhere, limit)
    ]


def _check(count: queries.Count, limit: int, too_many: type[ResourceExhausted], now: datetime) -> None:
    if count.attempts > limit:
        raise _refusal(too_many, count.started_at + WINDOW - now)


def _account_key(tx: Connection, guess: Guess, purpose: GuessKind) -> str:
    # Asked of an account that does not exist too: what is done must not tell it from others.
    signed_in_before = queries.has_session_from(tx, guess.user_id or 0, guess.address)
    if guess.user_id is None:
        return _key(purpose, f"name {_short(guess.name)}")
    account = f"user {guess.user_id}"
    if guess.device_id:
        return _key(purpose, account, "device", guess.device_id)
    if signed_in_before:
        return _key(purpose, account, guess.network)
    return _key(purpose, account)


def _lock_after(failures: int) -> timedelta:
    lock, doublings = FIRST_LOCK, failures // FAILURES_TO_LOCK - 1
    while doublings > 0 and lock < MAX_LOCK:
        lock, doublings = lock * 2, doublings - 1
    return min(lock, MAX_LOCK)


def _refusal(kind: type[ResourceExhausted], wait: timedelta) -> ResourceExhausted:
    seconds = max(1, math.ceil(wait.total_seconds()))
    refusal = kind(seconds=seconds)
    refusal.retry_after_seconds = float(seconds)
    return refusal


def _key(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _short(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]
