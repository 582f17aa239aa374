"""Signing in, staying signed in and signing out, once for both clients."""

from __future__ import annotations

from sanset.v1.auth_pb2 import LoginRequest, LogoutRequest, RefreshRequest, Tokens

from sanset_client.errors import DeadlineExceeded, Unauthenticated, Unavailable
from sanset_client.rpc import Caller, Prepared
from sanset_client.session import Session

REFRESH_TIMEOUT = 4.0
"""Seconds given to Refresh. Twice this lies within the 10 s in which the server repeats a lost reply."""


def tokens_of(tokens: Tokens | None, api_key: str) -> Tokens | None:
    """Return what a client begins with. Raises ValueError on an API key that is none, and beside tokens."""
    if not api_key:
        return tokens
    if tokens is not None:
        raise ValueError("api_key: give an API key or tokens, not both")
    if not api_key.startswith("sk_"):
        raise ValueError("api_key: an API key begins with sk_")
    return Tokens(access_token=api_key)


class SignedIn:
    """What a client says of its user."""

    _session: Session

    @property
    def tokens(self) -> Tokens | None:
        """The tokens in use; None when nobody is signed in."""
        return self._session.tokens

    @property
    def cart_token(self) -> str:
        """The token of the cart filled before signing in; "" when there is none. Whoever has it has the cart."""
        return self._session.cart_token

    @property
    def device_id(self) -> str:
        """What the shop knows this client by where its user signed in before; "" before the first sign-in.

        Kept after the sign-out: strangers who guess passwords cannot keep the user out here. It stands in
        `tokens`, too.
        """
        return self._session.device_id


class Account:
    """The user of a client."""

    def __init__(self, auth: Caller, session: Session) -> None:
        self._auth = auth
        self._session = session

    async def login(self, login: str, password: str, code: str = "") -> None:
        """Sign in by e-mail address or, without an @, by user name."""
        request = LoginRequest(password=password, code=code)
        if "@" in login:
            request.email = login
        else:
            request.username = login
        await self._session.put(await self._auth.call("Login", Prepared(request)))

    async def logout(self, *, all_sessions: bool) -> None:
        """Sign out, and forget the tokens. Does nothing when nobody is signed in."""
        if self._session.tokens is None:
            return
        try:
            await self._auth.call("Logout", Prepared(LogoutRequest(all_sessions=all_sessions)))
        except Unauthenticated:
            if self._session.tokens is None:  # the attempt to renew them noticed, and called the hook
                return
        await self._session.put(None)


async def refresh(auth: Caller, refresh_token: str) -> Tokens:
    """Exchange a refresh token for new tokens. Raises SansetError."""
    prepared = Prepared(RefreshRequest(refresh_token=refresh_token), REFRESH_TIMEOUT)
    try:
        tokens: Tokens = await auth.call("Refresh", prepared)
    except (Unavailable, DeadlineExceeded):
        # The reply may have been lost. The server gives the same tokens again if asked soon; later it
        # would take the repeat for theft.
        tokens = await auth.call("Refresh", prepared)
    return tokens
