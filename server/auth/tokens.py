"""Access tokens: signed JWTs, verified once and remembered, and refused as soon as their session is revoked."""

from __future__ import annotations

import math
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, Self

import jwt
from jwt.types import Options

from server.auth import queries
from server.auth.keys import TokenKeys, VerifyingKey
from server.db.database import Database
from server.errors import TokenInvalid
from server.events.follower import Follower
from server.events.topics import RoleAssigned, SessionEnded
from server.identity import Identity, Role
from server.roles.table import RoleTable
from server.settings import Settings
from server.user import queries as users

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
SECOND_FACTOR = "mfa"
"""That a session was opened by several factors, by RFC 8176."""
REMEMBERED = 20_000
MAX_FORGED = 1000
"""How many tokens that are none are remembered: who sends one mostly sends it again."""


class AccessTokens:
    """Issues access tokens."""

    def __init__(self, keys: TokenKeys, *, issuer: str, audience: str, lifetime: timedelta) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self.lifetime = lifetime

    @classmethod
    def of(cls, settings: Settings, now: Callable[[], float] = time.time) -> Self:
        """As `settings` say. Raises InvalidSettings when a key is missing or unfit."""
        return cls(
            TokenKeys.of(settings),
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            lifetime=timedelta(minutes=settings.access_token_expire_minutes),
        )

    def issue(
        self, user_id: int, role: str, session_id: str, now: datetime, *, second_factor: bool = False
    ) -> str:
        """A token for a user's session, valid from `now` for the lifetime."""
        claims: dict[str, object] = {
            "sub": str(user_id),
            "role": role,
            "iat": int(now.timestamp()),
            "exp": int((now + self.lifetime).timestamp()),
            "jti": uuid.uuid4().hex,
            "sid": session_id,
            "iss": self._issuer,
            "aud": self._audience,
        }
        if second_factor:
            claims["amr"] = [SECOND_FACTOR]
        headers = {"kid": self._keys.kid}
        return jwt.encode(claims, self._keys.signing_key, algorithm=self._keys.algorithm, headers=headers)


class _Assignment(NamedTuple):
    """The role that an account was given after some of its tokens were issued, which name another."""

    role: str
    version: int
    """Counts the account's changes."""
    until: float
    """When all those tokens have expired."""


class TokenVerifier:
    """Tells who an access token proves, and what they may do now, on the event loop's thread."""

    def __init__(
        self,
        keys: TokenKeys,
        *,
        issuer: str,
        audience: str,
        lifetime: timedelta,
        roles: RoleTable,
        staff_second_factor: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`lifetime` is that of access tokens: as long is remembered what their accounts may not do any more.

        With `staff_second_factor` nobody but vendors has the permissions of their role without a second factor.
        """
        self._staff_second_factor = staff_second_factor
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime
        self._now = now
        self._verified: OrderedDict[str, Identity] = OrderedDict()
        self._forged: dict[str, None] = {}
        self._revoked: OrderedDict[str, float] = OrderedDict()
        self._assigned: OrderedDict[int, _Assignment] = OrderedDict()
        self._roles = roles
        roles.on_change(lambda name: self._forget(lambda identity: identity.role.name == name))

    @classmethod
    def of(cls, settings: Settings, roles: RoleTable, now: Callable[[], float] = time.time) -> Self:
        """As `settings` say. Raises InvalidSettings when a key is missing or unfit."""
        return cls(
            TokenKeys.of(settings),
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            lifetime=timedelta(minutes=settings.access_token_expire_minutes),
            roles=roles,
            staff_second_factor=settings.require_staff_second_factor,
            now=now,
        )

    def verify(self, token: str) -> Identity:
        """The caller that `token` proves. Raises TokenInvalid for every flaw, and when it is revoked."""
        identity = self._verified.get(token) or self._decoded(token)
        if identity.session_id in self._revoked or identity.expires_at <= self._now():
            raise TokenInvalid()
        return identity

    def attach(self, follower: Follower) -> None:
        """Learn of revoked sessions, and of accounts that have another role, from the events."""
        follower.on(SessionEnded, self._session_revoked)
        follower.on(RoleAssigned, self._role_assigned)

    def load(self, database: Database) -> None:
        """Learn what has happened already. Call it after the follower has started: nothing is missed."""
        with database.read() as connection:
            now = datetime.fromtimestamp(self._now(), UTC)
            since = now - self._lifetime - timedelta(seconds=LEEWAY_SECONDS)
            for session_id in queries.sessions_revoked_since(connection, since):
                self.revoke(session_id)
            for row in users.roles_assigned_since(connection, since):
                self._role_assigned(RoleAssigned(row.id, row.role, row.version))

    def revoke(self, session_id: str) -> None:
        """Refuse every token of the session from now on."""
        now = self._now()
        while self._revoked and next(iter(self._revoked.values())) <= now:
            self._revoked.popitem(last=False)
        self._revoked[session_id] = now + self._lifetime.total_seconds() + LEEWAY_SECONDS
        self._revoked.move_to_end(session_id)

    def _session_revoked(self, event: SessionEnded) -> None:
        self.revoke(event.session_id)

    def _role_assigned(self, event: RoleAssigned) -> None:
        """Note the role of an account, unless a later one is known: an event may be told late, and twice."""
        now = self._now()
        before = self._assigned.get(event.user_id)
        if before is not None and before.version >= event.version:
            return
        while self._assigned and next(iter(self._assigned.values())).until <= now:
            self._assigned.popitem(last=False)
        until = now + self._lifetime.total_seconds() + LEEWAY_SECONDS
        self._assigned[event.user_id] = _Assignment(event.role, event.version, until)
        self._assigned.move_to_end(event.user_id)
        self._forget(lambda identity: identity.user_id == event.user_id)

    def _forget(self, is_outdated: Callable[[Identity], bool]) -> None:
        """Have the tokens of some callers verified anew, as they may do something else now."""
        outdated = [token for token, identity in self._verified.items() if is_outdated(identity)]
        for token in outdated:
            del self._verified[token]

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
            user_id = int(claims["sub"])
            assigned = self._assigned.get(user_id)
            role = self._roles.role(str(claims["role"]) if assigned is None else assigned.role)
            lacks = self._lacks_second_factor(role, claims)
            role = Role(role.name) if lacks else role
            return Identity(
                user_id, role, str(claims["sid"]), float(claims["exp"]), lacks_second_factor=lacks
            )
        except (ValueError, TypeError, KeyError, OverflowError):
            raise TokenInvalid() from None

    def _lacks_second_factor(self, role: Role, claims: Mapping[str, Any]) -> bool:
        is_staff = bool(role.permissions) and role.name != Role.VENDOR.name
        return self._staff_second_factor and is_staff and SECOND_FACTOR not in claims.get("amr", ())

    def _claims(self, token: str) -> Mapping[str, Any]:
        """What a token says that we signed; any other is remembered, for it stays forged whatever the time."""
        try:
            keys = self._keys.accepted(jwt.get_unverified_header(token)["kid"])
            return self._signed_claims(token, keys)
        # A hostile header is parsed before any signature is checked: it may be any JSON, nested to any depth.
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
            self._forged[token] = None
            if len(self._forged) > MAX_FORGED:
                del self._forged[next(iter(self._forged))]
            raise TokenInvalid() from None

    def _signed_claims(self, token: str, keys: Sequence[VerifyingKey]) -> Mapping[str, Any]:
        """What a token says that one of the keys has signed; raises PyJWTError."""
        for key in keys:
            try:
                claims: Mapping[str, Any] = jwt.decode(
                    token,
                    key.key,
                    algorithms=[key.algorithm],  # pinned by our key, whatever the header claims
                    issuer=self._issuer,
                    audience=self._audience,
                    options=_OPTIONS,
                )
            except jwt.InvalidSignatureError:
                continue
            return claims
        raise jwt.InvalidSignatureError()
