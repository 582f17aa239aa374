"""The client for threads and scripts."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

import grpc
from sanset.v1.auth_pb2 import Tokens

from sanset_client.account import Account, SignedIn, refresh, tokens_of
from sanset_client.blocking import run
from sanset_client.channel import TARGET, TIMEOUT, Options, checked_timeout, options_of
from sanset_client.contract import Contract
from sanset_client.methods.services import Services
from sanset_client.threads.calls import ThreadCalls
from sanset_client.threads.session import ThreadSession

TokensHook = Callable[[Tokens | None], None]


class Client(Services, SignedIn):
    """A shop, and the user who is signed in. Safe to use from many threads.

    target: where the shop listens, "host:port".
    credentials: TLS, such as `tls()` or `tls(ca_file="ca.pem")`. Without, the connection is not encrypted.
    timeout: seconds given to every call that has one reply, unless the call says otherwise.
    tokens: the tokens of an earlier session, as `on_tokens` received them; the refresh token alone will do.
    on_tokens: called with the tokens after every login and renewal, and with None when the session is over,
        before any call uses them: keep them there.
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
        self._session = ThreadSession(
            self._refresh, tokens_of(tokens, api_key), on_tokens, cart_token, device_id
        )
        self._calls = ThreadCalls(Contract(), self._session, checked_timeout(timeout))
        channel_options = options_of(user_agent, options)
        self._channel = (
            grpc.secure_channel(target, credentials, channel_options)
            if credentials is not None
            else grpc.insecure_channel(target, channel_options)
        )
        super().__init__(grpc.intercept_channel(self._channel, self._calls))
        self._account = Account(self.auth, self._session)

    def login(self, login: str, password: str, code: str = "") -> None:
        """Sign in by e-mail address or user name; where there is a second factor, with a `code` of it.

        Raises Unauthenticated (INVALID_CREDENTIALS, SECOND_FACTOR_REQUIRED, SECOND_FACTOR_WRONG), and
        ResourceExhausted after too many attempts.
        """
        run(self._account.login(login, password, code))

    def logout(self, *, all_sessions: bool = False) -> None:
        """Sign out here or everywhere, and forget the tokens. Does nothing when nobody is signed in.

        Keeps the tokens when the server cannot be reached, and raises the error.
        """
        run(self._account.logout(all_sessions=all_sessions))

    def close(self) -> None:
        """Close the connection. Calls under way fail with CANCELLED, later ones with ClientClosed."""
        self._calls.closed = True
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _refresh(self, refresh_token: str) -> Tokens:
        return await refresh(self.auth, refresh_token)
