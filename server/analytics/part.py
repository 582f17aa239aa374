"""Composes the room of the analytics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sanset.v1.analytics_pb2_grpc import add_AnalyticsServiceServicer_to_server

from server.analytics.activity.counting import EVERY, ActivityCount
from server.analytics.calendar import ShopCalendar
from server.analytics.keeper import RollUpKeeper
from server.analytics.servicer import AnalyticsServicer
from server.core import Core
from server.events.order_steps import OrderStepped
from server.exports.calls import ExportCalls
from server.jobs.runner import Job
from server.part import Part

MAX_DELAY = timedelta(seconds=10)
PAUSE = timedelta(seconds=5)
"""A run costs hardly more for a hundred orders than for one: those of some seconds share it."""


@dataclass(frozen=True, kw_only=True)
class AnalyticsPart(Part):
    """The analytics, and who keeps their roll-ups."""

    keeper: RollUpKeeper
    activity: ActivityCount


def build(core: Core, exports: ExportCalls) -> AnalyticsPart:
    """AnalyticsService, and the jobs that keep what it answers from."""
    settings = core.settings
    keeper = RollUpKeeper(core.db, core.work, settings.time_zone)
    servicer = AnalyticsServicer(
        core.db,
        core.pages,
        core.clock,
        exports,
        time_zone=settings.time_zone,
        currency=settings.currency,
        low_stock_below=settings.low_stock_threshold,
        data_dir=settings.data_dir,
        event_lag=lambda: core.follower.lag_seconds,
    )
    kept = timedelta(days=settings.behavior_days)
    activity = ActivityCount(core.work, core.clock, ShopCalendar.of(settings.time_zone), kept)
    return AnalyticsPart(
        keeper=keeper,
        activity=activity,
        servicers=[partial(add_AnalyticsServiceServicer_to_server, servicer)],
        jobs=[
            Job("count activity", activity.run, every=EVERY),
            Job("roll up sales", keeper.run, every=MAX_DELAY, pause=PAUSE, woken_by=(OrderStepped,)),
        ],
    )
