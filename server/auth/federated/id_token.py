"""ID tokens (OpenID Connect Core, 3.1.3.7): what a provider says of who signed in, if it says so to us."""

from __future__ import annotations

import hmac
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import jwt
from jwt.types import Options

ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""Those whose keys are public: neither "none", nor one by which who knows the public key could sign."""
MAX_CHARS: Final = 16 * 1024
MAX_SUBJECT: Final = 255
LEEWAY_SECONDS: Final = 60.0
"""How far the provider's clock may be from the shop's."""
_OPTIONS: Final[Options] = {
    "require": ["iss", "sub", "aud", "exp", "iat"],
    # By the clock of the database, which the library does not know.
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}


class TokenUnfit(Exception):
    """The token is none of the provider's for this sign-in; the text says why, for the log alone."""


@dataclass(frozen=True, slots=True)
class TokenHeader:
    """What a token says of its signature."""

    algorithm: str
    kid: str | None


def header_of(token: object) -> TokenHeader:
    """The header of a token, of which nothing is to be believed. Raises TokenUnfit."""
    if not isinstance(token, str) or len(token) > MAX_CHARS:
        raise TokenUnfit("no ID token, or too long a one")
    try:
        header = jwt.get_unverified_header(token)
        algorithm, kid = header["alg"], header.get("kid")
    # It may be any JSON, nested to any depth.
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise TokenUnfit(f"no header: {error!r}") from None
    if algorithm not in ALGORITHMS or not (kid is None or isinstance(kid, str)):
        raise TokenUnfit(f"signed by {str(algorithm)[:20]}")
    return TokenHeader(algorithm, kid)


def claims_of(
    token: str,
    header: TokenHeader,
    keys: Sequence[Mapping[str, Any]],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    now: datetime,
) -> Mapping[str, Any]:
    """What a token says that one of the provider's `keys` has signed, for this client and sign-in.

    Raises TokenUnfit.
    """
    claims = _signed_claims(token, header, keys, issuer=issuer, client_id=client_id)
    _check_times(claims, now.timestamp())
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise TokenUnfit("issued to another client")
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise TokenUnfit("of another sign-in")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT:
        raise TokenUnfit("without a subject")
    return claims


def _signed_claims(
    token: str, header: TokenHeader, keys: Sequence[Mapping[str, Any]], *, issuer: str, client_id: str
) -> Mapping[str, Any]:
    problem = "no key of the provider's fits"
    for key in keys:
        if key.get("use", "sig") != "sig" or key.get("alg", header.algorithm) != header.algorithm:
            continue
        try:
            public = jwt.PyJWK(dict(key), algorithm=header.algorithm)
            claims: Mapping[str, Any] = jwt.decode(
                token,
                public,
                algorithms=[header.algorithm],
                issuer=issuer,
                audience=client_id,
                options=_OPTIONS,
            )
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, RecursionError) as error:
            problem = repr(error)
            continue
        return claims
    raise TokenUnfit(problem)


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    try:
        expires_at, issued_at, not_before = (float(claims.get(name, now)) for name in ("exp", "iat", "nbf"))
    except (TypeError, ValueError, OverflowError):
        raise TokenUnfit("with times that are none") from None
    if not now - LEEWAY_SECONDS < expires_at < math.inf:
        raise TokenUnfit("expired")
    if not max(issued_at, not_before) <= now + LEEWAY_SECONDS:
        raise TokenUnfit("not yet valid")
