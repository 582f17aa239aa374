"""What payment gateways report by themselves: one effect each, however often and in which order they come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Connection

from server.clock import Clock
from server.db.database import Database
from server.db.deadline import Deadline
from server.errors import InvalidField
from server.order.errors import PaymentUnavailable
from server.order.paying_back import Refunds
from server.order.payments import queries as books
from server.order.payments.gateway import CAPTURED, GatewayAway, Gateways, Outcome, RefundOutcome, Report
from server.order.reserve import PlacedOrder
from server.order.settlement import Settlement
from server.order.sweeper import Sweeper
from server.rpc.pool import Pool

MOST_BYTES: Final = 256 * 1024
SECONDS: Final = 20.0

log = structlog.get_logger()


class Reports:
    """Takes webhooks of payment gateways."""

    def __init__(
        self,
        db: Database,
        pool: Pool,
        gateways: Gateways,
        settlement: Settlement,
        sweeper: Sweeper,
        refunds: Refunds,
        clock: Clock,
    ) -> None:
        self._db = db
        self._pool = pool
        self._gateways = gateways
        self._settlement = settlement
        self._sweeper = sweeper
        self._refunds = refunds
        self._clock = clock

    async def take(self, body: bytes, headers: Mapping[str, object]) -> bool:
        """Act on a webhook; True when it had been taken before.

        Raises InvalidField when it is too large, SignatureInvalid when no gateway of the shop signed it, and
        PaymentUnavailable when the gateway cannot be asked about it: it will send it again.
        """
        if len(body) > MOST_BYTES:
            raise InvalidField(("payload", f"must not exceed {MOST_BYTES} bytes"))
        texts = {name: value for name, value in headers.items() if isinstance(value, str)}
        gateway, report = self._gateways.read_report(body, texts)
        if report.refund is not None:
            return await self._refund(gateway, report, report.refund)
        if report.outcome is None:
            return False
        order = await self._pool.run(Deadline(SECONDS), self._settlement.find, report.key)
        if order is None or order.values["payment_gateway"] != gateway:
            log.warning("unknown_payment_reported", gateway=gateway, event_id=report.event_id[:128])
            return False
        if report.outcome.status == CAPTURED:
            return await self._pool.run_vital(
                Deadline(SECONDS), self._captured, gateway, report, report.outcome, order
            )
        return await self._failed(gateway, report, order)

    def _captured(self, gateway: str, report: Report, outcome: Outcome, order: PlacedOrder) -> bool:
        with self._db.transaction() as tx:
            if not self._take(tx, gateway, report, self._clock()):
                return True
            self._settlement.confirm(tx, order, outcome)
        return False

    async def _failed(self, gateway: str, report: Report, order: PlacedOrder) -> bool:
        """A failure is only a hint to ask: what the gateway says now counts, for reports overtake each other."""
        try:
            await self._sweeper.settle(order.id, give_up=False)
        except GatewayAway:
            raise PaymentUnavailable() from None
        return not await self._pool.run_vital(Deadline(SECONDS), self._note, gateway, report)

    async def _refund(self, gateway: str, report: Report, told: RefundOutcome) -> bool:
        try:
            await self._refunds.hear(gateway, report.key, told.status)
        except GatewayAway:
            raise PaymentUnavailable() from None
        return not await self._pool.run_vital(Deadline(SECONDS), self._note, gateway, report)

    def _note(self, gateway: str, report: Report) -> bool:
        with self._db.transaction() as tx:
            return self._take(tx, gateway, report, self._clock())

    def _take(self, tx: Connection, gateway: str, report: Report, now: datetime) -> bool:
        told = report.outcome or report.refund
        values = {
            "gateway": gateway,
            "event_id": report.event_id[:128],
            "charge_key": report.key[:64],
            "status": told.status if told else "",
            "received_at": now,
        }
        return books.take_event(tx, values)
