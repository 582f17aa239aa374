"""The tokens of a signed-in user: kept, renewed shortly before they expire, by one caller for all."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Self

from sanset.v1.auth_pb2 import Tokens

from sanset_client.errors import SansetError, Unauthenticated

RENEW_BEFORE = 60.0
"""Seconds before its expiry at which a token is renewed; a tenth of its life for short-lived ones."""

RENEWAL_REST = 5.0
"""Seconds before an early renewal that failed is tried again; until then the old token serves."""

Refresh = Callable[[str], Awaitable[Tokens]]
TokensHook = Callable[[Tokens | None], Awaitable[None] | None]


@dataclass(frozen=True, slots=True)
class Grant:
    """A pair of tokens, and when to renew them (`time.monotonic` seconds)."""

    tokens: Tokens
    renew_at: float
    expires_at: float

    @classmethod
    def received(cls, tokens: Tokens) -> Self:
        """Take tokens that the server just sent."""
        now = time.monotonic()
        early = min(RENEW_BEFORE, tokens.expires_in / 10)
        return cls(tokens, now + tokens.expires_in - early, now + tokens.expires_in)

    @classmethod
    def restored(cls, tokens: Tokens) -> Self:
        """Take tokens of unknown age: good until the server refuses them. Raises ValueError on neither."""
        if not tokens.access_token and not tokens.refresh_token:
            raise ValueError("tokens: give an access token, a refresh token, or both")
        until = float("inf") if tokens.access_token else float("-inf")
        return cls(tokens, until, until)

    def due(self) -> bool:
        """Return True when the access token should be renewed before it is used."""
        return bool(self.tokens.refresh_token) and time.monotonic() >= self.renew_at

    def serves_after(self, error: SansetError) -> Grant | None:
        """Return the grant to go on with when its early renewal failed; None when it cannot go on."""
        if isinstance(error, Unauthenticated) or time.monotonic() >= self.expires_at:
            return None
        return replace(self, renew_at=time.monotonic() + RENEWAL_REST)


class Session(ABC):
    """The tokens of a client. One caller renews them, while the others wait for it."""

    def __init__(
        self,
        refresh: Refresh,
        tokens: Tokens | None,
        on_tokens: TokensHook | None,
        cart_token: str = "",
        device_id: str = "",
    ) -> None:
        self.cart_token = cart_token
        self.device_id = device_id or (tokens.device_id if tokens is not None else "")
        self._refresh = refresh
        self._on_tokens = on_tokens
        self._grant = Grant.restored(tokens) if tokens is not None else None
        self._lock = threading.Lock()

    @property
    def tokens(self) -> Tokens | None:
        """The tokens in use; None when nobody is signed in."""
        grant = self._grant
        return grant.tokens if grant else None

    async def put(self, tokens: Tokens | None) -> None:
        """Take the tokens of a login, or None after a logout, and tell `on_tokens`."""
        with self._lock:
            self._grant = Grant.received(tokens) if tokens is not None else None
        await self._tell(tokens)

    async def token(self, seconds: float) -> str:
        """Return an access token to send, renewed when it is due; "" when nobody is signed in.

        Raises what Refresh raises when there is no other token to go on with, and DeadlineExceeded when
        another's renewal takes longer than `seconds`.
        """
        grant = self._grant
        if grant is not None and grant.due():
            await self._renew(grant, seconds, early=True)
        return self._current()

    async def replace(self, rejected: str, seconds: float) -> str:
        """Return another access token than `rejected`, which the server refused.

        Returns "" when there is none to be had. Raises what `token` raises.
        """
        grant = self._grant
        if grant is not None and grant.tokens.access_token == rejected and grant.tokens.refresh_token:
            await self._renew(grant, seconds, early=False)
        current = self._current()
        return current if current != rejected else ""

    @abstractmethod
    async def _renew(self, grant: Grant, seconds: float, *, early: bool) -> None:
        """Exchange `grant` once for all who come meanwhile, and wait for that at most `seconds`."""

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

    def _current(self) -> str:
        grant = self._grant
        return grant.tokens.access_token if grant else ""

    def _swap(self, old: Grant, new: Grant | None) -> bool:
        """Replace `old` by `new`, unless a login or logout came between."""
        with self._lock:
            if self._grant is not old:
                return False
            self._grant = new
            return True

    async def _tell(self, tokens: Tokens | None) -> None:
        if self._on_tokens is not None:
            pending = self._on_tokens(tokens)
            if pending is not None:
                await pending
