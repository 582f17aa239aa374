"""Prometheus gauges of what a worker holds and waits for."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Gauge

from server.db.pool import Pool
from server.events.follower import Follower
from server.order.tracking import Tracking
from server.recommend.serving.state import ServingState


def export_gauges(
    registry: CollectorRegistry, *, follower: Follower, pool: Pool, tracking: Tracking, serving: ServingState
) -> None:
    """Register the gauges."""
    gauges = {
        "sanset_event_lag_seconds": (
            "Age of the oldest event that waits to be read, or behind a transaction that publishes slowly",
            lambda: follower.lag_seconds,
        ),
        "sanset_busy_use_cases": ("Use cases that run or wait for a thread", lambda: pool.busy),
        "sanset_tracking_streams": ("Open TrackOrder streams", lambda: tracking.open_streams),
        "sanset_model_age_seconds": ("Age of the model in use; 0 without one", lambda: _model_age(serving)),
    }
    for name, (description, read) in gauges.items():
        Gauge(name, description, registry=registry).set_function(read)


def _model_age(serving: ServingState) -> float:
    return time.time() - serving.models.created_at if serving.models.active else 0.0
