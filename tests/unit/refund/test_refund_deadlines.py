"""How long the transactions of refunds and of gateways' reports may take: longer than other work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import cast

import pytest

from server.clock import utc_now
from server.db.deadline import Deadline
from server.db.work import Work
from server.order.settlement import Settlement
from server.order.sweeper import Sweeper
from server.payment.alerts import UNKNOWN_ORDER, Alert, Alerts
from server.payment.demo import DemoGateway
from server.payment.gateway import Gateway, Gateways, Report
from server.refund import gateway_reports, processor
from server.refund.gateway_reports import GatewayReports
from server.refund.processor import RefundProcessor
from server.repeats.long_call import Reply


class RecordingWork(Work):
    """Runs nothing: returns what it was made with, and remembers what time it was given."""

    def __init__(self, *results: object) -> None:
        self._results = list(results)
        self.seconds: list[float] = []

    async def run(  # type: ignore[override]
        self, use_case: object, *args: object, deadline: Deadline | None = None, vital: bool = False
    ) -> object:
        """Return the next result."""
        self.seconds.append(deadline.remaining if deadline is not None else 0.0)
        return self._results.pop(0)


class ReportingGateways(Gateways):
    """Takes every webhook for a report of a payment."""

    def read_report(self, body: bytes, headers: Mapping[str, str]) -> tuple[Gateway, Report]:
        """Return a report of refunds."""
        return cast(Gateway, DemoGateway), Report("evt_1", "20260101-ABCDEF", refunds=True)


@pytest.mark.parametrize(
    "act",
    [
        lambda refunds: refunds.process(1),
        lambda refunds: refunds.look(1),
        lambda refunds: refunds.process_pending(),
    ],
    ids=["process", "look", "process_pending"],
)
def test_a_refund_waits_for_its_transactions(act: Callable[[RefundProcessor], Awaitable[None]]) -> None:
    work = RecordingWork(None)
    refunds = RefundProcessor(work, Gateways({}), cast(Alerts, None), clock=utc_now, gateway_seconds=1.0)

    async def run() -> None:
        await act(refunds)

    asyncio.run(run())
    assert work.seconds == [pytest.approx(processor.SECONDS, abs=1)]


def test_a_report_waits_for_its_transactions() -> None:
    alert = Alert(UNKNOWN_ORDER, "demo", "pay_1", "No order has this payment.")
    work = RecordingWork((None, alert), True)
    reports = GatewayReports(
        work,
        utc_now,
        ReportingGateways({}),
        settlement=cast(Settlement[Reply], None),
        sweeper=cast(Sweeper, None),
        refunds=cast(RefundProcessor, None),
        alerts=cast(Alerts, None),
    )
    assert asyncio.run(reports.take(b"{}", {})) is False
    assert work.seconds == [pytest.approx(gateway_reports.SECONDS, abs=1)] * 2
