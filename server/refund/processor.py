"""Paying back: what was decided becomes money at the gateway, however often it takes.

The gateway is asked outside any transaction, with the refund's own key, so that asking twice pays once. What it
does not answer, or answers with PENDING, is asked again: by the job, after longer and longer times. Any number of
workers may do so beside each other; the first answer that ends a refund counts. After it a gateway can only report
that the money came back.

The shop is not the only one who pays back: whenever a gateway reports a refund, before an admin decides one, and
after one failed, the gateway's own list is read, and what was made there is recorded (see `gateway_refunds`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeVar, TypeVarTuple

import structlog
from sqlalchemy import Connection

from server.background import backoff
from server.clock import Clock
from server.db.deadline import Deadline
from server.db.work import Work
from server.money import Money
from server.order import payment_queries as order_payments
from server.payment import status as payment_status
from server.payment.alerts import REFUND_UNEXPECTED, Alert, Alerts
from server.payment.gateway import GatewayAway, Gateways, PaidBack, RefundOrder, RefundOutcome, in_time
from server.payment.in_house import IN_HOUSE
from server.refund import gateway_refunds, outcomes, queries
from server.refund.records import RefundAttempt
from server.refund.sale import open_sale

SECONDS: Final = 30.0
"""What a transaction may take here: money moves between them, so they wait longer than other work does."""
AT_ONCE: Final = 8
"""Refunds that are paid back beside each other; each waits for its gateway most of the time."""
PAGE: Final = 100
FIRST_RETRY: Final = timedelta(seconds=15)
MAX_RETRY: Final = timedelta(hours=1)

log = structlog.get_logger()

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class RefundProcessor:
    """Pays back what was decided, and learns of what others paid back."""

    def __init__(
        self,
        work: Work,
        gateways: Gateways,
        alerts: Alerts,
        *,
        clock: Clock,
        gateway_seconds: float,
    ) -> None:
        self._work = work
        self._gateways = gateways
        self._alerts = alerts
        self._clock = clock
        self._gateway_seconds = gateway_seconds

    async def process(self, refund_id: int) -> None:
        """Ask the gateway to pay a refund back, unless it is settled, and record what it says.

        Returns when it is settled or must wait; what goes wrong is left to the next attempt.
        """
        try:
            await self._try(refund_id)
        except GatewayAway as error:
            log.warning("gateway_away", refund_id=refund_id, error=str(error))
        except Exception as error:
            log.error("refund_failed", refund_id=refund_id, exc_info=error)

    async def look(self, order_id: int) -> None:
        """Bring an order's refunds up to what its gateway says of them, those included that were made there.

        Reports are only hints to do so, for they overtake each other; what was paid back may come back, days
        later. Raises GatewayAway.
        """
        payment = await self._read(order_payments.payment, order_id)
        if payment is None or not payment.gateway_id or payment.gateway in IN_HOUSE:
            return
        gateway = self._gateways.named(payment.gateway)
        listed = await in_time(gateway.refunds(payment.gateway_id, payment.currency), self._gateway_seconds)
        for reported in listed:
            if not await self._write(self._take, order_id, reported):
                await self._make_room(order_id, payment.gateway, reported)

    async def look_first(self, order_id: int) -> None:
        """The same before something is decided: a gateway that is away does not keep anybody from deciding."""
        try:
            await self.look(order_id)
        except GatewayAway as error:
            log.warning("gateway_away", order_id=order_id, error=str(error))

    async def process_pending(self) -> None:
        """Try again every refund that is due."""
        while due := await self._read(queries.due_refunds, self._clock(), PAGE):
            for start in range(0, len(due), AT_ONCE):
                await asyncio.gather(*(self.process(refund_id) for refund_id in due[start : start + AT_ONCE]))
            if len(due) < PAGE:
                return

    async def _try(self, refund_id: int) -> None:
        attempt = await self._write(self._begin, refund_id)
        if attempt is None:
            return
        if attempt.origin == payment_status.GATEWAY:
            await self.look(attempt.order_id)
        elif await self._ask(attempt) == payment_status.FAILED:
            await self.look(attempt.order_id)  # perhaps somebody had paid it back already

    async def _ask(self, attempt: RefundAttempt) -> str:
        order = RefundOrder(attempt.key, attempt.number, attempt.gateway_id, attempt.amount)
        gateway = self._gateways.named(attempt.gateway)
        outcome = await in_time(gateway.refund(order), self._gateway_seconds)
        await self._write(self._end, attempt, outcome)
        return outcome.status

    async def _make_room(self, order_id: int, gateway: str, reported: PaidBack) -> None:
        """Take a refund that does not fit beside those that the shop decided: these are refused now, or paid.

        Raises GatewayAway while one of them is not settled.
        """
        for refund_id in await self._read(queries.own_pending, order_id):
            attempt = await self._write(self._begin, refund_id)
            if attempt is not None and await self._ask(attempt) == payment_status.PENDING:
                raise GatewayAway("a refund of the same money is under way")
        await self._write(self._take_or_alert, order_id, gateway, reported)

    async def _read(self, query: Callable[[Connection, *Ts], T], *args: *Ts) -> T:
        return await self._work.read(query, *args, deadline=Deadline(SECONDS), vital=True)

    async def _write(self, rule: Callable[[Connection, *Ts], T], *args: *Ts) -> T:
        return await self._work.write(rule, *args, deadline=Deadline(SECONDS), vital=True)

    def _take(self, tx: Connection, order_id: int, reported: PaidBack) -> bool:
        return gateway_refunds.take(tx, order_id, reported, alerts=self._alerts, now=self._clock())

    def _take_or_alert(self, tx: Connection, order_id: int, gateway: str, reported: PaidBack) -> None:
        if self._take(tx, order_id, reported):
            return
        sale = open_sale(tx, order_id)
        problem = gateway_refunds.exceeds(reported, Money(sale.left.amount, sale.currency))
        self._alerts.note(tx, Alert(REFUND_UNEXPECTED, gateway, reported.gateway_id, problem, order_id))

    def _begin(self, tx: Connection, refund_id: int) -> RefundAttempt | None:
        now = self._clock()
        refund = queries.refund(tx, refund_id)
        if refund is None or refund.status != payment_status.PENDING:
            return None
        retry_at = now + backoff(refund.attempts + 1, FIRST_RETRY, MAX_RETRY)
        return queries.begin_attempt(tx, refund_id, now, retry_at)

    def _end(self, tx: Connection, attempt: RefundAttempt, outcome: RefundOutcome) -> None:
        sale = open_sale(tx, attempt.order_id)
        refund = queries.refund(tx, attempt.id)
        if refund is not None:
            outcomes.record_outcome(tx, sale, refund, outcome, alerts=self._alerts, now=self._clock())
