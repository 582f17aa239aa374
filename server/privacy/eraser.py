"""The job that erases what is left of deleted accounts, a chunk at a time.

Each chunk is a transaction of its own that can be repeated, and what it erased is not selected again. So a worker
may die anywhere, and two may work on one account at once. An account whose orders still go on is looked at again
until they have ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from server.audit.forgetting import forget_person
from server.clock import Clock
from server.db.base import AnyRow
from server.db.deadline import Deadline
from server.db.work import Work
from server.payment import queries as payment_queries
from server.payment.gateway import GatewayAway, Gateways, in_time
from server.privacy import queries
from server.privacy.plan import AUDIT, BY_STATEMENT, PLAN
from server.review.service import delete_some_of

CHUNK: Final = 500
CHUNK_SECONDS: Final = 30.0
PAUSE_SECONDS: Final = 0.02
"""Between two chunks: others want to write, too."""
AT_ONCE: Final = 100
LOOK_AGAIN: Final = timedelta(hours=1)
"""Where something is still needed."""
RETRY: Final = timedelta(minutes=5)
"""Where it failed."""
REVIEWS: Final = 20
"""Each has a product that is held."""

log = structlog.get_logger()


class Eraser:
    """Erases deleted accounts."""

    def __init__(self, work: Work, clock: Clock, gateways: Gateways, *, gateway_seconds: float) -> None:
        self._work = work
        self._clock = clock
        self._gateways = gateways
        self._gateway_seconds = gateway_seconds

    async def run(self) -> None:
        """Erase what is due."""
        while accounts := await self._work.read(queries.due, self._clock(), AT_ONCE, vital=True):
            for account in accounts:
                await self._erase(account)

    async def reopen(self) -> None:
        """Have accounts looked at again whose orders went on, by a refund or a return."""
        await self._work.write(queries.reopen, self._clock(), deadline=Deadline(CHUNK_SECONDS), vital=True)

    async def _erase(self, account: AnyRow) -> None:
        user_id, due_at, now = account.user_id, account.due_at, self._clock()
        try:
            await self._erase_rows(user_id, now)
            is_forgotten = await self._forget_customers(user_id)
            anything_left = await self._work.read(
                queries.is_left, PLAN, user_id, deadline=Deadline(CHUNK_SECONDS), vital=True
            )
        except Exception as error:  # of one account: the others have their turn
            log.error("erasure_failed", user_id=user_id, exc_info=error)
            await self._work.write(queries.look_again, user_id, due_at, now + RETRY, vital=True)
            return
        if anything_left or not is_forgotten:
            await self._work.write(queries.look_again, user_id, due_at, now + LOOK_AGAIN, vital=True)
        else:
            await self._work.write(queries.finish, user_id, due_at, now, vital=True)
            log.info("account_erased", user_id=user_id)

    async def _erase_rows(self, user_id: int, now: datetime) -> None:
        await self._in_chunks(lambda tx: queries.delete_visits(tx, user_id, now, CHUNK), CHUNK)
        await self._in_chunks(lambda tx: queries.delete_events(tx, user_id, now, CHUNK), CHUNK)
        for how in BY_STATEMENT:
            await self._in_chunks(lambda tx, how=how: queries.erase_some(tx, how, user_id, CHUNK), CHUNK)  # type: ignore[misc]
        await self._work.write(_forget_in_log, user_id, now, deadline=Deadline(CHUNK_SECONDS), vital=True)
        await self._in_chunks(lambda tx: delete_some_of(tx, user_id, REVIEWS), REVIEWS)

    async def _in_chunks(self, erase: Callable[[Connection], int], size: int) -> None:
        while True:
            count = await self._work.write(erase, deadline=Deadline(CHUNK_SECONDS), vital=True)
            if count < size:
                return
            await asyncio.sleep(PAUSE_SECONDS)

    async def _forget_customers(self, user_id: int) -> bool:
        """Have the gateways forget whom they know the user as; False where one could not be asked."""
        for known in await self._work.read(queries.customers, user_id, vital=True):
            try:
                gateway = self._gateways.named(known.gateway)
                await in_time(gateway.forget_customer(known.customer_id), self._gateway_seconds)
            except GatewayAway as error:
                log.warning("gateway_away", user_id=user_id, error=str(error))
                return False
            await self._work.write(
                payment_queries.forget_customer, user_id, known.gateway, known.customer_id, vital=True
            )
        return True


def _forget_in_log(tx: Connection, user_id: int, now: datetime) -> None:
    if queries.is_left(tx, AUDIT, user_id):
        forget_person(tx, user_id, now)
