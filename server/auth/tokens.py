"""Access tokens: signed JWTs, verified once and remembered, and refused as soon as their session is revoked."""

from __future__ import annotations

import math
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

import jwt
from jwt.types import Options

from server.auth import queries
from server.auth.keys import KeyRing
from server.db.database import Database
from server.errors import TokenInvalid
from server.events.follower import Follower
from server.events.topics import SessionEnded
from server.identity import Identity, Role
from server.settings import Settings

LEEWAY_SECONDS = 5
"""How far ahead another server's clock may be when it issues a token. Nothing is valid past its `exp`."""
MAX_TOKEN_CHARS = 4096
"""Ours have 300 to 700; a longer one is refused before any work."""
CLAIMS = ["sub", "role", "iat", "exp", "jti", "sid", "iss", "aud"]
_OPTIONS: Final[Options] = {
    "require": CLAIMS,
    "strict_aud": True,
    # Tokens live by the clock of the database, which the library does not know.
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}
REMEMBERED = 20_000
MAX_FORGED = 1000
"""How many tokens that are none are remembered: who sends one mostly sends it again."""


class AccessTokens:
    """Issues access tokens."""

    def __init__(self, keys: KeyRing, *, issuer: str, audience: str, lifetime: timedelta) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self.lifetime = lifetime

    @classmethod
    def of(cls, settings: Settings, now: Callable[[], float] = time.time) -> Self:
        """As `settings` say. Raises InvalidSettings when a key is missing or unfit."""
        return cls(
            KeyRing.of(settings),
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            lifetime=timedelta(minutes=settings.access_token_expire_minutes),
        )

    def issue(self, user_id: int, role: str, session_id: str, now: datetime) -> str:
        """A token for a user's session, valid from `now` for the lifetime."""
        claims = {
            "sub": str(user_id),
            "role": role,
            "iat": int(now.timestamp()),
            "exp": int((now + self.lifetime).timestamp()),
            "jti": uuid.uuid4().hex,
            "sid": session_id,
            "iss": self._issuer,
            "aud": self._audience,
        }
        headers = {"kid": self._keys.kid}
        return jwt.encode(claims, self._keys.signing_key, algorithm=self._keys.algorithm, headers=headers)


class TokenVerifier:
    """Tells who an access token proves, on the event loop's thread."""

    def __init__(
        self,
        keys: KeyRing,
        *,
        issuer: str,
        audience: str,
        lifetime: timedelta,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`lifetime` is that of access tokens: a revoked session is remembered as long as one may live."""
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime
        self._now = now
        self._verified: OrderedDict[str, Identity] = OrderedDict()
        self._forged: dict[str, None] = {}
        self._revoked: OrderedDict[str, float] = OrderedDict()

    @classmethod
    def of(cls, settings: Settings, now: Callable[[], float] = time.time) -> Self:
        """As `settings` say. Raises InvalidSettings when a key is missing or unfit."""
        return cls(
            KeyRing.of(settings),
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            lifetime=timedelta(minutes=settings.access_token_expire_minutes),
            now=now,
        )

    def verify(self, token: str) -> Identity:
        """The caller that `token` proves. Raises TokenInvalid for every flaw, and when it is revoked."""
        identity = self._verified.get(token) or self._decoded(token)
        if identity.session_id in self._revoked or identity.expires_at <= self._now():
            raise TokenInvalid()
        return identity

    def attach(self, follower: Follower) -> None:
        """Learn of revoked sessions from the events."""
        follower.on(SessionEnded, self._session_revoked)

    def load(self, database: Database) -> None:
        """Learn which sessions are revoked already. Call it after the follower has started: none is missed."""
        with database.read() as connection:
            now = datetime.fromtimestamp(self._now(), UTC)
            since = now - self._lifetime - timedelta(seconds=LEEWAY_SECONDS)
            for session_id in queries.sessions_revoked_since(connection, since):
                self.revoke(session_id)

    def revoke(self, session_id: str) -> None:
        """Refuse every token of the session from now on."""
        now = self._now()
        while self._revoked and next(iter(self._revoked.values())) <= now:
            self._revoked.popitem(last=False)
        self._revoked[session_id] = now + self._lifetime.total_seconds() + LEEWAY_SECONDS
        self._revoked.move_to_end(session_id)

    def _session_revoked(self, event: SessionEnded) -> None:
        self.revoke(event.session_id)

    def _decoded(self, token: str) -> Identity:
        """The identity in a token that was not verified before; it is remembered."""
        if len(token) > MAX_TOKEN_CHARS or token in self._forged:
            raise TokenInvalid()
        identity = self._verified[token] = self._decode(token)
        if len(self._verified) > REMEMBERED:
            self._verified.popitem(last=False)
        return identity

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        """Raise ValueError or TypeError unless a token's times are numbers, and hold now."""
        now = self._now()
        expires_at, issued_at, not_before = (float(claims.get(name, now)) for name in ("exp", "iat", "nbf"))
        if not (now - LEEWAY_SECONDS < expires_at < math.inf):
            raise ValueError("expired")
        if not max(issued_at, not_before) <= now + LEEWAY_SECONDS:
            raise ValueError("not yet valid")

    def _decode(self, token: str) -> Identity:
        claims = self._claims(token)
        try:
            self._check_times(claims)
            return Identity(
                int(claims["sub"]), Role(claims["role"]), str(claims["sid"]), float(claims["exp"])
            )
        except (ValueError, TypeError, KeyError, OverflowError):
            raise TokenInvalid() from None

    def _claims(self, token: str) -> Mapping[str, Any]:
        """What a token says that we signed; any other is remembered, for it stays forged whatever the time."""
        try:
            key = self._keys.accepted[jwt.get_unverified_header(token)["kid"]]
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],  # pinned by our key, whatever the header claims
                issuer=self._issuer,
                audience=self._audience,
                options=_OPTIONS,
            )
        # A hostile header is parsed before any signature is checked: it may be any JSON, nested to any depth.
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
            self._forged[token] = None
            if len(self._forged) > MAX_FORGED:
                del self._forged[next(iter(self._forged))]
            raise TokenInvalid() from None
        return claims
