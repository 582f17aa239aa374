"""How the system is: database, disk, mails, webhooks, models, jobs, and what waits for a person."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, select

from server.analytics import rollup_queries
from server.analytics.sales import is_complete
from server.jobs import queries as job_queries
from server.mail.models import Mail
from server.payment.models import PaymentAlert
from server.recommend.registry.models import TrainedModel
from server.webhooks.models import WebhookDelivery

OLD: Final = timedelta(hours=1)
"""A mail or delivery that waits for longer than this does not arrive soon."""
LITTLE_DISK: Final = 0.05
MAX_LAG_SECONDS: Final = 10.0
MAX_COUNTING_SECONDS: Final = 60.0


class Problem(StrEnum):
    """What is not as it should be."""

    LITTLE_DISK = "LITTLE_DISK"
    EVENTS_WAIT = "EVENTS_WAIT"
    QUEUE_WAITS = "QUEUE_WAITS"
    SOME_FAILED = "SOME_FAILED"
    NO_MODEL = "NO_MODEL"
    ALERTS_OPEN = "ALERTS_OPEN"
    INCOMPLETE = "INCOMPLETE"


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """Something that was looked at; `problem` is None where it is as it should be."""

    name: str
    problem: Problem | None
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class JobHealth:
    """A job: when it ran last, and what went wrong."""

    name: str
    last_started_at: datetime | None
    last_finished_at: datetime | None
    last_error: str


@dataclass(frozen=True, slots=True)
class SystemHealth:
    """All of it."""

    checks: Sequence[HealthCheck]
    jobs: Sequence[JobHealth]


def system_health(
    connection: Connection, now: datetime, *, data_dir: Path, event_lag: Callable[[], float]
) -> SystemHealth:
    """Look at everything."""
    checks = [
        _database(connection),
        _disk(data_dir),
        _events(event_lag()),
        _queue(connection, "mail", Mail, now),
        _queue(connection, "webhooks", WebhookDelivery, now),
        _models(connection),
        _alerts(connection),
        _analytics(connection, now),
    ]
    jobs = [
        JobHealth(row.name, row.last_started_at, row.last_finished_at, row.last_error)
        for row in job_queries.all_jobs(connection)
    ]
    return SystemHealth(checks, jobs)


def _database(connection: Connection) -> HealthCheck:
    began = time.perf_counter()
    connection.execute(select(1))
    milliseconds = (time.perf_counter() - began) * 1000
    return HealthCheck(
        "database", None, {"kind": connection.dialect.name, "round_trip_ms": f"{milliseconds:.1f}"}
    )


def _disk(data_dir: Path) -> HealthCheck:
    usage = shutil.disk_usage(data_dir)
    problem = None if usage.free >= usage.total * LITTLE_DISK else Problem.LITTLE_DISK
    return HealthCheck("disk", problem, {"free_bytes": str(usage.free), "total_bytes": str(usage.total)})


def _events(lag_seconds: float) -> HealthCheck:
    problem = Problem.EVENTS_WAIT if lag_seconds > MAX_LAG_SECONDS else None
    return HealthCheck("events", problem, {"lag_seconds": f"{lag_seconds:.1f}"})


def _queue(
    connection: Connection, name: str, table: type[Mail] | type[WebhookDelivery], now: datetime
) -> HealthCheck:
    waiting, oldest = connection.execute(
        select(func.count(), func.min(table.created_at)).where(table.status == "PENDING")
    ).one()
    recent = (table.status == "FAILED", table.created_at >= now - timedelta(days=1))
    failed = connection.scalar(select(func.count()).select_from(table).where(*recent)) or 0
    late = oldest is not None and oldest < now - OLD
    problem = Problem.QUEUE_WAITS if late else Problem.SOME_FAILED if failed else None
    facts = {"waiting": str(waiting), "failed_last_day": str(failed)}
    return HealthCheck(name, problem, facts)


def _models(connection: Connection) -> HealthCheck:
    query = select(TrainedModel.version, TrainedModel.created_at).where(TrainedModel.is_active)
    row = connection.execute(query).first()
    if row is None:
        return HealthCheck("models", Problem.NO_MODEL, {})
    return HealthCheck("models", None, {"version": row.version, "trained_at": row.created_at.isoformat()})


def _alerts(connection: Connection) -> HealthCheck:
    query = select(func.count()).select_from(PaymentAlert).where(PaymentAlert.closed_at.is_(None))
    count = connection.scalar(query) or 0
    problem = Problem.ALERTS_OPEN if count else None
    return HealthCheck("payments", problem, {"open_alerts": str(count)})


def _analytics(connection: Connection, now: datetime) -> HealthCheck:
    complete = is_complete(connection)
    waiting, oldest = rollup_queries.waiting(connection)
    lag = (now - oldest).total_seconds() if oldest is not None else 0.0
    problem = None if complete else Problem.INCOMPLETE
    if lag > MAX_COUNTING_SECONDS:
        problem = Problem.EVENTS_WAIT
    facts = {"complete": str(complete).lower(), "waiting_events": str(waiting), "lag_seconds": f"{lag:.1f}"}
    return HealthCheck("analytics", problem, facts)
