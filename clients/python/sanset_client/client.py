"""The client for threads and scripts."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import grpc
from sanset.v1.auth_pb2 import LogoutRequest, RefreshRequest, Tokens

from sanset_client.calls import Calls
from sanset_client.channel import TARGET, TIMEOUT, Options, checked_timeout, login_request, options_of
from sanset_client.contract import Contract
from sanset_client.errors import DeadlineExceeded, Unauthenticated, Unavailable
from sanset_client.services import (
    Auth,
    Cart,
    Catalog,
    Inventory,
    Models,
    Orders,
    Payments,
    Promotions,
    Recommend,
    Refunds,
    Segments,
    Users,
    Webhooks,
)
from sanset_client.session import REFRESH_TIMEOUT, Session, TokensHook


class Client:
    """A shop, and the user who is signed in. Safe to use from many threads.

    target: where the shop listens, "host:port".
    credentials: TLS, such as `grpc.ssl_channel_credentials()`. Without, the connection is not encrypted.
    timeout: seconds given to every call that has one reply, unless the call says otherwise.
    tokens: the tokens of an earlier session, as `on_tokens` received them; the refresh token alone will do.
    on_tokens: called with the tokens after every login and renewal, and with None when the session is over,
        before any call uses them: keep them there.
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
        on_tokens: TokensHook | None = None,
        cart_token: str = "",
        user_agent: str = "",
        options: Options = (),
    ) -> None:
        contract = Contract()
        self._session = Session(self._refresh, tokens, on_tokens, cart_token)
        self._calls = Calls(contract, self._session, checked_timeout(timeout))
        channel_options = options_of(user_agent, options)
        self._channel = (
            grpc.secure_channel(target, credentials, channel_options)
            if credentials is not None
            else grpc.insecure_channel(target, channel_options)
        )
        channel = grpc.intercept_channel(self._channel, self._calls)
        self.auth = Auth(channel)
        self.users = Users(channel)
        self.catalog = Catalog(channel)
        self.inventory = Inventory(channel)
        self.cart = Cart(channel)
        self.promotions = Promotions(channel)
        self.orders = Orders(channel)
        self.payments = Payments(channel)
        self.refunds = Refunds(channel)
        self.webhooks = Webhooks(channel)
        self.recommend = Recommend(channel)
        self.models = Models(channel)
        self.segments = Segments(channel)

    @property
    def tokens(self) -> Tokens | None:
        """The tokens in use; None when nobody is signed in."""
        return self._session.tokens

    @property
    def cart_token(self) -> str:
        """The token of the cart filled before signing in; "" when there is none. Whoever has it has the cart."""
        return self._session.cart_token

    def login(self, login: str, password: str) -> None:
        """Sign in by e-mail address or user name.

        Raises Unauthenticated (INVALID_CREDENTIALS), and ResourceExhausted after too many attempts.
        """
        self._session.put(self.auth.Login(login_request(login, password)))

    def logout(self, *, all_sessions: bool = False) -> None:
        """Sign out here or everywhere, and forget the tokens. Does nothing when nobody is signed in.

        Keeps the tokens when the server cannot be reached, and raises the error.
        """
        if self._session.tokens is None:
            return
        try:
            self.auth.Logout(LogoutRequest(all_sessions=all_sessions))
        except Unauthenticated:
            if self._session.tokens is None:  # the attempt to renew them noticed, and called the hook
                return
        self._session.put(None)

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

    def _refresh(self, refresh_token: str) -> Tokens:
        request = RefreshRequest(refresh_token=refresh_token)
        try:
            return self.auth.Refresh(request, timeout=REFRESH_TIMEOUT)
        except (Unavailable, DeadlineExceeded):
            # The reply may have been lost. The server gives the same tokens again if asked soon; later it
            # would take the repeat for theft.
            return self.auth.Refresh(request, timeout=REFRESH_TIMEOUT)
