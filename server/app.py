"""The composition root: adds the parts of the rooms up to a worker, and starts and stops them in order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, fields

import prometheus_client
from grpc_health.v1.health_pb2 import HealthCheckResponse

from server.analytics import part as analytics_part
from server.auth import part as auth_part
from server.cart import part as cart_part
from server.catalog import part as catalog_part
from server.clock import Clock, utc_now
from server.contract import SERVICES
from server.core import Core
from server.db.database import Database
from server.exports.calls import ExportCalls
from server.exports.file import Exports
from server.exports.my_data import MyData
from server.grpc_server import GrpcServer
from server.imports import part as imports_part
from server.inventory import part as inventory_part
from server.inventory_sync import part as inventory_sync_part
from server.jobs.runner import Jobs
from server.mail import part as mail_part
from server.media import part as media_part
from server.order import allocations, points
from server.order import part as order_part
from server.order import queries as order_queries
from server.order.line_queries import reserved_units
from server.order.service import read_payment
from server.part import Part
from server.payment import part as payment_part
from server.payment.setup import Payments
from server.privacy import part as privacy_part
from server.privacy.servicer import Deletions
from server.promotion import part as promotion_part
from server.recommend import part as recommend_part
from server.refund import part as refund_part
from server.refund.service import pay_back_late
from server.retention import part as retention_part
from server.review import part as review_part
from server.roles import part as roles_part
from server.rpc.access import Access
from server.search import part as search_part
from server.segment import part as segment_part
from server.segment.trained import keeper
from server.service_accounts import part as service_accounts_part
from server.settings import Settings
from server.staff import part as staff_part
from server.user import part as user_part
from server.verify import part as verify_part
from server.webhooks import part as webhooks_part


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """The parts of a worker, in the order in which they start."""

    roles: roles_part.RolesPart
    service_accounts: service_accounts_part.ServiceAccountsPart
    auth: auth_part.AuthPart
    user: Part
    catalog: catalog_part.CatalogPart
    media: Part
    inventory: inventory_part.InventoryPart
    promotion: Part
    cart: Part
    payment: payment_part.PaymentPart
    order: order_part.OrderPart
    review: Part
    refund: refund_part.RefundPart
    recommend: recommend_part.RecommendPart
    search: search_part.SearchPart
    analytics: analytics_part.AnalyticsPart
    segment: Part
    staff: Part
    webhooks: webhooks_part.WebhookPart
    mail: mail_part.MailPart
    inventory_sync: inventory_sync_part.InventorySyncPart
    imports: Part
    verify: Part
    privacy: privacy_part.PrivacyPart
    retention: Part

    def parts(self) -> list[Part]:
        """All of them."""
        return [getattr(self, field.name) for field in fields(self)]


def compose(core: Core) -> Rooms:
    """Build every room; where a need of one points to another above it, it is passed a function."""
    payments = Payments.of(core)
    exports = ExportCalls(
        Exports(core.db, core.work), core.clock, core.languages.further, my_data=MyData(core.work)
    )
    roles = roles_part.build(core)
    auth = auth_part.build(core, roles.table)
    deletions = Deletions(
        core.db,
        core.work,
        core.clock,
        passwords=auth.recovery,
        factors=auth.second_factors,
        codes=auth.second_factor_changes,
    )
    catalog = catalog_part.build(core, exports.products, lambda *listed: search.find(*listed))
    recommend = recommend_part.build(core, catalog.category_ids, on_trained=keeper(core.clock))
    search = search_part.build(
        core, catalog.products, recommend.impressions, recommend.tracker, recommend.serving.models
    )
    order = order_part.build(core, payments, export_orders=exports.orders, pay_back=pay_back_late)
    refund = refund_part.build(core, payments, order)
    return Rooms(
        roles=roles,
        service_accounts=service_accounts_part.build(core, roles.table),
        auth=auth,
        user=user_part.build(core, exports.my_data, deletions.DeleteMyAccount),
        catalog=catalog,
        media=media_part.build(core, catalog.products),
        inventory=inventory_part.build(
            core, catalog.products, reserved_units=reserved_units, order_allocations=allocations.of_order
        ),
        promotion=promotion_part.build(core, points.waiting),
        cart=cart_part.build(core, recommend.tracker.added_to_cart),
        payment=payment_part.build(core, payments, read_payment, refund.reports.take),
        order=order,
        review=review_part.build(core, catalog.products),
        refund=refund,
        recommend=recommend,
        search=search,
        analytics=analytics_part.build(core, exports),
        segment=segment_part.build(core),
        staff=staff_part.build(core, exports.users),
        webhooks=webhooks_part.build(core, read_metadata=order_queries.metadata_of_orders),
        mail=mail_part.build(core),
        inventory_sync=inventory_sync_part.build(core),
        imports=imports_part.build(core),
        verify=verify_part.build(core),
        privacy=privacy_part.build(core, payments.gateways),
        retention=retention_part.build(core),
    )


@dataclass(frozen=True)
class App:
    """A worker's rooms with the server that calls them and the jobs that they brought."""

    core: Core
    rooms: Rooms
    parts: Sequence[Part]
    server: GrpcServer
    jobs: Jobs

    @property
    def db(self) -> Database:
        """The database."""
        return self.core.db

    async def start(self) -> None:
        """Begin to follow the events, load what is served from memory, then answer calls."""
        for part in self.parts:
            await part.start()
        await self.server.start()
        if self.core.settings.run_jobs:
            self.jobs.start()
        await self.server.set_health(HealthCheckResponse.SERVING)

    async def drain(self) -> None:
        """Let the calls that run end, and close the server."""
        await self.retire()
        await self.server.close()

    async def retire(self, notice_seconds: float = 0) -> None:
        """Send balancers and streams elsewhere, take no more calls after the notice, and let those that run end.

        The server then answers every call with SERVER_STOPPING, until the process ends.
        That takes the notice, DRAIN_SECONDS, and what an order needs whose caller was cut off between reservation
        and payment: PAYMENT_TIMEOUT_SECONDS and a moment.
        """
        await self.server.announce_end()
        await self.jobs.stop()
        for part in self.parts:
            await part.drain()
        await asyncio.sleep(notice_seconds)
        await self.server.end_calls()
        await self.stop()

    async def stop(self) -> None:
        """Give back what the parts hold, the last that started first; also where nothing was started."""
        for part in reversed(self.parts):
            await part.stop()


def build(settings: Settings, *, clock: Clock = utc_now) -> App:
    """Build a worker; bind its ports and call `start` to run it.

    `clock` is the worker's own; what counts is the database's, of which it may differ.
    """
    core = Core.of(settings, clock)
    rooms = compose(core)
    parts = [core.part(), *rooms.parts()]
    jobs = Jobs(core.work, core.clock, [job for part in parts for job in part.jobs])
    for part in parts:
        for listen in part.listeners:
            listen(core.follower)
        for name, description, read in part.gauges:
            prometheus_client.Gauge(name, description, registry=core.registry).set_function(read)
    jobs.attach(core.follower)
    access = Access(SERVICES, rooms.auth.verifier.verify, rooms.service_accounts.keys.verify)
    server = GrpcServer.of(core, access, parts)
    return App(core, rooms, parts, server, jobs)
