"""Passwords: which are strong enough, and how they are hashed without holding anything else up."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Self, TypeVar

import bcrypt

from server.auth.common_passwords import COMMON
from server.auth.errors import WeakPassword
from server.auth.keys import account_key
from server.background import give_way
from server.db.deadline import Deadline
from server.db.turns import Turn, Turns
from server.errors import Overloaded
from server.settings import Settings

MIN_LENGTH, MAX_LENGTH = 8, 128
"""In characters."""
BCRYPT_BYTES = 72
"""bcrypt takes no more: it raises, and older ones cut silently."""
MAX_QUEUED = 32
"""Hashes that may wait; at cost 12 on two cores the last of them waits 4 s."""
MAX_QUEUED_OF_ONE = 8
"""Of these, those of one address: it cannot take the places of all others."""
NICENESS = 5
"""Hashing yields to the threads that answer other calls."""

T = TypeVar("T")


def check_strength(password: str, email: str, *, field: str = "password") -> None:
    """Raise WeakPassword, naming every rule that `password` breaks for the account of `email`.

    `field` is the one of the request that has it.
    """
    problems = []
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        problems.append(f"must have {MIN_LENGTH} to {MAX_LENGTH} characters")
    if not (any(map(str.isalpha, password)) and any(map(str.isdecimal, password))):
        problems.append("must contain a letter and a digit")
    if password.lower() in COMMON:
        problems.append("is one of the most common passwords; choose another")
    if password.strip().casefold() == email.strip().casefold():
        problems.append("must not be the e-mail address")
    if problems:
        raise WeakPassword(*((field, problem) for problem in problems))


def hash_password(password: str, *, cost: int, key: bytes) -> str:
    """The bcrypt hash of `password` at `cost`; `key` is `password_key` of the shop.

    Takes 2^cost steps, a quarter of a second at 12, and releases the interpreter's lock meanwhile.
    """
    return bcrypt.hashpw(_material(password, key), bcrypt.gensalt(cost)).decode()


def verify_password(password: str, hashed: str, *, key: bytes) -> bool:
    """Return whether `password` is the one that `hashed` was made from."""
    return bcrypt.checkpw(_material(password, key), hashed.encode())


def password_key(secret_key: str) -> bytes:
    """The key under which the shop's long passwords are shortened."""
    return account_key(secret_key, "password")


def _material(password: str, key: bytes) -> bytes:
    """Return what bcrypt hashes for `password`.

    Up to 72 bytes it is the password itself, beyond that base64 of HMAC-SHA-256 under `key`. Nothing in the hash
    says which: the length of the password does, and it is the same when it is verified. The key keeps a plain
    SHA-256 of the password, leaked elsewhere, from being tried against our hashes.
    """
    # An é typed on another system may come as e and an accent: compatible forms must sign in alike.
    material = unicodedata.normalize("NFKC", password).encode()
    if len(material) <= BCRYPT_BYTES:
        return material
    return base64.b64encode(hmac.digest(key, material, hashlib.sha256))


class Passwords:
    """Hashes passwords on a few threads of its own: never on the event loop, never inside a transaction."""

    def __init__(self, *, cost: int, key: bytes, threads: int) -> None:
        """At most `threads` hashes run at once, and MAX_QUEUED wait: those of each address in their turn."""
        self._cost = cost
        self._key = key
        self._turns = Turns(threads, max_wait_seconds=60)
        self._executor = ThreadPoolExecutor(threads, "hash", partial(give_way, NICENESS))
        self._threads = threads
        self._rooms: Counter[object] = Counter()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """With the cost and key of `settings`, and this worker's share of the cores."""
        return cls(
            cost=settings.bcrypt_cost,
            key=password_key(settings.secret_key.get_secret_value()),
            threads=max(1, (os.cpu_count() or 1) // settings.workers),
        )

    @contextmanager
    def room(self, deadline: Deadline) -> Iterator[None]:
        """Hold room for a hash, from before anything else is done for it. Raises Overloaded.

        So a flood of sign-ins is refused without a transaction for each, which would keep other calls waiting.
        """
        owner, rooms = deadline.owner, self._rooms
        of_one = self._threads + MAX_QUEUED_OF_ONE
        if rooms.total() >= self._threads + MAX_QUEUED or (owner is not None and rooms[owner] >= of_one):
            raise Overloaded()
        rooms[owner] += 1
        try:
            yield
        finally:
            rooms[owner] -= 1
            if not rooms[owner]:
                del rooms[owner]

    async def hash(self, password: str, deadline: Deadline) -> str:
        """The hash of `password`. Raises Overloaded when too many wait, TimeoutError at the deadline."""
        return await self._run(deadline, lambda: hash_password(password, cost=self._cost, key=self._key))

    def fingerprint(self, password: str) -> str:
        """What tells two passwords apart, and nothing about them to whoever lacks the shop's key."""
        return hmac.new(self._key, b"fingerprint " + password.encode(), hashlib.sha256).hexdigest()

    async def verify(self, password: str, hashed: str | None, deadline: Deadline) -> bool:
        """Return whether `password` matches `hashed`, which is None for an account that cannot sign in.

        None, and a hash of a lower cost, take as long as a hash of today's. Raises as `hash` does.
        """
        return await self._run(deadline, lambda: self._verify(password, hashed))

    def _verify(self, password: str, hashed: str | None) -> bool:
        if hashed is None:
            return verify_password(password, _nobody(self._cost), key=self._key)
        matches = verify_password(password, hashed, key=self._key)
        # Each cost takes twice the steps of the one below: 2^9 + (2^9 + 2^10 + 2^11) = 2^12.
        for cost in range(_cost_of(hashed), self._cost):
            verify_password(password, _nobody(cost), key=self._key)
        return matches

    def outdated(self, hashed: str) -> bool:
        """Return whether `hashed` was made at a lower cost than is asked for now."""
        return _cost_of(hashed) < self._cost

    async def _run(self, deadline: Deadline, work: Callable[[], T]) -> T:
        owner, loop = deadline.owner, asyncio.get_running_loop()
        too_many_of_one = owner is not None and self._turns.waiting_of(owner) >= MAX_QUEUED_OF_ONE
        if self._turns.waiting >= MAX_QUEUED or too_many_of_one:
            raise Overloaded()
        # At the deadline the wait is over, and work that still waits is never begun.
        async with asyncio.timeout(max(deadline.remaining, 0.001)):
            turn = await self._turns.take(owner, again=False, within=deadline.patience)
            job = self._executor.submit(work)
            # Told by the thread, not by the caller who may have left: a busy thread stays held.
            job.add_done_callback(lambda _: _call_soon(loop, self._turns.give_back, turn))
            return await asyncio.wrap_future(job)

    def close(self) -> None:
        """Let running hashes end, and take no more."""
        self._turns.close()
        self._executor.shutdown(wait=True, cancel_futures=True)


def _call_soon(loop: asyncio.AbstractEventLoop, call: Callable[[Turn], None], turn: Turn) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(call, turn)


def _cost_of(hashed: str) -> int:
    return int(hashed.split("$")[2])


def _nobody(cost: int) -> str:
    """Only a salt and no hash of anything: to verify against it costs the same, and always fails."""
    return bcrypt.gensalt(cost).decode() + "." * 31
