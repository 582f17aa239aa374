"""Entries of the audit log: rows to protobuf."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.struct_pb2 import Struct
from sanset.v1 import audit_pb2 as pb

from server.db.base import AnyRow
from server.rpc.wire import time_from_wire, time_to_wire
from server.staff.audit.queries import AuditFilters

_PARTS: Final = ("request", "before", "after", "facts")


def filters_from_wire(request: pb.ListAuditLogsRequest) -> AuditFilters:
    """Which entries a list holds."""
    return AuditFilters(
        actor_id=request.actor_id,
        action=request.action,
        subject=request.object,
        address=request.address,
        only_events=request.security_events,
        event=pb.AuditLog.SecurityEvent.Name(request.security_event) if request.security_event else "",
        since=time_from_wire(request, "start_time"),
        before=time_from_wire(request, "end_time"),
    )


def entry_to_wire(row: AnyRow) -> pb.AuditLog:
    """An entry."""
    parts = {name: row.details[name] for name in _PARTS if isinstance(row.details.get(name), dict)}
    # Entries of earlier releases have facts alone.
    facts = {name: value for name, value in row.details.items() if name not in parts}
    parts["facts"] = facts | parts.get("facts", {})
    return pb.AuditLog(
        id=row.id,
        time=time_to_wire(row.at),
        actor_id=row.actor_id or 0,
        is_service_account=row.is_service,
        action=row.action,
        object=row.subject,
        security_event=pb.AuditLog.SecurityEvent.Value(row.event or "SECURITY_EVENT_UNSPECIFIED"),
        occurrences=row.occurrences,
        address=row.address,
        request_id=row.request_id,
        **{name: _struct(values) for name, values in parts.items() if values},
    )


def _struct(values: Mapping[str, Any]) -> Struct:
    struct = Struct()
    struct.update(values)
    return struct
