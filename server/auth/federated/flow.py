"""A sign-in at a provider under way: all that it needs follows from a secret that its client alone has.

The shop keeps the hash of the state, so there is nothing in the database that could finish a sign-in; and another
client, which somebody sends a state and code of their own, has not its secret (login CSRF).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self
from urllib.parse import urlencode, urlsplit

LIFETIME: Final = timedelta(minutes=10)
SCOPES: Final = "openid email profile"


@dataclass(frozen=True, slots=True)
class Flow:
    """The secret of a sign-in."""

    secret: str

    @classmethod
    def begin(cls) -> Self:
        """A new one."""
        return cls(secrets.token_urlsafe(32))

    @property
    def state(self) -> str:
        """What the provider sends back with the user."""
        return self._derived(b"state")

    @property
    def nonce(self) -> str:
        """What the provider puts into its token."""
        return self._derived(b"nonce")

    @property
    def code_verifier(self) -> str:
        """What proves to the provider that who has the code has begun the sign-in (RFC 7636)."""
        return self._derived(b"code verifier")

    @property
    def second_factor_key(self) -> bytes:
        """By which it is found again while a code of the second factor is missing."""
        return self._derived(b"second factor").encode()

    def has_state(self, state: str) -> bool:
        """Whether a state is that of this sign-in."""
        return hmac.compare_digest(state.encode(), self.state.encode())

    def authorization_url(self, endpoint: str, *, client_id: str, redirect_uri: str) -> str:
        """Where the user is sent."""
        challenge = _encoded(hashlib.sha256(self.code_verifier.encode()).digest())
        parameters = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPES,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        separator = "&" if urlsplit(endpoint).query else "?"
        return f"{endpoint}{separator}{urlencode(parameters)}"

    def _derived(self, what: bytes) -> str:
        return _encoded(hmac.digest(self.secret.encode(), what, hashlib.sha256))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
