"""What payment gateways report by themselves: one effect each, however often and in which order they come.

A report counts for the order whose payment holds the id that it is about, and for no other: what it is labelled
with decides nothing. One that does not fit confirms nothing, is kept, and is told to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, TypeVarTuple

import structlog
from sqlalchemy import Connection

from server.clock import Clock
from server.db.deadline import Deadline
from server.db.work import Work
from server.errors import FieldReason, InvalidField
from server.order import lookup
from server.order.placed import PlacedOrder
from server.order.settlement import Misfit, Settlement, misfit_of
from server.order.sweeper import Sweeper
from server.payment import queries as payment_queries
from server.payment.alerts import OTHER_ORDER, OTHER_PAYMENT, UNKNOWN_ORDER, Alert, Alerts
from server.payment.errors import PaymentUnavailable
from server.payment.gateway import CAPTURED, Disputed, Gateway, GatewayAway, Gateways, Outcome, Report
from server.refund import disputes
from server.refund.processor import RefundProcessor
from server.repeats.long_call import Reply

MAX_BYTES: Final = 256 * 1024
SECONDS: Final = 20.0
"""What each transaction may take, whatever the patience of the gateway that reports."""

log = structlog.get_logger()

Ts = TypeVarTuple("Ts")


class GatewayReports:
    """Takes webhooks of payment gateways."""

    def __init__(
        self,
        work: Work,
        clock: Clock,
        gateways: Gateways,
        *,
        settlement: Settlement[Reply],
        sweeper: Sweeper,
        refunds: RefundProcessor,
        alerts: Alerts,
    ) -> None:
        self._work = work
        self._clock = clock
        self._gateways = gateways
        self._settlement = settlement
        self._sweeper = sweeper
        self._refunds = refunds
        self._alerts = alerts

    async def take(self, body: bytes, headers: Mapping[str, object]) -> bool:
        """Act on a webhook; True when it had been taken before.

        Raises InvalidField when it is too large, SignatureInvalid when no gateway of the shop signed it, and
        PaymentUnavailable when the gateway cannot be asked about it: it will send it again.
        """
        if len(body) > MAX_BYTES:
            raise InvalidField(("payload", f"must not exceed {MAX_BYTES} bytes", FieldReason.TOO_LONG))
        texts = {name: value for name, value in headers.items() if isinstance(value, str)}
        gateway, report = self._gateways.read_report(body, texts)
        if not report.concerns_us:
            return False
        order, misfit = await self._work.read(self._whose, gateway, report, deadline=Deadline(SECONDS))
        if order is None and misfit is None:  # the account takes payments of others too
            log.info("strange_payment_reported", gateway=gateway.name, event_id=report.event_id[:128])
            return False
        if order is None:
            return not await self._write(self._note, gateway.name, report, misfit)
        try:
            return await self._act(gateway.name, report, order)
        except GatewayAway:
            raise PaymentUnavailable() from None

    def _whose(
        self, connection: Connection, gateway: Gateway, report: Report
    ) -> tuple[PlacedOrder | None, Alert | None]:
        """The order that a report is about; or none, and what a person is told of a label that misleads."""
        holder = (
            lookup.by_gateway_id(connection, gateway.name, report.gateway_id) if report.gateway_id else None
        )
        named = lookup.by_number(connection, report.key) if report.key else None
        if holder is None and named is not None and _opens_no_id(gateway, named, report):
            holder = named
        if holder is not None and report.key in ("", holder.number):
            return holder, None
        return None, _misled(gateway.name, report, holder, named)

    async def _act(self, gateway: str, report: Report, order: PlacedOrder) -> bool:
        outcome = report.outcome
        if outcome is not None and outcome.status == CAPTURED:
            return await self._write(self._captured, gateway, report, outcome, order)
        # The rest are hints to ask: what the gateway says now counts, for reports overtake each other. Money can
        # go back only after it came, whose report may be the later one.
        with suppress(Misfit):  # a person was told
            await self._sweeper.resolve(order.id, give_up=False)
        if report.refunds:
            await self._refunds.look(order.id)
        if report.dispute is not None:
            return await self._write(self._disputed, gateway, report, report.dispute, order)
        return not await self._write(self._note, gateway, report, None)

    async def _write(self, rule: Callable[[Connection, *Ts], bool], *args: *Ts) -> bool:
        return await self._work.write(rule, *args, deadline=Deadline(SECONDS), vital=True)

    def _captured(
        self, tx: Connection, gateway: str, report: Report, outcome: Outcome, order: PlacedOrder
    ) -> bool:
        if not self._take(tx, gateway, report):
            return True
        misfit = misfit_of(order, outcome)
        if misfit is None:
            self._settlement.confirm(tx, order, outcome)
        else:
            self._alerts.note(tx, misfit)
        return False

    def _disputed(
        self, tx: Connection, gateway: str, report: Report, dispute: Disputed, order: PlacedOrder
    ) -> bool:
        if not self._take(tx, gateway, report):
            return True
        disputes.take(tx, order.id, gateway, dispute, alerts=self._alerts, now=self._clock())
        return False

    def _note(self, tx: Connection, gateway: str, report: Report, misfit: Alert | None) -> bool:
        if misfit is not None:
            self._alerts.note(tx, misfit)
        return self._take(tx, gateway, report)

    def _take(self, tx: Connection, gateway: str, report: Report) -> bool:
        return payment_queries.take_event(tx, gateway, report, self._clock())


def _opens_no_id(gateway: Gateway, order: PlacedOrder, report: Report) -> bool:
    """Whether a report is about an order of a gateway that gives its payments no ids before they are made."""
    payment = order.payment
    return (
        payment is not None
        and payment.gateway == gateway.name
        and not payment.gateway_id
        and bool(report.gateway_id)
        and gateway.id_of(order.number) == report.gateway_id
    )


def _misled(
    gateway: str, report: Report, holder: PlacedOrder | None, named: PlacedOrder | None
) -> Alert | None:
    """What a person is told of a report that belongs to no order; nothing of what bears no label of ours."""
    if not report.key:
        return None
    label, payment = report.key[:64], report.gateway_id[:128]
    if holder is not None:
        number = holder.number
        problem = f"Payment {payment} is that of order {number}, but is labelled with order {label}"
        kind, order_id = OTHER_ORDER, holder.id
    elif named is not None:
        problem = f"Payment {payment} is labelled with order {label}, but is not the payment of that order"
        kind, order_id = OTHER_PAYMENT, named.id
    else:
        problem = f"Payment {payment} is labelled with order {label}, which this shop does not have"
        kind, order_id = UNKNOWN_ORDER, None
    return Alert(kind, gateway, payment, f"{problem}: it counts for nothing here.", order_id)
