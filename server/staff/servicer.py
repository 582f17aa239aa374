"""UserAdminService: gRPC in and out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from datetime import datetime

from google.api.httpbody_pb2 import HttpBody
from sanset.v1 import user_admin_pb2 as pb
from sanset.v1 import user_admin_pb2_grpc
from sqlalchemy import Connection

from server.audit.log import Actor
from server.auth import sessions, throttle
from server.auth.recovery.codes import RecoveryCodes
from server.auth.sessions import MAX_OPEN_SESSIONS
from server.clock import Clock
from server.db.database import Database
from server.paging import Pages
from server.pricing.tiers import Tiers
from server.repeats.short_call import once
from server.roles import service as roles
from server.rpc.call import Call
from server.staff import accounts, queries
from server.staff.convert import account_to_wire, details_to_wire, filters_from_wire

ExportUsers = Callable[[pb.ExportUsersRequest, Call], AsyncGenerator[HttpBody]]
"""Streams the accounts as a file, as exports do."""


class UserAdminServicer(user_admin_pb2_grpc.UserAdminServiceServicer):
    """The accounts of users for staff. What an RPC promises is in the proto."""

    def __init__(
        self,
        db: Database,
        pages: Pages,
        clock: Clock,
        *,
        tiers: Tiers,
        currency: str,
        export_users: ExportUsers,
        codes: RecoveryCodes,
    ) -> None:
        self._db = db
        self._pages = pages
        self._clock = clock
        self._tiers = tiers
        self._currency = currency
        self._export_users = export_users
        self._codes = codes

    def ListUsers(self, request: pb.ListUsersRequest, call: Call) -> pb.ListUsersResponse:
        """One query for the page and a row more, and one for the role that is named."""
        filters, size = filters_from_wire(request, self._tiers), self._pages.size(request.page_size)
        scope = ("ListUsers", call.identity.user_id, filters)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            if filters.role:
                roles.check_exists(connection, filters.role, "role")
            rows = queries.account_page(
                connection, filters, after[0] if after else None, size + 1, self._clock()
            )
        items, token = self._pages.page(
            rows, size, lambda row: account_to_wire(row, self._tiers), lambda row: [row.id], *scope
        )
        return pb.ListUsersResponse(items=items, next_page_token=token)

    def GetUser(self, request: pb.GetUserRequest, call: Call) -> pb.UserDetails:
        """A query for the account and its points, and one each for orders, sessions and failures."""
        user_id, now = request.user_id, self._clock()
        with self._db.read() as connection:
            row = accounts.get(connection, user_id, now)
            return details_to_wire(
                account_to_wire(row, self._tiers),
                row,
                queries.purchases(connection, user_id, self._currency),
                self._currency,
                sessions=sessions.list_sessions(
                    connection, user_id, after=None, limit=MAX_OPEN_SESSIONS, now=now
                ),
                failures=throttle.failures_of(connection, user_id),
            )

    @once(pb.UserAccount)
    def SetUserRole(
        self, tx: Connection, request: pb.SetUserRoleRequest, call: Call, now: datetime
    ) -> pb.UserAccount:
        """Give an account another role."""
        name = request.role.upper()
        accounts.set_role(tx, call.identity, request.user_id, name, Actor.of(call), now)
        return self._account(tx, request.user_id, now)

    @once(pb.UserAccount)
    def SetUserActive(
        self, tx: Connection, request: pb.SetUserActiveRequest, call: Call, now: datetime
    ) -> pb.UserAccount:
        """Close or open an account."""
        accounts.set_active(tx, call.identity, request.user_id, request.active, Actor.of(call), now)
        return self._account(tx, request.user_id, now)

    @once(pb.UserAccount)
    def UnlockUser(
        self, tx: Connection, request: pb.UnlockUserRequest, call: Call, now: datetime
    ) -> pb.UserAccount:
        """Forget the sign-ins that failed."""
        accounts.unlock(tx, call.identity, request.user_id, self._codes, Actor.of(call), now)
        return self._account(tx, request.user_id, now)

    @once(pb.UserAccount)
    def ResetSecondFactor(
        self, tx: Connection, request: pb.ResetSecondFactorRequest, call: Call, now: datetime
    ) -> pb.UserAccount:
        """Remove what its user has lost."""
        accounts.reset_second_factor(tx, call.identity, request.user_id, Actor.of(call), now)
        return self._account(tx, request.user_id, now)

    def ExportUsers(self, request: pb.ExportUsersRequest, call: Call) -> AsyncGenerator[HttpBody]:
        """Sent as every export is."""
        return self._export_users(request, call)

    def _account(self, tx: Connection, user_id: int, now: datetime) -> pb.UserAccount:
        return account_to_wire(accounts.get(tx, user_id, now), self._tiers)
