"""IdentityService: gRPC in and out."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import auth_pb2, identity_pb2_grpc
from sanset.v1 import identity_pb2 as pb
from sqlalchemy import Connection

from server.auth.convert import TokenWriter
from server.auth.federated import accounts, queries
from server.auth.federated.flow import Flow
from server.auth.federated.providers import Provider, Providers
from server.auth.federated.service import FederatedSignIn, Finish, Started
from server.auth.recovery.servicer import origin_of
from server.clock import Clock
from server.db.base import AnyRow
from server.db.database import Database
from server.paging import Pages
from server.repeats.short_call import once
from server.rpc.call import Call
from server.rpc.wire import time_to_wire


class IdentityServicer(identity_pb2_grpc.IdentityServiceServicer):
    """What an RPC promises is in the proto."""

    def __init__(
        self,
        db: Database,
        pages: Pages,
        clock: Clock,
        providers: Providers,
        sign_in: FederatedSignIn,
        tokens: TokenWriter,
    ) -> None:
        self._db = db
        self._pages = pages
        self._clock = clock
        self._providers = providers
        self._sign_in = sign_in
        self._tokens = tokens

    async def ListIdentityProviders(
        self, request: pb.ListIdentityProvidersRequest, call: Call
    ) -> pb.ListIdentityProvidersResponse:
        """From memory."""
        keys = self._pages.open(request.page_token, "ListIdentityProviders")
        size, start = self._pages.size(request.page_size), keys[0] if keys else 0
        numbered = list(enumerate(self._providers.all, start=1))[start : start + size + 1]
        items, token = self._pages.page(
            numbered,
            size,
            lambda row: _provider_to_wire(row[1]),
            lambda row: [row[0]],
            "ListIdentityProviders",
        )
        return pb.ListIdentityProvidersResponse(items=items, next_page_token=token)

    async def StartFederatedSignIn(
        self, request: pb.StartFederatedSignInRequest, call: Call
    ) -> pb.FederatedFlow:
        """Ask the provider where to, and note the state."""
        started = await self._sign_in.start(request.provider, request.redirect_uri, call.deadline)
        return _flow_to_wire(started)

    async def FinishFederatedSignIn(
        self, request: pb.FinishFederatedSignInRequest, call: Call
    ) -> auth_pb2.Tokens:
        """Use the state up, ask the provider, and only then open the session."""
        finish = _finish_of(request, call, second_factor_code=request.second_factor_code)
        grant = await self._sign_in.finish(finish, call.deadline)
        return self._tokens.signed_in(grant, self._tokens.device_of(call.headers))

    async def StartIdentityLink(self, request: pb.StartIdentityLinkRequest, call: Call) -> pb.FederatedFlow:
        """The same for an account."""
        started = await self._sign_in.start(
            request.provider, request.redirect_uri, call.deadline, caller=call.identity
        )
        return _flow_to_wire(started)

    async def LinkIdentity(self, request: pb.LinkIdentityRequest, call: Call) -> pb.LinkedIdentity:
        """Use the state up, ask the provider, and only then link."""
        row = await self._sign_in.link(_finish_of(request, call), call.identity, call.deadline)
        return self._identity_to_wire(row)

    def ListIdentities(self, request: pb.ListIdentitiesRequest, call: Call) -> pb.ListIdentitiesResponse:
        """One query for the page and a row more."""
        user_id = call.identity.user_id
        keys = self._pages.open(request.page_token, "ListIdentities", user_id)
        size = self._pages.size(request.page_size)
        with self._db.read() as connection:
            rows = queries.page(connection, user_id, keys[0] if keys else 0, size + 1)
        items, token = self._pages.page(
            rows, size, self._identity_to_wire, lambda row: [row.id], "ListIdentities", user_id
        )
        return pb.ListIdentitiesResponse(items=items, next_page_token=token)

    @once(Empty)
    def UnlinkIdentity(
        self, tx: Connection, request: pb.UnlinkIdentityRequest, call: Call, now: datetime
    ) -> Empty:
        """Unlink one."""
        accounts.unlink(tx, call.identity, request.identity_id, self._providers, origin_of(call), now)
        return Empty()

    def _identity_to_wire(self, row: AnyRow) -> pb.LinkedIdentity:
        return pb.LinkedIdentity(
            id=row.id,
            provider=self._providers.name_of(row.issuer),
            email=row.email,
            create_time=time_to_wire(row.created_at),
            last_use_time=time_to_wire(row.last_used_at),
        )


def _provider_to_wire(provider: Provider) -> pb.IdentityProvider:
    return pb.IdentityProvider(name=provider.name, title=provider.title)


def _flow_to_wire(started: Started) -> pb.FederatedFlow:
    return pb.FederatedFlow(
        authorization_url=started.authorization_url,
        state=started.flow.state,
        flow_secret=started.flow.secret,
        expire_time=time_to_wire(started.expires_at),
    )


def _finish_of(
    request: pb.FinishFederatedSignInRequest | pb.LinkIdentityRequest,
    call: Call,
    *,
    second_factor_code: str = "",
) -> Finish:
    return Finish(
        flow=Flow(request.flow_secret),
        state=request.state,
        code=request.authorization_code,
        issuer=request.issuer,
        origin=origin_of(call),
        user_agent=call.user_agent,
        second_factor_code=second_factor_code,
    )
