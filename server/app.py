"""The one place that knows everything: builds the gRPC server of a worker from its settings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import SERVICE_NAME as HEALTH
from grpc_health.v1.health import aio as health
from prometheus_client import CollectorRegistry
from sanset.v1 import (
    auth_pb2_grpc,
    cart_pb2_grpc,
    catalog_pb2_grpc,
    inventory_pb2_grpc,
    model_pb2_grpc,
    order_service_pb2_grpc,
    payment_pb2_grpc,
    promotion_pb2_grpc,
    recommend_pb2_grpc,
    refund_pb2_grpc,
    segment_pb2_grpc,
    user_pb2_grpc,
    webhook_pb2_grpc,
)
from sanset.v1.order_service_pb2 import CheckoutResponse
from sanset.v1.refund_pb2 import Refund

from server.auth.passwords import Passwords
from server.auth.refresh import RefreshPolicy
from server.auth.service import SignIn
from server.auth.servicer import AuthServicer
from server.auth.tokens import AccessTokens, TokenVerifier
from server.cart.servicer import CartServicer
from server.cart.views import CartSettings
from server.catalog.product_cache import ProductCache
from server.catalog.servicer import CatalogServicer, CatalogSettings
from server.clock import Clock, utc_now
from server.contract import is_report, native_path
from server.crypto.vault import Vault
from server.db.clock import DatabaseClock, Timekeeper
from server.db.database import Database
from server.db.pool import Pool
from server.db.work import Work
from server.events.follower import Follower
from server.events.topics import SessionEnded
from server.exports.calls import ExportCalls
from server.exports.file import Exports
from server.gauges import export_gauges
from server.inventory.servicer import InventoryServicer
from server.jobs.setup import BackgroundJobs, background_jobs
from server.logs import AccessLog
from server.order import points
from server.order.checkout import Checkout
from server.order.convert import checkout_to_wire
from server.order.preview import Previews
from server.order.queries import reserved_units
from server.order.reserve import CheckoutRules
from server.order.service import read_payment
from server.order.servicer import OrderServicer, Purchasing
from server.order.settlement import Settlement
from server.order.sweeper import Sweeper
from server.order.tracking import Tracking
from server.paging import Pages
from server.payment.alerts import Alerts
from server.payment.servicer import PaymentServicer
from server.payment.setup import Payments
from server.pricing.prices import PriceRules
from server.promotion.servicer import PromotionServicer
from server.recommend.feedback.attribution import Attributions
from server.recommend.feedback.impressions import Impressions
from server.recommend.feedback.tracking import Tracker
from server.recommend.serving.recommender import Recommender
from server.recommend.serving.recorder import Recorder
from server.recommend.serving.servicer import RecommendServicer
from server.recommend.serving.state import ServingState
from server.recommend.training.schedule import Schedule
from server.recommend.training.servicer import ModelServicer
from server.recommend.training.trainer import Trainer
from server.refund.convert import refund_to_wire
from server.refund.gateway_reports import GatewayReports
from server.refund.processor import RefundProcessor
from server.refund.refund_call import RefundCall
from server.refund.service import pay_back_late
from server.refund.servicer import RefundServicer, RefundUseCases
from server.repeats.long_call import LongCall
from server.rpc.access import Access
from server.rpc.arrivals import Arrivals
from server.rpc.detached import DetachedTasks
from server.rpc.leases import Leases
from server.rpc.limits import Limits
from server.rpc.pipeline import Pipeline
from server.rpc.reflection import add_reflection
from server.rpc.services import every_service
from server.rpc.telemetry import Telemetry
from server.rpc.unregistered import unregistered
from server.rpc.validation import Validation
from server.segment.servicer import SegmentServicer
from server.segment.trained import keeper
from server.settings import Settings
from server.user.servicer import UserServicer
from server.webhooks.servicer import WebhookServicer
from server.webhooks.signing import Signer

SERVICES: tuple[ServiceDescriptor, ...] = tuple(every_service())
"""Every service of the shop, as the protos describe it."""

MAX_METADATA_BYTES = 32 * 1024
MAX_UNREAD_CALLS = 100_000


@dataclass(frozen=True)
class App:
    """A server and the parts that must be started before it and stopped after it."""

    settings: Settings
    server: grpc.aio.Server
    pipeline: Pipeline
    db: Database
    pool: Pool
    timekeeper: Timekeeper
    follower: Follower
    verifier: TokenVerifier
    passwords: Passwords
    serving: ServingState
    tracker: Tracker
    shown: Impressions
    trainer: Trainer
    schedule: Schedule
    tracking: Tracking
    detached: DetachedTasks
    checkout: Checkout[CheckoutResponse]
    payments: Payments
    sweeper: Sweeper
    refunds: RefundProcessor
    background: BackgroundJobs
    health: health.HealthServicer
    registry: CollectorRegistry

    async def start(self) -> None:
        """Begin to follow the events, load what is served from memory, then answer calls."""
        await self.timekeeper.start()
        self.follower.start()
        await asyncio.to_thread(self.verifier.load, self.db)
        await asyncio.to_thread(self.tracker.load, self.db)
        await self.serving.start()
        self.shown.start()
        await self.server.start()
        self.schedule.start()
        if self.settings.run_jobs:
            self.background.start()
        await self.set_health(health_pb2.HealthCheckResponse.SERVING)

    async def drain(self) -> None:
        """Let the calls that run end, and close the server."""
        await self.retire()
        await self.server.stop(None)

    async def retire(self, notice_seconds: float = 0) -> None:
        """Send balancers and streams elsewhere, take no more calls after the notice, and let those that run end.

        The server then answers every call with SERVER_STOPPING, until the process ends.
        That takes the notice, DRAIN_SECONDS, and what an order needs whose caller was cut off between reservation
        and payment: PAYMENT_TIMEOUT_SECONDS and a moment.
        """
        await self.health.enter_graceful_shutdown()
        await asyncio.gather(self.schedule.stop(), self.background.stop())
        self.tracking.drain()
        self.trainer.drain()
        await asyncio.sleep(notice_seconds)
        await asyncio.gather(self.trainer.stop(), self._end_calls())
        await self.payments.stop()
        await self.serving.stop()
        await self.shown.stop()
        await self.timekeeper.stop()
        self.follower.stop()
        self.pool.close()
        self.passwords.close()
        self.db.close()

    async def _end_calls(self) -> None:
        await self.pipeline.end_calls(self.settings.drain_seconds)
        await self.detached.finish()

    async def set_health(self, status: health_pb2.HealthCheckResponse.ServingStatus.ValueType) -> None:
        """Report `status` for the server as a whole and for each service."""
        for name in ("", *(service.full_name for service in SERVICES)):
            await self.health.set(name, status)


def build(settings: Settings, *, clock: Clock = utc_now) -> App:
    """Build a worker's server; bind its ports and call `start` to run it.

    `clock` is the worker's own; what counts is the database's, of which it may differ.
    """
    # A thread waits a moment for a row; a use case comes back for it, without a thread meanwhile.
    lock_ms = round(settings.max_wait_seconds * 100)
    db = Database(settings.url, pool_size=settings.db_pool_size, lock_ms=lock_ms, clock=clock)
    clock = db.clock
    pool = Pool(
        threads=settings.db_pool_size,
        max_queued=settings.max_queued_calls,
        max_wait_seconds=settings.max_wait_seconds,
    )
    work = Work(db, pool)
    pages = _pages(settings)
    follower = Follower(db)
    registry = CollectorRegistry()
    vault = Vault(settings.secret_key.get_secret_value().encode())
    verifier = TokenVerifier.of(settings, db.clock.seconds)
    passwords = Passwords.of(settings)
    product_cache = ProductCache(work, clock, low_stock=settings.low_stock_threshold)
    tracking = Tracking(
        heartbeat_seconds=settings.heartbeat_seconds, lifetime_seconds=settings.stream_lifetime_seconds
    )
    serving = ServingState(settings, work, clock)
    trainer = Trainer(settings, db, work, clock, on_trained=keeper(clock))
    attributions = Attributions(settings.secret_key.get_secret_value().encode())
    tracker = Tracker.of(settings, attributions, clock)
    shown = Impressions(attributions, work, clock, registry, keep=settings.recommendation_log)
    for part in (verifier, product_cache, tracking, serving, trainer):
        part.attach(follower)

    limits = _limits(settings)
    leases = Leases(db.clock.seconds)
    follower.on(SessionEnded, lambda event: leases.end(event.session_id))
    telemetry = Telemetry(registry, AccessLog(settings.log_level))
    pipeline = _pipeline(settings, verifier, limits, leases, telemetry, pool, db.clock)
    server = grpc.aio.server(interceptors=[pipeline], options=_options(settings))
    exports = ExportCalls(Exports(db, work), clock)
    refresh = RefreshPolicy.of(settings)
    sign_in = SignIn(work, clock, passwords, refresh, limit_addresses=settings.rate_limit > 0)
    auth = AuthServicer(db, pages, clock, sign_in, AccessTokens.of(settings), refresh)
    users = UserServicer(db, pages, clock, vault)
    catalog = CatalogServicer(
        db,
        work,
        pages,
        clock,
        product_cache,
        CatalogSettings(settings.currency, settings.low_stock_threshold),
        exports.products,
    )
    inventory = InventoryServicer(
        db, work, clock, product_cache, settings.low_stock_threshold, reserved_units
    )
    cart_settings = CartSettings(
        PriceRules.of(settings), settings.currency, timedelta(days=settings.guest_cart_days)
    )
    cart = CartServicer(db, pages, clock, settings=cart_settings, added=tracker.added_to_cart)
    promotions = PromotionServicer(
        db,
        pages,
        clock,
        tiers=cart_settings.rules.tiers,
        currency=settings.currency,
        waiting=points.waiting,
    )
    payments = Payments.of(settings, work, clock)
    alerts = Alerts(clock, registry)
    checkouts = LongCall(CheckoutResponse, settings.payment_timeout_seconds)
    settlement = Settlement(
        db, clock, checkouts=checkouts, render=checkout_to_wire, pay_back=pay_back_late, alerts=alerts
    )
    sweeper = Sweeper(
        db,
        pool,
        payments.gateways,
        settlement,
        clock,
        gateway_seconds=settings.payment_timeout_seconds,
    )
    refunds = RefundProcessor(
        db, pool, payments.gateways, alerts, clock, gateway_seconds=settings.payment_timeout_seconds
    )
    reports = GatewayReports(db, pool, payments.gateways, settlement, sweeper, refunds, alerts)
    if payments.demo is not None:
        payments.demo.tell = reports.take
    checkout = Checkout(
        db,
        pool,
        payments.gateways,
        calls=checkouts,
        settlement=settlement,
        rules=_checkout_rules(settings),
        clock=clock,
        vault=vault,
    )
    detached = DetachedTasks()
    orders = OrderServicer(
        db,
        pool,
        pages,
        clock=clock,
        purchasing=Purchasing(Previews(db, clock, cart_settings), checkout),
        tracking=tracking,
        export_orders=exports.orders,
        detached=detached,
    )
    refund_call = RefundServicer(
        db,
        pool,
        pages,
        clock=clock,
        use_cases=_refund_use_cases(settings, db, pool, clock, refunds, sweeper),
        detached=detached,
    )
    webhooks = WebhookServicer(
        db,
        work,
        pages,
        clock=clock,
        signer=Signer(settings.secret_key.get_secret_value().encode()),
        allow_private=settings.webhook_allow_private,
    )

    async def category_ids(slug_or_name: str) -> frozenset[int]:
        return (await product_cache.tree()).ids_under(slug_or_name)

    recommend = RecommendServicer(
        db,
        pages,
        Recommender(serving, Recorder(shown), category_ids, clock),
        tracker,
        currency=settings.currency,
    )
    models = ModelServicer(db, work, pages, clock, serving, trainer)
    services = unregistered(server)
    auth_pb2_grpc.add_AuthServiceServicer_to_server(auth, services)
    user_pb2_grpc.add_UserServiceServicer_to_server(users, services)
    catalog_pb2_grpc.add_CatalogServiceServicer_to_server(catalog, services)
    inventory_pb2_grpc.add_InventoryServiceServicer_to_server(inventory, services)
    cart_pb2_grpc.add_CartServiceServicer_to_server(cart, services)
    promotion_pb2_grpc.add_PromotionServiceServicer_to_server(promotions, services)
    order_service_pb2_grpc.add_OrderServiceServicer_to_server(orders, services)
    payment_pb2_grpc.add_PaymentServiceServicer_to_server(
        PaymentServicer(
            db,
            pages,
            clock,
            read_payment=read_payment,
            take_report=reports.take,
            gift_card_codes=payments.codes,
        ),
        services,
    )
    refund_pb2_grpc.add_RefundServiceServicer_to_server(refund_call, services)
    webhook_pb2_grpc.add_WebhookServiceServicer_to_server(webhooks, services)
    recommend_pb2_grpc.add_RecommendServiceServicer_to_server(recommend, services)
    model_pb2_grpc.add_ModelServiceServicer_to_server(models, services)
    segment_pb2_grpc.add_SegmentServiceServicer_to_server(
        SegmentServicer(db, pages, clock, settings.currency), services
    )
    health_servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, services)
    if settings.reflects:
        add_reflection(services, [*(service.full_name for service in SERVICES), HEALTH])
    background = background_jobs(
        settings,
        db,
        work,
        clock,
        follower,
        registry,
        sweep_orders=sweeper.sweep,
        pay_back=refunds.process_pending,
        count_points=points.TierPoints(db, pool, clock, timedelta(days=settings.return_days)).run,
    )
    export_gauges(registry, follower=follower, pool=pool, tracking=tracking, serving=serving)
    return App(
        settings,
        server,
        pipeline,
        db,
        pool,
        Timekeeper(db.clock),
        follower,
        verifier,
        passwords,
        serving,
        tracker,
        shown,
        trainer,
        Schedule(settings.train_daily_at, work, trainer, clock),
        tracking,
        detached,
        checkout,
        payments,
        sweeper,
        refunds,
        background,
        health_servicer,
        registry,
    )


def _pages(settings: Settings) -> Pages:
    return Pages(
        settings.secret_key.get_secret_value().encode(),
        default_size=settings.default_page_size,
        max_size=settings.max_page_size,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        anonymous=settings.rate_limit,
        signed_in=settings.rate_limit_signed_in,
        streams_per_user=settings.max_streams_per_user,
        streams=settings.max_open_streams,
        report_methods=[native_path(m) for service in SERVICES for m in service.methods if is_report(m)],
    )


def _pipeline(
    settings: Settings,
    verifier: TokenVerifier,
    limits: Limits,
    leases: Leases,
    telemetry: Telemetry,
    pool: Pool,
    clock: DatabaseClock,
) -> Pipeline:
    validation = Validation(SERVICES)
    validation.warm([GetMessageClass(m.input_type) for service in SERVICES for m in service.methods])
    return Pipeline(
        arrivals=Arrivals(settings.max_wait_seconds),
        access=Access(SERVICES, verifier.verify, clock.seconds),
        limits=limits,
        validation=validation,
        telemetry=telemetry,
        leases=leases,
        pool=pool,
        edge_token=settings.edge_token.get_secret_value(),
        default_seconds=settings.default_deadline_seconds,
        stream_seconds=settings.stream_lifetime_seconds,
    )


def _refund_use_cases(
    settings: Settings, db: Database, pool: Pool, clock: Clock, refunds: RefundProcessor, sweeper: Sweeper
) -> RefundUseCases:
    calls = LongCall(Refund, settings.payment_timeout_seconds)
    refund_call = RefundCall(db, pool, refunds, calls=calls, clock=clock, render=refund_to_wire)
    return RefundUseCases(refunds, refund_call, sweeper.resolve, timedelta(days=settings.return_days))


def _checkout_rules(settings: Settings) -> CheckoutRules:
    return CheckoutRules(
        PriceRules.of(settings),
        timedelta(minutes=settings.reservation_minutes),
        settings.payment_timeout_seconds,
        settings.max_unpaid_orders,
    )


def _options(settings: Settings) -> Sequence[tuple[str, int]]:
    return (
        ("grpc.so_reuseport", 1),  # the supervisor holds the port meanwhile
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_metadata_size", MAX_METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", MAX_METADATA_BYTES),
        # The gateway, the only caller, looks every two seconds whether we live.
        ("grpc.http2.min_ping_interval_without_data_ms", 500),
        ("grpc.http2.max_ping_strikes", 0),
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.max_concurrent_streams", 10_000),
        # What gRPC drops by itself it calls CANCELLED, as if the caller had hung up. So it must drop nothing: a
        # call waits until it is read, and is then served, or refused with a reason.
        ("grpc.server.max_pending_requests", MAX_UNREAD_CALLS),
        ("grpc.server.max_pending_requests_hard_limit", MAX_UNREAD_CALLS),
        ("grpc.server_max_unrequested_time_in_server", 3600),
    )
