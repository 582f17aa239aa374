"""AuthService: gRPC in and out."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import auth_pb2 as pb
from sanset.v1 import user_pb2
from sqlalchemy import Connection

from server.auth import convert, sessions
from server.auth.recovery.requests import ProofRequests
from server.auth.recovery.service import Recovery
from server.auth.recovery.servicer import RecoveryServicer, origin_of
from server.auth.refreshes import Refreshes, Refreshing
from server.auth.service import Login, SignIn
from server.clock import Clock
from server.db.database import Database
from server.db.work import Work
from server.paging import Pages
from server.repeats import owners
from server.repeats.short_call import once
from server.rpc.call import Call
from server.rpc.networks import network_of
from server.user import service as users
from server.user.convert import user_to_wire
from server.user.lookup_key import lookup_key
from server.user.service import NewAccount


def _new_account(request: pb.RegisterRequest, _: Call) -> str:
    """The name of a guest to whom request ids belong: the e-mail address that they register with."""
    return owners.registering(lookup_key(request.email))


class AuthServicer(RecoveryServicer):
    """Registering, signing in and out, and sessions. What an RPC promises is in the proto."""

    def __init__(
        self,
        db: Database,
        work: Work,
        pages: Pages,
        clock: Clock,
        sign_in: SignIn,
        tokens: convert.TokenWriter,
        refreshes: Refreshes,
        *,
        recovery: Recovery,
        requests: ProofRequests,
    ) -> None:
        super().__init__(db, work, clock, recovery, requests)
        self._pages = pages
        self._sign_in = sign_in
        self._tokens = tokens
        self._refreshes = refreshes

    async def Register(self, request: pb.RegisterRequest, call: Call) -> user_pb2.User:
        """Hash first, then insert: the transaction does not wait for the hash."""
        password = await self._sign_in.new_password(request.password, request.email, call.deadline)
        # What is kept to know a repeat by must not be what a password could be guessed from.
        request.password = password.fingerprint
        return await self._work.run(
            self._register, request, call, password.password_hash, deadline=call.deadline
        )

    @once(user_pb2.User, guest=_new_account)
    def _register(
        self, tx: Connection, request: pb.RegisterRequest, call: Call, now: datetime, password_hash: str
    ) -> user_pb2.User:
        account = NewAccount(request.full_name, request.email, request.phone, request.username)
        user = users.register(tx, account, password_hash, now)
        self._requests.welcome(tx, user.id, origin=origin_of(call), now=now)
        return user_to_wire(user)

    async def Login(self, request: pb.LoginRequest, call: Call) -> pb.Tokens:
        """Look up, verify, and only then open the session."""
        device = self._tokens.device_of(call.headers)
        login = Login(
            email=request.email,
            username=request.username,
            password=request.password,
            user_agent=call.user_agent,
            address=call.address,
            network=network_of(call.address),
            request_id=call.request_id,
            device=device,
            code=request.code,
        )
        return self._tokens.signed_in(await self._sign_in.sign_in(login, call.deadline), device)

    async def Refresh(self, request: pb.RefreshRequest, call: Call) -> pb.Tokens:
        """One transaction."""
        refreshing = Refreshing(
            request.refresh_token, call.address, network_of(call.address), call.request_id
        )
        grant = await self._refreshes.refresh(refreshing, call.deadline)
        return self._tokens.carried_on(grant, self._tokens.device_of(call.headers))

    def Logout(self, request: pb.LogoutRequest, call: Call) -> Empty:
        """End this session, or all."""
        caller = call.identity
        with self._db.transaction() as tx:
            if request.all_sessions:
                sessions.revoke_all(tx, caller.user_id, self._clock())
            else:
                sessions.revoke(tx, caller.user_id, caller.session_id, self._clock())
        return Empty()

    def ListSessions(self, request: pb.ListSessionsRequest, call: Call) -> pb.ListSessionsResponse:
        """One query for the page and a row more, which tells whether another follows."""
        caller = call.identity
        scope = ("ListSessions", caller.user_id)
        keys = self._pages.open(request.page_token, *scope)
        size = self._pages.size(request.page_size)
        with self._db.read() as connection:
            rows = sessions.list_sessions(
                connection,
                caller.user_id,
                after=(keys[0], keys[1]) if keys else None,
                limit=size + 1,
                now=self._clock(),
            )
        items, token = self._pages.page(
            rows,
            size,
            lambda row: convert.session_to_wire(row, current_id=caller.session_id),
            lambda row: [row.last_used_at, row.id],
            *scope,
        )
        return pb.ListSessionsResponse(items=items, next_page_token=token)

    def GetSession(self, request: pb.GetSessionRequest, call: Call) -> pb.Session:
        """One query."""
        caller, now = call.identity, self._clock()
        with self._db.read() as connection:
            row = sessions.get_session(connection, caller.user_id, request.session_id, now)
        return convert.session_to_wire(row, current_id=caller.session_id)

    def RevokeSession(self, request: pb.RevokeSessionRequest, call: Call) -> Empty:
        """End one of the caller's sessions."""
        with self._db.transaction() as tx:
            sessions.revoke(tx, call.identity.user_id, request.session_id, self._clock())
        return Empty()
