"""RoleService: gRPC in and out."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import role_pb2 as pb
from sanset.v1 import role_pb2_grpc
from sqlalchemy import Connection

from server.audit.log import Actor
from server.clock import Clock
from server.db.database import Database
from server.paging import Pages
from server.repeats.short_call import once
from server.roles import queries, service
from server.roles.convert import new_role_from_wire, role_changes, role_to_wire
from server.rpc.call import Call


class RoleServicer(role_pb2_grpc.RoleServiceServicer):
    """The roles of the shop. What an RPC promises is in the proto."""

    def __init__(self, db: Database, pages: Pages, clock: Clock) -> None:
        self._db = db
        self._pages = pages
        self._clock = clock

    def ListRoles(self, request: pb.ListRolesRequest, call: Call) -> pb.ListRolesResponse:
        """One query for the page and a row more."""
        size, scope = self._pages.size(request.page_size), ("ListRoles",)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            rows = queries.page(connection, after[0] if after else 0, size + 1)
        items, token = self._pages.page(rows, size, role_to_wire, lambda role: [role.id], *scope)
        return pb.ListRolesResponse(items=items, next_page_token=token)

    @once(pb.Role)
    def CreateRole(self, tx: Connection, request: pb.CreateRoleRequest, call: Call, now: datetime) -> pb.Role:
        """Store a new role."""
        values = new_role_from_wire(request.role)
        return role_to_wire(service.create(tx, call.identity, values, Actor.of(call), now))

    def GetRole(self, request: pb.GetRoleRequest, call: Call) -> pb.Role:
        """One query."""
        with self._db.read() as connection:
            return role_to_wire(service.get(connection, request.role_id))

    @once(pb.Role)
    def UpdateRole(self, tx: Connection, request: pb.UpdateRoleRequest, call: Call, now: datetime) -> pb.Role:
        """Change what the mask names."""
        sent, changes = request.role, role_changes(request)
        changed = service.change(
            tx, call.identity, sent.id, changes, sent.etag, actor=Actor.of(call), now=now
        )
        return role_to_wire(changed)

    @once(Empty)
    def DeleteRole(self, tx: Connection, request: pb.DeleteRoleRequest, call: Call, now: datetime) -> Empty:
        """Delete a role that nobody has."""
        service.remove(tx, call.identity, request.role_id, request.etag, Actor.of(call), now)
        return Empty()
