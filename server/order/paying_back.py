"""Paying back: what was decided becomes money at the gateway, however often it takes.

The gateway is asked outside any transaction, with the refund's own key, so that asking twice pays once. What it
does not answer, or answers with PENDING, is asked again: by the job, after longer and longer times. Any number of
workers may do so beside each other; the first answer that ends a refund counts. After it a gateway can only report
that the money came back.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from server.cart import promotions
from server.clock import Clock
from server.db.base import AnyRow
from server.db.database import Database
from server.db.deadline import Deadline
from server.events.log import publish
from server.money import Money
from server.order import after_sale_queries, status
from server.order.payments.gateway import GatewayAway, Gateways, RefundOrder, RefundOutcome, in_time
from server.order.refunds import told_of
from server.order.sale import open_sale
from server.rpc.pool import Pool

SECONDS = 30.0
AT_ONCE: Final = 8
"""Refunds that are paid back beside each other; each waits for its gateway most of the time."""
PAGE: Final = 100
FIRST_PAUSE: Final = timedelta(seconds=15)
LONGEST_PAUSE: Final = timedelta(hours=1)

log = structlog.get_logger()


class Refunds:
    """Pays back what was decided."""

    def __init__(
        self, db: Database, pool: Pool, gateways: Gateways, clock: Clock, *, gateway_seconds: float
    ) -> None:
        self._db = db
        self._pool = pool
        self._gateways = gateways
        self._clock = clock
        self._gateway_seconds = gateway_seconds

    async def settle(self, refund_id: int) -> None:
        """Ask the gateway to pay a refund back, unless it is settled, and record what it says.

        Returns when it is settled or must wait; what goes wrong is left to the next attempt.
        """
        try:
            await self._try(refund_id)
        except GatewayAway as error:
            log.warning("gateway_away", refund_id=refund_id, error=str(error))
        except Exception as error:
            log.error("refund_failed", refund_id=refund_id, exc_info=error)

    async def hear(self, gateway: str, key: str, told: str) -> None:
        """Take a gateway's word on the refund `key` as a hint to ask, for reports overtake each other.

        What was paid back may come back, days later. Raises GatewayAway.
        """
        known = await self._pool.run_vital(Deadline(SECONDS), self._reported, gateway, key)
        if known is None:
            log.warning("unknown_refund_reported", gateway=gateway, key=key[:64])
        elif told in status.REFUNDS[known.status]:
            await self._ask(known)

    async def settle_pending(self) -> None:
        """Try again every refund that is due."""
        while due := await self._pool.run_vital(Deadline(SECONDS), self._due):
            for start in range(0, len(due), AT_ONCE):
                await asyncio.gather(*(self.settle(refund_id) for refund_id in due[start : start + AT_ONCE]))
            if len(due) < PAGE:
                return

    async def _try(self, refund_id: int) -> None:
        known = await self._pool.run_vital(Deadline(SECONDS), self._begin, refund_id)
        if known is not None:
            await self._ask(known)

    async def _ask(self, known: AnyRow) -> None:
        order = RefundOrder(
            known.key, known.number, known.gateway_id, Money(known.amount_minor, known.currency)
        )
        gateway = self._gateways.named(known.gateway)
        outcome = await in_time(gateway.refund(order), self._gateway_seconds)
        await self._pool.run_vital(Deadline(SECONDS), self._end, known.id, outcome)

    def _reported(self, gateway: str, key: str) -> AnyRow | None:
        with self._db.read() as connection:
            return after_sale_queries.reported_refund(connection, gateway, key)

    def _due(self) -> list[int]:
        with self._db.read() as connection:
            return list(after_sale_queries.due_refunds(connection, self._clock(), PAGE))

    def _begin(self, refund_id: int) -> AnyRow | None:
        now = self._clock()
        with self._db.transaction() as tx:
            found = after_sale_queries.refund(tx, refund_id)
            if found is None or found.status != status.PENDING:
                return None
            pause = min(FIRST_PAUSE * 2 ** min(found.attempts, 10), LONGEST_PAUSE)
            return after_sale_queries.begin_attempt(tx, refund_id, now, now + pause)

    def _end(self, refund_id: int, outcome: RefundOutcome) -> None:
        now = self._clock()
        with self._db.transaction() as tx:
            found = after_sale_queries.refund(tx, refund_id)
            if found is None:
                return
            sale = open_sale(tx, found.order_id)
            settled = after_sale_queries.settle_refund(
                tx, refund_id, outcome.status, outcome.gateway_id, outcome.problem[:500], now
            )
            if not settled or outcome.status != status.FAILED:
                return
            # Refused for good: the money is still here, so it counts as not paid back, and a person decides anew.
            log.error(
                "refund_refused",
                refund_id=refund_id,
                order=sale.values["number"],
                was=found.status,
                problem=outcome.problem,
            )
            refunded = after_sale_queries.move_refunded(tx, sale.id, -found.amount_minor)
            if refunded is None:
                raise AssertionError("a refund was counted on a payment that was not captured")
            lines = after_sale_queries.refund_lines(tx, [refund_id])[refund_id]
            counted = [(line.position, line.quantity, line.amount_minor) for line in lines]
            after_sale_queries.count_refunded(tx, sale.id, counted, sign=-1)
            promotions.reverse(tx, sale.values, refunded, now)
            amount = Money(found.amount_minor, sale.currency)
            message = f"{amount} could not be paid back yet; we look into it."
            told = told_of(refund_id, found.amount_minor, sale.currency)  # a mail said that it goes back
            publish(tx, sale.step(tx, sale.state, message, now, refund_failed=told))
