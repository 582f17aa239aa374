"""SQL of the jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from server.db.base import AnyRow
from server.db.upsert import insert_for
from server.jobs.models import JobRow


def all_jobs(connection: Connection) -> Sequence[AnyRow]:
    """Every job that a worker has ever run or looked at."""
    return connection.execute(select(JobRow.__table__).order_by(JobRow.name)).all()


def job(connection: Connection, name: str) -> AnyRow | None:
    """The row of a job; None before any worker has looked at it."""
    return connection.execute(select(JobRow.__table__).where(JobRow.name == name)).one_or_none()


def added(tx: Connection, name: str) -> AnyRow:
    """Make the row of a job, if it has none, and return it."""
    values = {"name": name, "holder": "", "last_error": ""}
    tx.execute(insert_for(tx)(JobRow).values(values).on_conflict_do_nothing())
    return tx.execute(select(JobRow.__table__).where(JobRow.name == name)).one()


def claim(
    tx: Connection, name: str, holder: str, last_started_at: datetime | None, now: datetime, until: datetime
) -> bool:
    """Begin a run; False when another worker holds the lease, or began one since `last_started_at` was read."""
    claimed = tx.execute(
        update(JobRow)
        .where(
            JobRow.name == name,
            JobRow.last_started_at.is_not_distinct_from(last_started_at),
            or_(JobRow.leased_until.is_(None), JobRow.leased_until <= now, JobRow.holder == holder),
        )
        .values(holder=holder, leased_until=until, last_started_at=now)
    )
    return claimed.rowcount == 1


def renew(tx: Connection, name: str, holder: str, until: datetime) -> bool:
    """Keep the lease until then; False when another worker has it."""
    renewed = tx.execute(
        update(JobRow).where(JobRow.name == name, JobRow.holder == holder).values(leased_until=until)
    )
    return renewed.rowcount == 1


def finish(tx: Connection, name: str, holder: str, now: datetime, error: str, leased_until: datetime) -> None:
    """Record the end of a run, unless another worker has taken the job over."""
    tx.execute(
        update(JobRow)
        .where(JobRow.name == name, JobRow.holder == holder)
        .values(last_finished_at=now, last_error=error, leased_until=leased_until)
    )


def release(tx: Connection, holder: str, now: datetime) -> None:
    """Give up every lease of a worker that stops."""
    tx.execute(
        update(JobRow).where(JobRow.holder == holder, JobRow.leased_until > now).values(leased_until=now)
    )
