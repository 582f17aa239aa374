"""The client for asyncio."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import grpc
from grpc import aio
from sanset.v1.auth_pb2 import LogoutRequest, RefreshRequest, Tokens

from sanset_client.aio.calls import StreamCalls, UnaryCalls
from sanset_client.aio.services import (
    AsyncAuth,
    AsyncCart,
    AsyncCatalog,
    AsyncInventory,
    AsyncModels,
    AsyncOrders,
    AsyncPayments,
    AsyncPromotions,
    AsyncRecommend,
    AsyncRefunds,
    AsyncSegments,
    AsyncUsers,
    AsyncWebhooks,
)
from sanset_client.aio.session import AsyncSession, AsyncTokensHook
from sanset_client.channel import TARGET, TIMEOUT, Options, checked_timeout, login_request, options_of
from sanset_client.contract import Contract
from sanset_client.errors import DeadlineExceeded, Unauthenticated, Unavailable
from sanset_client.session import REFRESH_TIMEOUT


class AsyncClient:
    """A shop, and the user who is signed in. Safe to use from many tasks; made inside a running loop.

    target: where the shop listens, "host:port".
    credentials: TLS, such as `grpc.ssl_channel_credentials()`. Without, the connection is not encrypted.
    timeout: seconds given to every call that has one reply, unless the call says otherwise.
    tokens: the tokens of an earlier session, as `on_tokens` received them; the refresh token alone will do.
    on_tokens: called, and awaited when it is async, with the tokens after every login and renewal, and with
        None when the session is over, before any call uses them: keep them there.
    cart_token: the token of an earlier guest's cart, as read from `cart_token`.
    user_agent: how the user's list of sessions shows this client.
    options: further gRPC channel options.
    """

    def __init__(
        self,
        target: str = TARGET,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        timeout: float = TIMEOUT,
        tokens: Tokens | None = None,
        on_tokens: AsyncTokensHook | None = None,
        cart_token: str = "",
        user_agent: str = "",
        options: Options = (),
    ) -> None:
        asyncio.get_running_loop()  # a channel made outside would belong to another loop than its callers
        contract = Contract()
        self._session = AsyncSession(self._refresh, tokens, on_tokens, cart_token)
        self._unary = UnaryCalls(contract, self._session, checked_timeout(timeout))
        self._streams = StreamCalls(contract, self._session, timeout)
        channel_options = options_of(user_agent, options)
        interceptors = (self._unary, self._streams)
        channel = self._channel = (
            aio.secure_channel(target, credentials, channel_options, interceptors=interceptors)
            if credentials is not None
            else aio.insecure_channel(target, channel_options, interceptors=interceptors)
        )
        self.auth = AsyncAuth(channel)
        self.users = AsyncUsers(channel)
        self.catalog = AsyncCatalog(channel)
        self.inventory = AsyncInventory(channel)
        self.cart = AsyncCart(channel)
        self.promotions = AsyncPromotions(channel)
        self.orders = AsyncOrders(channel)
        self.payments = AsyncPayments(channel)
        self.refunds = AsyncRefunds(channel)
        self.webhooks = AsyncWebhooks(channel)
        self.recommend = AsyncRecommend(channel)
        self.models = AsyncModels(channel)
        self.segments = AsyncSegments(channel)

    @property
    def tokens(self) -> Tokens | None:
        """The tokens in use; None when nobody is signed in."""
        return self._session.tokens

    @property
    def cart_token(self) -> str:
        """The token of the cart filled before signing in; "" when there is none. Whoever has it has the cart."""
        return self._session.cart_token

    async def login(self, login: str, password: str) -> None:
        """Sign in by e-mail address or user name.

        Raises Unauthenticated (INVALID_CREDENTIALS), and ResourceExhausted after too many attempts.
        """
        await self._session.put(await self.auth.Login(login_request(login, password)))

    async def logout(self, *, all_sessions: bool = False) -> None:
        """Sign out here or everywhere, and forget the tokens. Does nothing when nobody is signed in.

        Keeps the tokens when the server cannot be reached, and raises the error.
        """
        if self._session.tokens is None:
            return
        try:
            await self.auth.Logout(LogoutRequest(all_sessions=all_sessions))
        except Unauthenticated:
            if self._session.tokens is None:  # the attempt to renew them noticed, and called the hook
                return
        await self._session.put(None)

    async def close(self) -> None:
        """Close the connection, after a renewal under way. Calls under way are cancelled."""
        self._unary.closed = self._streams.closed = True
        await self._session.settle()
        await self._channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _refresh(self, refresh_token: str) -> Tokens:
        request = RefreshRequest(refresh_token=refresh_token)
        try:
            return await self.auth.Refresh(request, timeout=REFRESH_TIMEOUT)
        except (Unavailable, DeadlineExceeded):
            # The reply may have been lost. The server gives the same tokens again if asked soon; later it
            # would take the repeat for theft.
            return await self.auth.Refresh(request, timeout=REFRESH_TIMEOUT)
