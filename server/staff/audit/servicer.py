"""AuditService: gRPC in and out."""

from __future__ import annotations

from sanset.v1 import audit_pb2 as pb
from sanset.v1 import audit_pb2_grpc

from server.db.database import Database
from server.paging import Pages
from server.rpc.call import Call
from server.staff.audit.convert import entry_to_wire, filters_from_wire
from server.staff.audit.queries import entry_page


class AuditServicer(audit_pb2_grpc.AuditServiceServicer):
    """The audit log for staff. What an RPC promises is in the proto."""

    def __init__(self, db: Database, pages: Pages) -> None:
        self._db = db
        self._pages = pages

    def ListAuditLogs(self, request: pb.ListAuditLogsRequest, call: Call) -> pb.ListAuditLogsResponse:
        """One query for the page and a row more."""
        filters, size = filters_from_wire(request), self._pages.size(request.page_size)
        scope = ("ListAuditLogs", call.identity.user_id, filters)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            rows = entry_page(connection, filters, after[0] if after else None, size + 1)
        items, token = self._pages.page(rows, size, entry_to_wire, lambda row: [row.id], *scope)
        return pb.ListAuditLogsResponse(items=items, next_page_token=token)
