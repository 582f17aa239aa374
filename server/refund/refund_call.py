"""RefundOrder: decide, pay back, answer; a short sequence of transactions that can be taken up where it was left.

It is a long call, as a checkout is (see server/repeats/long_call.py): the gateway knows the refund's key and does
not pay twice, whoever carries on.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, Generic, TypeAlias, TypeVar

from sqlalchemy import Connection

from server.audit.log import Actor
from server.clock import Clock
from server.db.database import Database
from server.db.deadline import Deadline
from server.db.record import unrecorded
from server.db.work import Work
from server.refund import queries, return_queries
from server.refund.processor import SECONDS, RefundProcessor
from server.refund.records import OrderRefund, RefundedUnits
from server.refund.service import RefundTerms, key_of, refund
from server.repeats.claims import Claim
from server.repeats.long_call import Begun, Ended, LongCall, Reply

METHOD: Final = "RefundOrder"

R = TypeVar("R", bound=Reply)

Render: TypeAlias = Callable[[OrderRefund, Sequence[RefundedUnits]], R]
"""Makes the reply from a refund and its lines."""
Run = Callable[[Coroutine[None, None, None]], Coroutine[None, None, None]]
"""Runs what must go on although the caller may not wait for its end."""


@dataclass(frozen=True)
class RefundRequest:
    """What is requested, by whom, and under which request id; "" for none."""

    terms: RefundTerms
    actor: Actor
    claim: Claim

    @property
    def refund_key(self) -> str:
        """What the refund is known by."""
        key = self.claim.key
        return key_of(key.user_id, METHOD, key.request_id)


class RefundCall(Generic[R]):
    """Serves RefundOrder."""

    def __init__(
        self,
        db: Database,
        work: Work,
        refunds: RefundProcessor,
        *,
        calls: LongCall[R],
        clock: Clock,
        render: Render[R],
    ) -> None:
        self._db = db
        self._work = work
        self._refunds = refunds
        self._calls = calls
        self._clock = clock
        self._render = render

    async def refund(self, request: RefundRequest, deadline: Deadline, run: Run) -> R:
        """Pay an order back, or return the reply of the first call with the same request id.

        Raises what `refunds.refund` raises, IdempotencyMismatch and StillRunning.
        """

        async def finish(refund_id: int) -> Ended[R]:
            await run(self._refunds.process(refund_id))
            return await self._work.write(
                self._end, request, refund_id, deadline=Deadline(SECONDS), vital=True
            )

        with unrecorded():
            await self._refunds.look_first(request.terms.order_id)
        ended = await self._calls.run(
            request.claim,
            deadline,
            begin=partial(self._work.run, self._begin, request, deadline=deadline),
            carry_on=partial(self._work.write, self._take_up, request, deadline=deadline),
            finish=finish,
        )
        if ended.reply is None:
            raise AssertionError("a refund that was decided has a reply")
        return ended.reply

    def _begin(self, request: RefundRequest) -> int:
        """A refund to pay back. Raises what `refunds.refund` raises, and AlreadyClaimed."""
        now = self._clock()
        with self._db.read() as connection:  # before the lock of the order: what the caller can have seen
            seen = return_queries.open_return(connection, request.terms.order_id)

        def decide(tx: Connection, now: datetime) -> int:
            return refund(tx, request.terms, key=request.refund_key, actor=request.actor, now=now, seen=seen)

        with self._db.transaction() as tx:
            return self._calls.claim(tx, request.claim, now, decide)

    def _take_up(self, tx: Connection, request: RefundRequest) -> Begun[int] | Ended[R] | None:
        """The reply of the first call, its refund when it died, or None while it is at work."""

        def resume(tx: Connection, _: datetime) -> Begun[int] | None:
            refund_id = queries.refund_by_key(tx, request.refund_key)
            return None if refund_id is None else Begun(refund_id)

        return self._calls.take_up(tx, request.claim, self._clock(), resume)

    def _end(self, tx: Connection, request: RefundRequest, refund_id: int) -> Ended[R]:
        return self._calls.end(tx, request.claim, self._reply(tx, refund_id))

    def _reply(self, tx: Connection, refund_id: int) -> R:
        row = queries.refund(tx, refund_id)
        if row is None:
            raise AssertionError("a refund is never deleted")
        return self._render(row, queries.refund_lines(tx, [refund_id])[refund_id])
