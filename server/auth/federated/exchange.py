"""The code that a user came back with for what the provider says of them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import structlog
from email_validator import EmailNotValidError, validate_email

from server.auth.federated.flow import Flow
from server.auth.federated.http import ProviderAway, ProviderRefused
from server.auth.federated.id_token import TokenUnfit, claims_of, header_of
from server.auth.federated.providers import Metadata, Provider
from server.clock import Clock

MAX_EMAIL: Final = 254
MAX_NAME: Final = 200

log = structlog.get_logger()


class ExchangeFailed(Exception):
    """The code is none, or what came for it does not fit; why stands in the log."""


@dataclass(frozen=True, slots=True)
class ProviderUser:
    """Who signed in at a provider."""

    issuer: str
    subject: str
    email: str
    """Empty where the provider tells none."""
    email_is_verified: bool
    name: str


@dataclass(frozen=True, slots=True)
class Callback:
    """What a user came back with: the code, and who says that it is from them, if anybody does."""

    code: str
    issuer: str
    redirect_uri: str


async def exchange(provider: Provider, flow: Flow, back: Callback, clock: Clock) -> ProviderUser:
    """Ask the provider who signed in. Raises ExchangeFailed and ProviderUnavailable."""
    try:
        return await _exchange(provider, flow, back, clock)
    except ProviderAway as error:
        raise provider.unavailable(error) from None
    except (ProviderRefused, TokenUnfit) as error:
        log.warning(
            "security_event",
            kind="federated_sign_in_refused",
            provider=provider.name,
            problem=str(error)[:500],
        )
        raise ExchangeFailed() from None


async def _exchange(provider: Provider, flow: Flow, back: Callback, clock: Clock) -> ProviderUser:
    metadata = await provider.metadata()
    if (back.issuer or metadata.sends_issuer) and back.issuer != provider.issuer:
        raise TokenUnfit("the user comes from another provider")
    tokens = await _tokens(provider, metadata, flow, back)
    token = tokens.get("id_token")
    header = header_of(token)
    claims = claims_of(
        str(token),
        header,
        await provider.keys(header.kid),
        issuer=provider.issuer,
        client_id=provider.settings.client_id,
        nonce=flow.nonce,
        now=clock(),
    )
    if "email" not in claims and metadata.userinfo_endpoint:
        claims = {**claims, **await _user_info(provider, metadata, tokens, str(claims["sub"]))}
    return _person(provider.issuer, claims)


async def _tokens(provider: Provider, metadata: Metadata, flow: Flow, back: Callback) -> Mapping[str, Any]:
    client_id = provider.settings.client_id
    secret = provider.settings.client_secret.get_secret_value()
    form = {
        "grant_type": "authorization_code",
        "code": back.code,
        "redirect_uri": back.redirect_uri,
        "code_verifier": flow.code_verifier,
    }
    if secret and metadata.takes_basic:
        pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}".encode()
        basic = b"Basic " + base64.b64encode(pair)
        return await provider.http.post(metadata.token_endpoint, form, [(b"authorization", basic)])
    form["client_id"] = client_id
    if secret:
        form["client_secret"] = secret
    return await provider.http.post(metadata.token_endpoint, form)


async def _user_info(
    provider: Provider, metadata: Metadata, tokens: Mapping[str, Any], subject: str
) -> Mapping[str, Any]:
    """What a provider tells of a user apart from the token, as some do of their address."""
    access = tokens.get("access_token")
    if not isinstance(access, str) or not access.isascii() or not access.isprintable():
        raise TokenUnfit("no access token")
    said = await provider.http.get(
        metadata.userinfo_endpoint, [(b"authorization", b"Bearer " + access.encode())]
    )
    if said.get("sub") != subject:
        raise TokenUnfit("user info of somebody else")
    return {name: said[name] for name in ("email", "email_verified", "name") if name in said}


def _person(issuer: str, claims: Mapping[str, Any]) -> ProviderUser:
    email = _email(claims.get("email"))
    said = claims.get("email_verified")
    is_verified = said is True or said == "true"  # some write it as text
    name = claims.get("name")
    return ProviderUser(
        issuer=issuer,
        subject=str(claims["sub"]),
        email=email,
        email_is_verified=bool(email) and is_verified,
        name=name.strip()[:MAX_NAME] if isinstance(name, str) else "",
    )


def _email(said: object) -> str:
    """An e-mail address as a person could have registered with it; empty where it is none."""
    if not isinstance(said, str) or len(said) > MAX_EMAIL:
        return ""
    try:
        validate_email(said, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return ""
    return said
