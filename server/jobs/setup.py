"""The jobs of a shop and their schedules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import CollectorRegistry

from server.clock import Clock
from server.db.database import Database
from server.db.work import Work
from server.events.follower import Follower
from server.events.topics import DatabaseVerified, OrderStepped, WebhookChanged
from server.jobs.cleanup import Cleanup
from server.jobs.nightly import NightlyVerify
from server.jobs.runner import Job, Jobs
from server.jobs.sales import SalesCount
from server.mail.outbox import MailOutbox
from server.mail.senders import sender_of
from server.settings import Settings
from server.webhooks.courier import Courier
from server.webhooks.outbox import WebhookOutbox
from server.webhooks.signing import Signer

MAIL, WEBHOOKS = "send mails", "send webhooks"
LOOK = timedelta(seconds=2)
"""The most that an outbox is late when something waits and no event wakes it, as for a retry."""
MAIL_PAUSE, WEBHOOK_PAUSE = timedelta(seconds=1), timedelta(seconds=0.5)
"""A run costs about the same for one event as for fifty, so those of a busy moment share one."""


@dataclass(frozen=True)
class BackgroundJobs:
    """The jobs of a worker, with the outboxes that they run."""

    jobs: Jobs
    mails: MailOutbox
    webhooks: WebhookOutbox

    def start(self) -> None:
        """Begin to look at the clock."""
        self.jobs.start()

    async def stop(self) -> None:
        """End what runs."""
        await self.jobs.stop()
        await self.webhooks.close()


def background_jobs(
    settings: Settings,
    db: Database,
    work: Work,
    clock: Clock,
    follower: Follower,
    registry: CollectorRegistry,
    *,
    sweep_orders: Callable[[], Awaitable[None]],
    pay_back: Callable[[], Awaitable[None]],
    count_points: Callable[[], Awaitable[None]],
) -> BackgroundJobs:
    """The jobs of a worker. An event of an order wakes the outboxes."""
    mails = MailOutbox(
        db,
        work,
        clock,
        sender_of(settings),
        mail_from=settings.mail_from,
        mail_admin=settings.mail_admin,
        return_days=settings.return_days,
    )
    courier = Courier(allow_private=settings.webhook_allow_private)
    signer = Signer(settings.secret_key.get_secret_value().encode())
    webhooks = WebhookOutbox(db, work, clock, signer, courier)

    verify = NightlyVerify(settings, work, registry)

    async def tell_low_stock() -> None:
        await mails.tell_low_stock(settings.low_stock_threshold)
        jobs.wake(MAIL)

    async def tell_of_payments() -> None:
        await mails.tell_of_payments()
        jobs.wake(MAIL)

    jobs = Jobs(
        work,
        clock,
        [
            Job("sweep unpaid orders", sweep_orders, every=timedelta(seconds=15)),
            Job("pay back", pay_back, every=timedelta(seconds=15)),
            Job(MAIL, mails.run, every=LOOK, pause=MAIL_PAUSE),
            Job(WEBHOOKS, webhooks.run, every=LOOK, pause=WEBHOOK_PAUSE),
            Job("tell of payments", tell_of_payments, every=timedelta(minutes=1)),
            Job("count sales", SalesCount(work).run, every=timedelta(minutes=5)),
            Job("tell of low stock", tell_low_stock, every=timedelta(hours=1)),
            Job("count points for tiers", count_points, every=timedelta(hours=1)),
            Job(
                "clean up",
                Cleanup(work, clock, behavior=timedelta(days=settings.behavior_days)).run,
                daily_at=settings.cleanup_daily_at,
            ),
            Job("verify", verify.run, daily_at=settings.verify_daily_at),
        ],
    )

    def wake(_: OrderStepped) -> None:
        jobs.wake(MAIL)
        jobs.wake(WEBHOOKS)

    follower.on(OrderStepped, wake)
    follower.on(WebhookChanged, lambda _: jobs.wake(WEBHOOKS))
    follower.on(DatabaseVerified, verify.show)
    return BackgroundJobs(jobs, mails, webhooks)
