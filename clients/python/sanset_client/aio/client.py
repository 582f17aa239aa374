"""The client for asyncio."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import grpc
from grpc import aio
from sanset.v1.auth_pb2 import Tokens

from sanset_client.account import Account, SignedIn, refresh, tokens_of
from sanset_client.aio.calls import LoopCalls, StreamInterceptor, UnaryInterceptor, UploadInterceptor
from sanset_client.aio.session import LoopSession
from sanset_client.channel import TARGET, TIMEOUT, Options, checked_timeout, options_of
from sanset_client.contract import Contract
from sanset_client.methods.services import AsyncServices
from sanset_client.session import TokensHook


class AsyncClient(AsyncServices, SignedIn):
    """A shop, and the user who is signed in. Safe to use from many tasks; made inside a running loop.

    target: where the shop listens, "host:port".
    credentials: TLS, such as `tls()` or `tls(ca_file="ca.pem")`. Without, the connection is not encrypted.
    timeout: seconds given to every call that has one reply, unless the call says otherwise.
    tokens: the tokens of an earlier session, as `on_tokens` received them; the refresh token alone will do.
    on_tokens: called, and awaited when it is async, with the tokens after every login and renewal, and with
        None when the session is over, before any call uses them: keep them there.
    api_key: the key of a service account, for a back end; nobody is signed in then.
    cart_token: the token of an earlier guest's cart, as read from `cart_token`.
    device_id: that of an earlier client on this device, as read from `device_id`.
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
        on_tokens: TokensHook | None = None,
        api_key: str = "",
        cart_token: str = "",
        device_id: str = "",
        user_agent: str = "",
        options: Options = (),
    ) -> None:
        asyncio.get_running_loop()  # a channel made outside would belong to another loop than its callers
        self._session: LoopSession = LoopSession(
            self._refresh, tokens_of(tokens, api_key), on_tokens, cart_token, device_id
        )
        self._calls = LoopCalls(Contract(), self._session, checked_timeout(timeout))
        channel_options = options_of(user_agent, options)
        interceptors = (
            UnaryInterceptor(self._calls),
            StreamInterceptor(self._calls),
            UploadInterceptor(self._calls),
        )
        self._channel = (
            aio.secure_channel(target, credentials, channel_options, interceptors=interceptors)
            if credentials is not None
            else aio.insecure_channel(target, channel_options, interceptors=interceptors)
        )
        super().__init__(self._channel)
        self._account = Account(self.auth, self._session)

    async def login(self, login: str, password: str, code: str = "") -> None:
        """Sign in by e-mail address or user name; where there is a second factor, with a `code` of it.

        Raises Unauthenticated (INVALID_CREDENTIALS, SECOND_FACTOR_REQUIRED, SECOND_FACTOR_WRONG), and
        ResourceExhausted after too many attempts.
        """
        await self._account.login(login, password, code)

    async def logout(self, *, all_sessions: bool = False) -> None:
        """Sign out here or everywhere, and forget the tokens. Does nothing when nobody is signed in.

        Keeps the tokens when the server cannot be reached, and raises the error.
        """
        await self._account.logout(all_sessions=all_sessions)

    async def close(self) -> None:
        """Close the connection, after a renewal under way. Calls under way are cancelled."""
        self._calls.closed = True
        await self._session.settle()
        await self._channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _refresh(self, refresh_token: str) -> Tokens:
        return await refresh(self.auth, refresh_token)
