"""Composes the room of what undoes an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sanset.v1.refund_pb2 import Refund
from sanset.v1.refund_service_pb2_grpc import add_RefundServiceServicer_to_server

from server.core import Core
from server.jobs.runner import Job
from server.order.part import OrderPart
from server.part import Part
from server.payment.setup import Payments
from server.refund.convert import refund_to_wire
from server.refund.gateway_reports import GatewayReports
from server.refund.processor import RefundProcessor
from server.refund.refund_call import RefundCall
from server.refund.servicer import RefundServicer, RefundUseCases
from server.repeats.long_call import LongCall


@dataclass(frozen=True, kw_only=True)
class RefundPart(Part):
    """Refunds, and what the gateways report of payments and refunds."""

    refunds: RefundProcessor
    reports: GatewayReports


def build(core: Core, payments: Payments, orders: OrderPart) -> RefundPart:
    """RefundService, and the job that pays back what is decided."""
    settings = core.settings
    refunds = RefundProcessor(
        core.work,
        payments.gateways,
        payments.alerts,
        clock=core.clock,
        gateway_seconds=settings.payment_timeout_seconds,
    )
    reports = GatewayReports(
        core.work,
        core.clock,
        payments.gateways,
        settlement=orders.settlement,
        sweeper=orders.sweeper,
        refunds=refunds,
        alerts=payments.alerts,
    )
    calls = LongCall(Refund, settings.payment_timeout_seconds)
    refund_call = RefundCall(
        core.db, core.work, refunds, calls=calls, clock=core.clock, render=refund_to_wire
    )
    servicer = RefundServicer(
        core.db,
        core.work,
        core.pages,
        clock=core.clock,
        use_cases=RefundUseCases(
            refunds, refund_call, orders.sweeper.resolve, timedelta(days=settings.return_days)
        ),
        detached=core.detached,
    )
    return RefundPart(
        refunds=refunds,
        reports=reports,
        servicers=[partial(add_RefundServiceServicer_to_server, servicer)],
        jobs=[Job("pay back", refunds.process_pending, every=timedelta(seconds=15))],
    )
