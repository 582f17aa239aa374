"""SQL of the list of the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select

from server.audit.models import AuditEntry
from server.db.base import AnyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilters:
    """Which entries are listed; what is empty or None lets all in."""

    actor_id: int = 0
    action: str = ""
    subject: str = ""
    address: str = ""
    only_events: bool = False
    event: str = ""
    since: datetime | None = None
    before: datetime | None = None


def entry_page(
    connection: Connection, filters: AuditFilters, below: int | None, limit: int
) -> Sequence[AnyRow]:
    """Entries, the newest first, from below the id `below`."""
    statement = select(
        AuditEntry.id,
        AuditEntry.at,
        AuditEntry.actor_id,
        AuditEntry.is_service,
        AuditEntry.action,
        AuditEntry.subject,
        AuditEntry.event,
        AuditEntry.occurrences,
        AuditEntry.request_id,
        AuditEntry.address,
        AuditEntry.details,
    ).where(*_conditions(filters))
    if below is not None:
        statement = statement.where(AuditEntry.id < below)
    return connection.execute(statement.order_by(AuditEntry.id.desc()).limit(limit)).all()


def _conditions(filters: AuditFilters) -> list[ColumnElement[bool]]:
    equal = {
        AuditEntry.actor_id: filters.actor_id,
        AuditEntry.action: filters.action,
        AuditEntry.subject: filters.subject,
        AuditEntry.address: filters.address,
        AuditEntry.event: filters.event,
    }
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal.items() if value]
    if filters.only_events or filters.event:
        conditions.append(AuditEntry.event != "")
    if filters.since is not None:
        conditions.append(AuditEntry.at >= filters.since)
    if filters.before is not None:
        conditions.append(AuditEntry.at < filters.before)
    return conditions
