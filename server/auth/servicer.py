"""AuthService: gRPC in and out."""

from __future__ import annotations

import structlog
from google.protobuf.empty_pb2 import Empty
from sanset.v1 import auth_pb2, auth_pb2_grpc, user_pb2

from server.auth import convert, service, sessions, throttle
from server.auth.errors import InvalidCredentials, RefreshTokenInvalid
from server.auth.passwords import Passwords, check_strength
from server.auth.refresh import RefreshPolicy
from server.auth.text import lookup_key
from server.auth.tokens import AccessTokens
from server.clock import Clock
from server.db.database import Database
from server.db.pool import Pool
from server.errors import Overloaded
from server.paging import Pages
from server.rpc.call import Call
from server.rpc.networks import network_of
from server.user.convert import user_to_wire

log = structlog.get_logger()


class AuthServicer(auth_pb2_grpc.AuthServiceServicer):
    """Signing in and out, and sessions. What an RPC promises is in the proto."""

    def __init__(
        self,
        db: Database,
        pool: Pool,
        pages: Pages,
        clock: Clock,
        passwords: Passwords,
        tokens: AccessTokens,
        refresh: RefreshPolicy,
        *,
        count_addresses: bool = True,
    ) -> None:
        """`pool` carries the transactions of the methods that hash between them.

        `count_addresses` is whether failed sign-ins are limited by address, beside the account's own limit.
        """
        self._count_addresses = count_addresses
        self._db = db
        self._pool = pool
        self._pages = pages
        self._clock = clock
        self._passwords = passwords
        self._tokens = tokens
        self._refresh = refresh

    async def Register(self, request: auth_pb2.RegisterRequest, call: Call) -> user_pb2.User:
        """Hash first, then insert: the transaction does not wait for the hash."""
        check_strength(request.password, request.email)
        password_hash = await self._passwords.hash(request.password, call.deadline)
        return await self._pool.run(call.deadline, self._register, request, password_hash)

    def _register(self, request: auth_pb2.RegisterRequest, password_hash: str) -> user_pb2.User:
        with self._db.transaction() as tx:
            row = service.register(
                tx,
                full_name=request.full_name,
                email=request.email,
                phone=request.phone,
                username=request.username,
                password_hash=password_hash,
                now=self._clock(),
            )
        return user_to_wire(row)

    async def Login(self, request: auth_pb2.LoginRequest, call: Call) -> auth_pb2.Tokens:
        """Look up, verify, and only then open the session; a stranger costs the same two steps."""
        found, attempt = await self._pool.run(call.deadline, self._begin_sign_in, request, call)
        user_id, hashed, is_active = found or (None, None, False)
        try:
            matches = await self._passwords.verify(request.password, hashed, call.deadline)
        except Overloaded:
            await self._pool.run_vital(call.deadline, self._forgive, attempt)
            raise
        if user_id is None or hashed is None or not (matches and is_active):
            log.warning(
                "security_event",
                kind="sign_in_failed",
                user_id=user_id,
                address=call.address,
                request_id=call.request_id,
            )
            raise InvalidCredentials()
        new_hash = None
        if self._passwords.outdated(hashed):
            new_hash = await self._passwords.hash(request.password, call.deadline)
        return await self._pool.run(
            call.deadline, self._open_session, call, user_id, hashed, new_hash, attempt
        )

    def _begin_sign_in(
        self, request: auth_pb2.LoginRequest, call: Call
    ) -> tuple[tuple[int, str | None, bool] | None, throttle.Attempt]:
        with self._db.transaction() as tx:
            row = sessions.credentials(tx, email=request.email, username=request.username)
            attempt = throttle.begin(
                tx,
                user_id=row.id if row else None,
                name=lookup_key(request.email or request.username),
                address=call.address,
                network=network_of(call.address),
                count_addresses=self._count_addresses,
                now=self._clock(),
            )
        return ((row.id, row.password_hash, row.is_active) if row else None), attempt

    def _forgive(self, attempt: throttle.Attempt) -> None:
        with self._db.transaction() as tx:
            throttle.forgive(tx, attempt)

    def _open_session(
        self, call: Call, user_id: int, hashed: str, new_hash: str | None, attempt: throttle.Attempt
    ) -> auth_pb2.Tokens:
        with self._db.transaction() as tx:
            throttle.forgive(tx, attempt)
            grant = sessions.open_session(
                tx,
                user_id,
                verified_hash=hashed,
                new_hash=new_hash,
                device=sessions.Device(call.user_agent, call.address),
                now=self._clock(),
                policy=self._refresh,
            )
        return self._tokens_for(grant)

    def Refresh(self, request: auth_pb2.RefreshRequest, call: Call) -> auth_pb2.Tokens:
        """The refusal comes after the commit: a theft revokes the session for good."""
        with self._db.transaction() as tx:
            outcome = sessions.rotate(
                tx, request.refresh_token, ip=call.address, now=self._clock(), policy=self._refresh
            )
        if isinstance(outcome, sessions.Grant):
            return self._tokens_for(outcome)
        if isinstance(outcome, sessions.Theft):
            log.warning(
                "security_event",
                kind="refresh_token_reused",
                user_id=outcome.user_id,
                session_id=outcome.session_id,
                address=call.address,
                request_id=call.request_id,
            )
        raise RefreshTokenInvalid()

    def _tokens_for(self, grant: sessions.Grant) -> auth_pb2.Tokens:
        return auth_pb2.Tokens(
            access_token=self._tokens.issue(grant.user_id, grant.role, grant.session_id, self._clock()),
            token_type="bearer",  # noqa: S106 - the kind of token, not one
            expires_in=int(self._tokens.lifetime.total_seconds()),
            refresh_token=grant.refresh_token,
        )

    def Logout(self, request: auth_pb2.LogoutRequest, call: Call) -> Empty:
        """End this session, or all."""
        caller = call.identity
        with self._db.transaction() as tx:
            if request.all_sessions:
                sessions.revoke_all(tx, caller.user_id, self._clock())
            else:
                sessions.revoke(tx, caller.user_id, caller.session_id, self._clock())
        return Empty()

    def ListSessions(
        self, request: auth_pb2.ListSessionsRequest, call: Call
    ) -> auth_pb2.ListSessionsResponse:
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
        return auth_pb2.ListSessionsResponse(items=items, next_page_token=token)

    def RevokeSession(self, request: auth_pb2.RevokeSessionRequest, call: Call) -> Empty:
        """End one of the caller's sessions."""
        with self._db.transaction() as tx:
            sessions.revoke(tx, call.identity.user_id, request.session_id, self._clock())
        return Empty()
