"""Tells who did what in the shop.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.protobuf import timestamp_pb2
from sanset.v1 import audit_pb2
from typing import Literal

from sanset_client.rpc import Metadata, Prepared, Items, Unary, prepare

AuditLogSecurityEventName = Literal["SECURITY_EVENT_UNSPECIFIED", "SIGN_IN_FAILED", "SIGN_IN_LIMITED", "ACCOUNT_LOCKED", "SECOND_FACTOR_FAILED", "SECOND_FACTOR_CHANGED", "CODE_FAILED", "PASSWORD_CHANGED", "EMAIL_CHANGED", "REFRESH_REFUSED", "PERMISSION_REFUSED", "ROLE_CHANGED", "ROLE_ASSIGNED", "ACCOUNT_CHANGED", "API_KEY_CHANGED", "API_KEY_USED", "API_KEY_REFUSED", "IDENTITY_CHANGED", "PASSKEY_CHANGED"]


def list_audit_logs(
    *,
    actor_id: int | None = None,
    action: str | None = None,
    object: str | None = None,
    address: str | None = None,
    security_events: bool | None = None,
    security_event: audit_pb2.AuditLog.SecurityEvent.ValueType | AuditLogSecurityEventName | None = None,
    start_time: timestamp_pb2.Timestamp | None = None,
    end_time: timestamp_pb2.Timestamp | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists entries of the audit log, the newest first.

    Filters narrow the list together. Who reads it leaves an entry as well.
    """
    return prepare(
        audit_pb2.ListAuditLogsRequest,
        timeout,
        metadata,
        actor_id=actor_id,
        action=action,
        object=object,
        address=address,
        security_events=security_events,
        security_event=security_event,
        start_time=start_time,
        end_time=end_time,
        page_size=page_size,
        page_token=page_token,
    )


class AuditMethods:
    """Tells who did what in the shop."""

    list_audit_logs = Unary("ListAuditLogs", list_audit_logs, audit_pb2.ListAuditLogsResponse)
    iter_audit_logs = Items("ListAuditLogs", list_audit_logs.request, audit_pb2.AuditLog)
