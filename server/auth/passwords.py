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
from server.background import give_way
from server.crypto.purposes import Purpose
from server.crypto.ring import Derived, KeyRing
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
_KEY_MARK = "|"
"""Before the id of a key; bcrypt's own alphabet lacks it."""
NICENESS = 5
"""Hashing yields to the threads that answer other calls."""

T = TypeVar("T")


class NeverBegun(TimeoutError):
    """A hash waited for its turn until the deadline."""


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


def password_keys(ring: KeyRing) -> Derived[bytes]:
    """The keys under which the shop's long passwords are shortened."""
    return Derived(ring, Purpose.PASSWORDS, bytes)


def hash_password(password: str, *, cost: int, keys: Derived[bytes]) -> str:
    """The bcrypt hash of `password` at `cost`.

    Takes 2^cost steps, a quarter of a second at 12, and releases the interpreter's lock meanwhile. That of a long
    password names the key that shortened it, unless it is the shop's first.
    """
    name, key = keys.marked()
    mark = f"{_KEY_MARK}{name}" if name and _is_long(password) else ""
    return bcrypt.hashpw(_material(password, key), bcrypt.gensalt(cost)).decode() + mark


def verify_password(password: str, hashed: str, *, keys: Derived[bytes]) -> bool:
    """Return whether `password` is the one that `hashed` was made from."""
    bare, is_marked, name = hashed.partition(_KEY_MARK)
    key = keys.of(name) if is_marked else keys.first
    # A key that is lost takes as long as the others, and matches nothing.
    return bcrypt.checkpw(_material(password, keys.current if key is None else key), bare.encode())


def _plain(password: str) -> bytes:
    # An é typed on another system may come as e and an accent: compatible forms must sign in alike.
    return unicodedata.normalize("NFKC", password).encode()


def _is_long(password: str) -> bool:
    return len(_plain(password)) > BCRYPT_BYTES


def _material(password: str, key: bytes) -> bytes:
    """Return what bcrypt hashes for `password`.

    Up to 72 bytes it is the password itself, beyond that base64 of HMAC-SHA-256 under `key`: the length of the
    password says which, and it is the same when it is verified. The key keeps a plain SHA-256 of the password,
    leaked elsewhere, from being tried against our hashes.
    """
    if not _is_long(password):
        return _plain(password)
    return base64.b64encode(hmac.digest(key, _plain(password), hashlib.sha256))


class Passwords:
    """Hashes passwords on a few threads of its own: never on the event loop, never inside a transaction."""

    def __init__(self, *, cost: int, keys: Derived[bytes], threads: int) -> None:
        """At most `threads` hashes run at once, and MAX_QUEUED wait: those of each address in their turn."""
        self._cost = cost
        self._keys = keys
        self._turns = Turns(threads, max_wait_seconds=60)
        self._executor = ThreadPoolExecutor(threads, "hash", partial(give_way, NICENESS))
        self._threads = threads
        self._rooms: Counter[object] = Counter()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """With the cost and keys of `settings`, and this worker's share of the cores."""
        return cls(
            cost=settings.bcrypt_cost,
            keys=password_keys(settings.ring),
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
        return await self._run(deadline, lambda: hash_password(password, cost=self._cost, keys=self._keys))

    def fingerprint(self, password: str) -> str:
        """What tells two passwords apart, and nothing about them to whoever lacks the shop's key.

        Who repeats a call across a rotation of keys is refused, as with another password: that is the price of not
        leaving what could be guessed from to the key of before.
        """
        text = b"fingerprint " + password.encode()
        return hmac.new(self._keys.current, text, hashlib.sha256).hexdigest()

    async def verify(self, password: str, hashed: str | None, deadline: Deadline) -> bool:
        """Return whether `password` matches `hashed`, which is None for an account that cannot sign in.

        None, and a hash of a lower cost, take as long as a hash of today's. Raises as `hash` does.
        """
        return await self._run(deadline, lambda: self._verify(password, hashed))

    def _verify(self, password: str, hashed: str | None) -> bool:
        if hashed is None:
            return verify_password(password, _nobody(self._cost), keys=self._keys)
        matches = verify_password(password, hashed, keys=self._keys)
        # Each cost takes twice the steps of the one below: 2^9 + (2^9 + 2^10 + 2^11) = 2^12.
        for cost in range(_cost_of(hashed), self._cost):
            verify_password(password, _nobody(cost), keys=self._keys)
        return matches

    def outdated(self, password: str, hashed: str) -> bool:
        """Return whether the hash of a password was made at a lower cost than now, or with a key of before."""
        name = hashed.partition(_KEY_MARK)[2]
        is_current = name == self._keys.name or (not name and self._keys.is_first)
        return _cost_of(hashed) < self._cost or (_is_long(password) and not is_current)

    async def _run(self, deadline: Deadline, work: Callable[[], T]) -> T:
        owner, loop = deadline.owner, asyncio.get_running_loop()
        too_many_of_one = owner is not None and self._turns.waiting_of(owner) >= MAX_QUEUED_OF_ONE
        if self._turns.waiting >= MAX_QUEUED or too_many_of_one:
            raise Overloaded()
        try:
            turn = await self._turns.take(owner, again=False, within=max(deadline.remaining, 0.001))
        except TimeoutError:
            raise NeverBegun() from None
        async with asyncio.timeout(max(deadline.remaining, 0.001)):
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
