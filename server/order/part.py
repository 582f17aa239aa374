"""Composes the room of the orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

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
from server.order.servicer import ExportOrders, OrderServicer, Purchasing
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
    settlement = Settlement(
        core.db,
        core.clock,
        checkouts=calls,
        render=checkout_to_wire,
        pay_back=pay_back,
        alerts=payments.alerts,
    )
    checkout = Checkout(
        core.db,
        core.pool,
        payments.gateways,
        calls=calls,
        settlement=settlement,
        rules=CheckoutRules.of(settings),
        clock=core.clock,
        vault=core.vault,
    )
    sweeper = Sweeper(
        core.db,
        core.pool,
        payments.gateways,
        settlement,
        core.clock,
        gateway_seconds=settings.payment_timeout_seconds,
    )
    tracking = Tracking(
        heartbeat_seconds=settings.heartbeat_seconds, lifetime_seconds=settings.stream_lifetime_seconds
    )
    servicer = OrderServicer(
        core.db,
        core.pool,
        core.pages,
        clock=core.clock,
        purchasing=Purchasing(Previews(core.db, core.clock, CartSettings.of(settings)), checkout),
        tracking=tracking,
        export_orders=export_orders,
        detached=core.detached,
    )

    async def drain() -> None:
        tracking.drain()

    return OrderPart(
        checkout=checkout,
        settlement=settlement,
        sweeper=sweeper,
        tracking=tracking,
        servicers=[partial(add_OrderServiceServicer_to_server, servicer)],
        listeners=[tracking.attach],
        jobs=_jobs(core, sweeper),
        gauges=[Gauge("sanset_tracking_streams", "Open TrackOrder streams", lambda: tracking.open_streams)],
        drain=drain,
    )


def _jobs(core: Core, sweeper: Sweeper) -> list[Job]:
    points = TierPoints(core.db, core.pool, core.clock, timedelta(days=core.settings.return_days))
    return [
        Job("sweep unpaid orders", sweeper.sweep, every=timedelta(seconds=15)),
        Job("count points for tiers", points.run, every=timedelta(hours=1)),
    ]
