"""RefundOrder: decide, pay back, answer; a short sequence of transactions that can be taken up where it was left.

As in a checkout the request id is claimed in the transaction that decides, and the reply is stored in the one that
ends it. A repeat finds the reply; or the first call at work, and waits; or its lease run out, and carries on: the
gateway knows the refund's key and does not pay twice.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from server.audit.log import Actor
from server.clock import Clock
from server.db.base import AnyRow
from server.db.database import Database
from server.db.deadline import Deadline
from server.db.pool import Pool
from server.order import after_sale_queries
from server.order.paying_back import SECONDS, Refunds
from server.order.refunds import Wanted, key_of, refund
from server.order.repeats import first_or_wait
from server.rpc.idempotency import Key, claim, first_reply, store_reply, take_lease

METHOD = "RefundOrder"
LEASE_MARGIN = timedelta(seconds=2)

Render = Callable[[AnyRow, Sequence[AnyRow]], bytes]
"""Makes the reply from a refund and its lines."""
Run = Callable[[Coroutine[Any, Any, None]], Coroutine[Any, Any, None]]
"""Runs what must go on although the caller may not wait for its end."""


@dataclass(frozen=True)
class Asked:
    """What is asked, by whom, and under which request id; "" for none."""

    wanted: Wanted
    actor: Actor
    user_id: int
    request_id: str
    body_hash: str

    @property
    def claim_key(self) -> Key:
        """What the request id is claimed under."""
        return self.user_id, METHOD, self.request_id

    @property
    def refund_key(self) -> str:
        """What the refund is known by."""
        return key_of(self.user_id, METHOD, self.request_id)


class Refunding:
    """Serves RefundOrder."""

    def __init__(
        self, db: Database, pool: Pool, refunds: Refunds, clock: Clock, render: Render, gateway_seconds: float
    ) -> None:
        self._db = db
        self._pool = pool
        self._refunds = refunds
        self._clock = clock
        self._render = render
        self._lease = timedelta(seconds=gateway_seconds) + LEASE_MARGIN

    async def refund(self, asked: Asked, deadline: Deadline, run: Run) -> bytes:
        """Pay an order back, or return the reply of the first call with the same request id.

        Raises what `refunds.refund` raises, IdempotencyMismatch and StillRunning.
        """

        async def begin() -> int | bytes | None:
            return await self._pool.run(deadline, self._begin, asked)

        await self._refunds.look_first(asked.wanted.order_id)
        found: int | bytes = await first_or_wait(deadline, asked.request_id, begin)
        if isinstance(found, bytes):
            return found
        await run(self._refunds.settle(found))
        return await self._pool.run_vital(Deadline(SECONDS), self._end, asked, found)

    def _begin(self, asked: Asked) -> int | bytes | None:
        """A refund to pay back, the reply of the first call, or None while that is still at work."""
        now = self._clock()
        with self._db.read() as connection:  # before the lock of the order: what the caller can have seen
            seen = after_sale_queries.open_return(connection, asked.wanted.order_id)
        with self._db.transaction() as tx:
            if not asked.request_id:
                return refund(tx, asked.wanted, asked.refund_key, asked.actor, now, seen)
            if claim(tx, asked.claim_key, asked.body_hash, now, leased_until=now + self._lease):
                return refund(tx, asked.wanted, asked.refund_key, asked.actor, now, seen)
            reply = first_reply(tx, asked.claim_key, asked.body_hash)
            if reply is None and take_lease(tx, asked.claim_key, now, now + self._lease):
                return after_sale_queries.refund_by_key(tx, asked.refund_key)
            return reply

    def _end(self, asked: Asked, refund_id: int) -> bytes:
        with self._db.transaction() as tx:
            reply = self._reply(tx, refund_id)
            if not asked.request_id:
                return reply
            store_reply(tx, asked.claim_key, reply)
            # A call that took this one for dead may have been faster: every reply is the first one.
            return first_reply(tx, asked.claim_key, asked.body_hash) or reply

    def _reply(self, tx: Connection, refund_id: int) -> bytes:
        row = after_sale_queries.refund(tx, refund_id)
        if row is None:
            raise AssertionError("a refund is never deleted")
        return self._render(row, after_sale_queries.refund_lines(tx, [refund_id])[refund_id])
