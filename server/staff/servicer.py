"""UserAdminService: gRPC in and out."""

from __future__ import annotations

from datetime import datetime

from sanset.v1 import user_admin_pb2 as pb
from sanset.v1 import user_admin_pb2_grpc
from sqlalchemy import Connection

from server.audit.log import Actor
from server.clock import Clock
from server.db.database import Database
from server.repeats.short_call import once
from server.rpc.call import Call
from server.staff import accounts
from server.staff.convert import account_to_wire


class UserAdminServicer(user_admin_pb2_grpc.UserAdminServiceServicer):
    """The accounts of users for staff. What an RPC promises is in the proto."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    @once(pb.UserAccount)
    def SetUserRole(
        self, tx: Connection, request: pb.SetUserRoleRequest, call: Call, now: datetime
    ) -> pb.UserAccount:
        """Give an account another role."""
        name = request.role.upper()
        return account_to_wire(
            accounts.set_role(tx, call.identity, request.user_id, name, Actor.of(call), now)
        )

    @once(pb.UserAccount)
    def SetUserActive(
        self, tx: Connection, request: pb.SetUserActiveRequest, call: Call, now: datetime
    ) -> pb.UserAccount:
        """Close or open an account."""
        return account_to_wire(
            accounts.set_active(tx, call.identity, request.user_id, request.active, Actor.of(call), now)
        )
