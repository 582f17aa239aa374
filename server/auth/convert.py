"""Sessions: plain values to protobuf."""

from __future__ import annotations

from sanset.v1 import auth_pb2 as pb

from server.db.base import AnyRow
from server.rpc.wire import time_to_wire


def session_to_wire(row: AnyRow, *, current_id: str) -> pb.Session:
    """A session as its user sees it; `current_id` is the session of the call."""
    return pb.Session(
        id=row.id,
        device=row.device,
        ip=row.ip,
        create_time=time_to_wire(row.created_at),
        last_use_time=time_to_wire(row.last_used_at),
        expire_time=time_to_wire(row.expires_at),
        current=row.id == current_id,
    )
