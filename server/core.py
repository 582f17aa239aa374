"""What every room of a worker builds on: settings, database, clock, events, pages and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from prometheus_client import CollectorRegistry

from server.audit.security import SecurityLog
from server.budgets.budgets import Budgets
from server.budgets.setup import budgets_of
from server.clock import Clock
from server.crypto.ring import KeyRing
from server.crypto.vault import Vault
from server.db.clock import Timekeeper
from server.db.database import Database
from server.db.pool import Pool
from server.db.work import Work
from server.events.follower import Follower
from server.keys.keeper import KeyKeeper
from server.paging import Pages
from server.part import Gauge, Part
from server.rpc.address_limits import Count, limit_of_searches, no_limit
from server.rpc.detached import DetachedTasks
from server.settings import Settings
from server.text.shop_languages import ShopLanguages


@dataclass(frozen=True, kw_only=True)
class Core:
    """The one of each that all rooms share."""

    settings: Settings
    db: Database
    pool: Pool
    work: Work
    budgets: Budgets
    clock: Clock
    """The time by the database's clock, of which a worker's own may differ."""
    follower: Follower
    ring: KeyRing
    pages: Pages
    vault: Vault
    detached: DetachedTasks
    registry: CollectorRegistry
    security: SecurityLog
    """Hears of what concerns security."""

    @classmethod
    def of(cls, settings: Settings, clock: Clock) -> Core:
        """As the settings say. `clock` is the worker's own; what counts is the database's, which may differ."""
        # A thread waits a moment for a row; a use case comes back for it, without a thread meanwhile.
        lock_ms = round(settings.max_wait_seconds * 100)
        ring = settings.ring
        vault = Vault(ring)
        db = Database(
            settings.url, pool_size=settings.db_pool_size, lock_ms=lock_ms, clock=clock, vault=vault
        )
        pool = Pool(
            threads=settings.db_pool_size,
            max_queued=settings.max_queued_calls,
            max_wait_seconds=settings.max_wait_seconds,
        )
        work = Work(db, pool)
        pages = Pages(ring, default_size=settings.default_page_size, max_size=settings.max_page_size)
        registry = CollectorRegistry()
        return cls(
            settings=settings,
            db=db,
            pool=pool,
            work=work,
            budgets=budgets_of(settings, work, db.clock.seconds),
            clock=db.clock,
            follower=Follower(db),
            ring=ring,
            pages=pages,
            vault=vault,
            detached=DetachedTasks(),
            registry=registry,
            security=SecurityLog(work, db.clock, db.clock.seconds, registry),
        )

    @cached_property
    def languages(self) -> ShopLanguages:
        """Those of the shop's texts."""
        return ShopLanguages(self.settings.default_language, tuple(self.settings.languages))

    @property
    def count_search(self) -> Count:
        """What counts a search by an RPC that is not always one."""
        settings = self.settings
        if not settings.rate_limit:
            return no_limit
        return limit_of_searches(self.budgets, settings.rate_limit_search).count

    def part(self) -> Part:
        """What starts before every room, and stops after all of them."""
        timekeeper = Timekeeper(self.db.clock)
        keys = KeyKeeper(self.db, self.work, self.ring)

        async def start() -> None:
            await timekeeper.start()
            self.follower.start()
            await keys.start()

        async def stop() -> None:
            await self.security.close()
            await keys.stop()
            await timekeeper.stop()
            await self.budgets.close()
            self.follower.stop()
            self.pool.close()
            self.db.close()

        return Part(
            listeners=[keys.attach],
            gauges=[
                Gauge(
                    "sanset_event_lag_seconds",
                    "Age of the oldest event that waits to be read, or behind a transaction that publishes slowly",
                    lambda: self.follower.lag_seconds,
                ),
                Gauge(
                    "sanset_busy_use_cases",
                    "Use cases that run or wait for a thread",
                    lambda: self.pool.busy,
                ),
            ],
            start=start,
            stop=stop,
        )
