"""Accounts as staff sees them: plain values to protobuf."""

from __future__ import annotations

from sanset.v1 import user_admin_pb2 as pb

from server.db.base import AnyRow
from server.rpc.wire import time_to_wire


def account_to_wire(row: AnyRow) -> pb.UserAccount:
    """An account."""
    return pb.UserAccount(
        id=row.id,
        email=row.email,
        username=row.username or "",
        full_name=row.full_name,
        phone=row.phone,
        role=row.role,
        state=pb.UserAccount.ACTIVE if row.is_active else pb.UserAccount.DEACTIVATED,
        create_time=time_to_wire(row.created_at),
        update_time=time_to_wire(row.updated_at),
    )
