"""Repeats of calls that are several transactions, and can be taken up where they were left.

The request id is claimed in the transaction that begins the work, so that its effect and the claim stand or fall
together, and the reply is stored in the transaction that ends it. The claim shares the round trip of what the work
begins with: a repeat finds it taken, and what it began is undone. Then it finds the reply; or the first call at
work, and waits; or its lease run out because it died, and takes it over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeAlias, TypeVar

from google.protobuf.message import Message
from sqlalchemy import Connection

from server.db.deadline import Deadline
from server.db.record import repeated
from server.errors import Refusal
from server.repeats.claims import Claim, Key, store_reply, stored_reply, take, take_over
from server.repeats.errors import StillRunning

FIRST_WAIT: Final = 0.02
MAX_WAIT: Final = 0.25
LEASE_MARGIN: Final = timedelta(seconds=2)

Reply: TypeAlias = Message
"""What a call answers; the rules pass it on, and know no more of it."""

R = TypeVar("R", bound=Reply)
P = TypeVar("P")

_REFUSED: Final = b""
"""Stored for a refusal; a real reply always holds an id."""


@dataclass(frozen=True, slots=True)
class Begun(Generic[P]):
    """This call is to do the work, and how far it has come."""

    progress: P


@dataclass(frozen=True, slots=True)
class Ended(Generic[R]):
    """The work is done; without a reply it ended in a refusal, which what it changed tells."""

    reply: R | None


class AlreadyClaimed(Exception):
    """Undoes a transaction that began the work of another call, which has the request id."""


class LongCall(Generic[R]):
    """The repeats of one method; `work_seconds` is what its work takes at most between two transactions."""

    def __init__(self, reply_type: type[R], work_seconds: float) -> None:
        self._reply_type = reply_type
        self._lease = timedelta(seconds=work_seconds) + LEASE_MARGIN

    async def run(
        self,
        claim: Claim,
        deadline: Deadline,
        *,
        begin: Callable[[], Awaitable[P]],
        carry_on: Callable[[], Awaitable[Begun[P] | Ended[R] | None]],
        finish: Callable[[P], Awaitable[Ended[R] | None]],
    ) -> Ended[R]:
        """Return how the call ended: by this one's work, or the first one's, for which it waits.

        `begin` and `carry_on` are transactions of `claim` and `take_up`; the latter and `finish` return None while
        another call is at work. Raises StillRunning when that takes until near the deadline.
        """
        state: Begun[P] | Ended[R] | None
        try:
            state = Begun(await begin())
        except AlreadyClaimed:
            repeated()  # also where this one is to end the work: the first has left the record of its beginning
            state = await carry_on()
        wait = FIRST_WAIT
        while True:
            if isinstance(state, Begun):
                state = await finish(state.progress)
            if state is not None:
                return state
            if deadline.remaining < 2 * wait:
                raise StillRunning(request_id=claim.key.request_id)
            await asyncio.sleep(wait)
            wait = min(2 * wait, MAX_WAIT)
            state = await carry_on()

    def claim(
        self, tx: Connection, claim: Claim, now: datetime, start: Callable[[Connection, datetime], P]
    ) -> P:
        """Claim the request id and begin the work. A call without one begins every time.

        Raises what `start` does, and AlreadyClaimed, which is to undo what it has written.
        """
        if not claim.key.request_id:
            return start(tx, now)
        claimed = take(tx, claim, now, now + self._lease)
        try:
            progress = start(tx, now)
        except Refusal:  # which the effect of the first call may have caused
            if claimed.first() is None:
                raise AlreadyClaimed() from None
            raise
        if claimed.first() is None:
            raise AlreadyClaimed()
        return progress

    def take_up(
        self,
        tx: Connection,
        claim: Claim,
        now: datetime,
        resume: Callable[[Connection, datetime], Begun[P] | Ended[R] | None],
    ) -> Begun[P] | Ended[R] | None:
        """Return how the first call ended, or resume its work if it died; None while it is at work.

        Raises IdempotencyMismatch.
        """
        ended = self.ended(tx, claim)
        if ended is None and take_over(tx, claim.key, now, now + self._lease):
            return resume(tx, now)
        return ended

    def ended(self, tx: Connection, claim: Claim) -> Ended[R] | None:
        """Return how the first call ended; None while it is at work. Raises IdempotencyMismatch."""
        stored = stored_reply(tx, claim)
        return None if stored is None else self._read(stored)

    def ended_elsewhere(self, tx: Connection, claim: Claim) -> Ended[R]:
        """Return how another call ended the work, which took this one for dead and was faster."""
        return self.ended(tx, claim) or Ended(None)

    def end(self, tx: Connection, claim: Claim, reply: R) -> Ended[R]:
        """Store the reply, and return the first one: another call may have taken this one for dead."""
        if not claim.key.request_id:
            return Ended(reply)
        own = reply.SerializeToString()
        store_reply(tx, claim.key, own)
        first = stored_reply(tx, claim)
        return Ended(reply) if first is None or first == own else self._read(first)

    def store(self, tx: Connection, key: Key, reply: R) -> None:
        """Store the reply for whoever works under a request id, unless there is one."""
        store_reply(tx, key, reply.SerializeToString())

    def _read(self, stored: bytes) -> Ended[R]:
        return Ended(None if stored == _REFUSED else self._reply_type.FromString(stored))


def store_refusal(tx: Connection, key: Key) -> None:
    """Note that a call ended in a refusal, unless it has its reply."""
    store_reply(tx, key, _REFUSED)
