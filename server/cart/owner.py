"""Whose cart: a user's, or that of a guest, who proves it with a token."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

TOKEN_HEADER = "x-cart-token"  # noqa: S105 - the name of the metadata
TOKEN_BYTES = 32
"""256 random bits cannot be guessed, so that who has the token has the cart, and nobody else."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Member:
    """A signed-in user, who has one cart, whatever token they send."""

    user_id: int

    @property
    def until(self) -> None:
        """A user's cart does not expire."""
        return None


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who is not signed in. `token` is empty when they sent none that could be one.

    A cart that has expired by `now` is not found; one that they change lives on `until` then.
    """

    token: str
    now: datetime
    until: datetime

    @property
    def user_id(self) -> None:
        """Nobody knows who they are."""
        return None

    @property
    def token_hash(self) -> str:
        """What is stored of the token. It is random, so a plain hash cannot be turned back."""
        return hashlib.sha256(self.token.encode()).hexdigest()

    def with_new_token(self) -> Guest:
        """The same guest with a token for a new cart."""
        return replace(self, token=secrets.token_urlsafe(TOKEN_BYTES))


Owner: TypeAlias = Member | Guest


def token_from(sent: object) -> str:
    """The token that was sent; empty when it cannot be one, so that nothing is looked up for it."""
    return sent if isinstance(sent, str) and _TOKEN.fullmatch(sent) else ""
