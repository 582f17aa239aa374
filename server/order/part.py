"""Composes the room of the orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import grpc
from sanset.v1.order_service_pb2 import CheckoutResponse
from sanset.v1.order_service_pb2_grpc import add_OrderServiceServicer_to_server

from server.cart.views import CartSettings
from server.core import Core
from server.jobs.runner import Job
from server.order.checkout import Checkout
from server.order.convert import checkout_to_wire
from server.order.points import TierPoints
from server.order.preview import Previews
from server.order.reserve import CheckoutRules
from server.order.servicer import ExportOrders, OrderServicer, OrderUseCases
from server.order.settlement import PayBack, Settlement
from server.order.sweeper import Sweeper
from server.order.tracking import Tracking
from server.part import Gauge, Part
from server.payment.setup import Payments
from server.repeats.long_call import LongCall


@dataclass(frozen=True, kw_only=True)
class OrderPart(Part):
    """Orders, and what settles their payments."""

    checkout: Checkout[CheckoutResponse]
    settlement: Settlement[CheckoutResponse]
    sweeper: Sweeper
    tracking: Tracking


def build(core: Core, payments: Payments, *, export_orders: ExportOrders, pay_back: PayBack) -> OrderPart:
    """OrderService, the sweep of unpaid orders and the count of points. `pay_back` returns what came too late."""
    settings = core.settings
    calls = LongCall(CheckoutResponse, settings.payment_timeout_seconds)
    render = partial(checkout_to_wire, core.vault)
    settlement = Settlement(
        core.clock, checkouts=calls, render=render, pay_back=pay_back, alerts=payments.alerts
    )
    checkout = Checkout(
        core.work,
        payments.gateways,
        settlement,
        calls=calls,
        rules=CheckoutRules.of(settings),
        clock=core.clock,
        vault=core.vault,
    )
    sweeper = Sweeper(
        core.work,
        payments.gateways,
        settlement,
        clock=core.clock,
        gateway_seconds=settings.payment_timeout_seconds,
    )
    tracking = Tracking(
        heartbeat_seconds=settings.heartbeat_seconds, lifetime_seconds=settings.stream_lifetime_seconds
    )

    async def drain() -> None:
        tracking.drain()

    return OrderPart(
        checkout=checkout,
        settlement=settlement,
        sweeper=sweeper,
        tracking=tracking,
        servicers=[_servicer(core, checkout, tracking, export_orders)],
        listeners=[tracking.attach],
        jobs=_jobs(core, sweeper),
        gauges=[Gauge("sanset_tracking_streams", "Open TrackOrder streams", lambda: tracking.open_streams)],
        drain=drain,
    )


def _servicer(
    core: Core, checkout: Checkout[CheckoutResponse], tracking: Tracking, export_orders: ExportOrders
) -> Callable[[grpc.aio.Server], None]:
    use_cases = OrderUseCases(
        previews=Previews(core.db, core.clock, CartSettings.of(core.settings)),
        checkout=checkout,
        tracking=tracking,
        export_orders=export_orders,
    )
    servicer = OrderServicer(
        core.db, core.work, core.pages, clock=core.clock, use_cases=use_cases, detached=core.detached
    )
    return partial(add_OrderServiceServicer_to_server, servicer)


def _jobs(core: Core, sweeper: Sweeper) -> list[Job]:
    points = TierPoints(core.work, core.clock, timedelta(days=core.settings.return_days))
    return [
        Job("sweep unpaid orders", sweeper.sweep, every=timedelta(seconds=15)),
        Job("count points for tiers", points.run, every=timedelta(hours=1)),
    ]
