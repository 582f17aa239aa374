"""The tokens of a signed-in user, for one event loop: renewed by one task, for which the others wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from sanset.v1.auth_pb2 import Tokens

from sanset_client.errors import SansetError, Unauthenticated
from sanset_client.session import Grant

AsyncRefresh = Callable[[str], Awaitable[Tokens]]
AsyncTokensHook = Callable[[Tokens | None], Awaitable[None] | None]


class AsyncSession:
    """The tokens of an async client. Safe to use from many tasks of one loop."""

    def __init__(
        self,
        refresh: AsyncRefresh,
        tokens: Tokens | None,
        on_tokens: AsyncTokensHook | None,
        cart_token: str = "",
    ) -> None:
        self.cart_token = cart_token
        self._refresh = refresh
        self._on_tokens = on_tokens
        self._grant = Grant.restored(tokens) if tokens is not None else None
        self._renewal: asyncio.Task[None] | None = None

    @property
    def tokens(self) -> Tokens | None:
        """The tokens in use; None when nobody is signed in."""
        return self._grant.tokens if self._grant else None

    async def put(self, tokens: Tokens | None) -> None:
        """Take the tokens of a login, or None after a logout, and tell `on_tokens`."""
        self._grant = Grant.received(tokens) if tokens is not None else None
        await self._tell(tokens)

    async def token(self) -> str:
        """Return an access token to send, renewed when it is due; "" when nobody is signed in.

        Raises what Refresh raises when there is no other token to go on with.
        """
        if self._grant is not None and self._grant.due():
            await self._renew(self._grant, early=True)
        return self._current()

    async def replace(self, rejected: str) -> str:
        """Return another access token than `rejected`, which the server refused.

        Returns "" when there is none to be had. Raises what Refresh raises.
        """
        grant = self._grant
        if grant is not None and grant.tokens.access_token == rejected and grant.tokens.refresh_token:
            await self._renew(grant, early=False)
        current = self._current()
        return current if current != rejected else ""

    async def settle(self) -> None:
        """Wait for a renewal under way, so that its tokens are not lost."""
        if self._renewal is not None:
            with suppress(SansetError):
                await asyncio.shield(self._renewal)

    def _current(self) -> str:
        return self._grant.tokens.access_token if self._grant else ""

    async def _renew(self, grant: Grant, *, early: bool) -> None:
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._exchange(grant, early=early))
            self._renewal.add_done_callback(self._renewed)
        # A task of its own, and shielded: a caller who is cancelled or out of time must not take down the
        # renewal with them, which could lose the only copy of the new refresh token.
        await asyncio.shield(self._renewal)

    def _renewed(self, renewal: asyncio.Task[None]) -> None:
        self._renewal = None
        if not renewal.cancelled():
            renewal.exception()  # seen, even when every caller has gone

    async def _exchange(self, grant: Grant, *, early: bool) -> None:
        try:
            tokens = await self._refresh(grant.tokens.refresh_token)
        except SansetError as error:
            onward = grant.serves_after(error) if early else None
            if onward is None and not isinstance(error, Unauthenticated):
                raise  # the server may be back soon: the grant stays, and so does its refresh token
            if self._swap(grant, onward) and onward is None:
                await self._tell(None)
                raise
            return
        if self._swap(grant, Grant.received(tokens)):
            await self._tell(tokens)

    def _swap(self, old: Grant, new: Grant | None) -> bool:
        """Put `new` in the place of `old`, unless a login or logout came between."""
        if self._grant is not old:
            return False
        self._grant = new
        return True

    async def _tell(self, tokens: Tokens | None) -> None:
        if self._on_tokens is not None:
            pending = self._on_tokens(tokens)
            if pending is not None:
                await pending
