"""Refresh tokens: opaque, stored as hashes, each with one successor that only this shop can compute.

What one that comes back means, a lost reply or theft, is decided in `sessions`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from server.crypto.purposes import Purpose
from server.crypto.ring import Derived
from server.settings import Settings

TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class RefreshPolicy:
    """How long sessions last, and how a refresh token leads to the next."""

    keys: Derived[bytes]
    lifetime: timedelta
    grace: timedelta
    """A repeat within this time is taken for a lost reply, later for theft."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As `settings` say."""
        return cls(
            keys=Derived(settings.ring, Purpose.REFRESH_TOKENS, bytes),
            lifetime=timedelta(minutes=settings.refresh_token_expire_minutes),
            grace=timedelta(seconds=settings.refresh_grace_seconds),
        )

    def successor(self, token: str) -> str:
        """The token that follows `token`: always the same, so that a repeat can be given it again.

        The shop stores hashes only and could not look it up; without the key nobody can compute it.
        """
        return _successor(token, self.keys.current)

    def successor_before(self, token: str, successor_hash: str) -> str:
        """The token that followed `token`, by its hash: another key of the shop's may have computed it."""
        successors = (_successor(token, key) for key in self.keys.all())
        return next((one for one in successors if hash_of(one) == successor_hash), self.successor(token))


def new_token() -> str:
    """A refresh token that begins a session."""
    return _encode(secrets.token_bytes(TOKEN_BYTES))


def hash_of(token: str) -> str:
    """Return what is stored of `token`. It is random, so a plain hash cannot be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()


def _successor(token: str, key: bytes) -> str:
    return _encode(hmac.digest(key, token.encode(), hashlib.sha256))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
