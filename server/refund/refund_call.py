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
from server.order.repeats import first_or_wait
from server.refund import queries, return_queries
from server.refund.processor import SECONDS, RefundProcessor
from server.refund.service import RefundTerms, key_of, refund
from server.rpc.idempotency import Key, claim, first_reply, store_reply, take_lease

METHOD = "RefundOrder"
LEASE_MARGIN = timedelta(seconds=2)

Render = Callable[[AnyRow, Sequence[AnyRow]], bytes]
"""Makes the reply from a refund and its lines."""
Run = Callable[[Coroutine[Any, Any, None]], Coroutine[Any, Any, None]]
"""Runs what must go on although the caller may not wait for its end."""


@dataclass(frozen=True)
class RefundRequest:
    """What is requested, by whom, and under which request id; "" for none."""

    terms: RefundTerms
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


class RefundCall:
    """Serves RefundOrder."""

    def __init__(
        self,
        db: Database,
        pool: Pool,
        refunds: RefundProcessor,
        clock: Clock,
        render: Render,
        gateway_seconds: float,
    ) -> None:
        self._db = db
        self._pool = pool
        self._refunds = refunds
        self._clock = clock
        self._render = render
        self._lease = timedelta(seconds=gateway_seconds) + LEASE_MARGIN

    async def refund(self, request: RefundRequest, deadline: Deadline, run: Run) -> bytes:
        """Pay an order back, or return the reply of the first call with the same request id.

        Raises what `refunds.refund` raises, IdempotencyMismatch and StillRunning.
        """

        async def begin() -> int | bytes | None:
            return await self._pool.run(deadline, self._begin, request)

        await self._refunds.look_first(request.terms.order_id)
        begun: int | bytes = await first_or_wait(deadline, request.request_id, begin)
        if isinstance(begun, bytes):
            return begun
        await run(self._refunds.process(begun))
        return await self._pool.run_vital(Deadline(SECONDS), self._end, request, begun)

    def _begin(self, request: RefundRequest) -> int | bytes | None:
        """A refund to pay back, the reply of the first call, or None while that is still at work."""
        now = self._clock()
        with self._db.read() as connection:  # before the lock of the order: what the caller can have seen
            seen = return_queries.open_return(connection, request.terms.order_id)
        with self._db.transaction() as tx:
            if not request.request_id:
                return refund(tx, request.terms, request.refund_key, request.actor, now, seen)
            if claim(tx, request.claim_key, request.body_hash, now, leased_until=now + self._lease):
                return refund(tx, request.terms, request.refund_key, request.actor, now, seen)
            reply = first_reply(tx, request.claim_key, request.body_hash)
            if reply is None and take_lease(tx, request.claim_key, now, now + self._lease):
                return queries.refund_by_key(tx, request.refund_key)
            return reply

    def _end(self, request: RefundRequest, refund_id: int) -> bytes:
        with self._db.transaction() as tx:
            reply = self._reply(tx, refund_id)
            if not request.request_id:
                return reply
            store_reply(tx, request.claim_key, reply)
            # A call that took this one for dead may have been faster: every reply is the first one.
            return first_reply(tx, request.claim_key, request.body_hash) or reply

    def _reply(self, tx: Connection, refund_id: int) -> bytes:
        row = queries.refund(tx, refund_id)
        if row is None:
            raise AssertionError("a refund is never deleted")
        return self._render(row, queries.refund_lines(tx, [refund_id])[refund_id])
