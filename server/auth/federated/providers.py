"""The shop's OpenID providers: what they say of themselves, and their keys, both kept for a while."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlsplit

import structlog

from server.auth.federated.errors import ProviderNotFound, ProviderUnavailable
from server.auth.federated.http import ProviderAway, ProviderHttp, ProviderRefused
from server.settings.sign_in import OidcProvider

METADATA_SECONDS: Final = 3600.0
REST_SECONDS: Final = 5.0
"""So long after a failure nobody asks again: a provider that is away holds up no queue of sign-ins."""
KEYS_AGAIN_SECONDS: Final = 60.0
"""So often at most the keys are read again for a token that names another: anybody can make such tokens."""
MAX_KEYS: Final = 100

T = TypeVar("T")

log = structlog.get_logger()


class WrongProvider(Exception):
    """What is at the issuer's address is not the issuer; the text says why."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a provider says of itself (OpenID Connect Discovery)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    takes_basic: bool
    """Whether it takes the client's secret as HTTP's basic authentication, as is the default."""
    sends_issuer: bool
    """Whether who comes back brings its name (RFC 9207)."""

    @classmethod
    def of(cls, document: Mapping[str, Any], issuer: str) -> Self:
        """Read the document of an issuer. Raises WrongProvider."""
        if document.get("issuer") != issuer:
            raise WrongProvider(f"{issuer} says that it is the issuer {str(document.get('issuer'))[:200]!r}")
        authorization, token, keys = (
            document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        )
        if not all(isinstance(url, str) and url for url in (authorization, token, keys)):
            raise WrongProvider(f"{issuer} names no addresses to authorize at, for tokens, or of its keys")
        if urlsplit(str(authorization)).scheme not in ("https", urlsplit(issuer).scheme):
            raise WrongProvider(f"{issuer} sends users to {str(authorization)[:100]!r}, which is not https")
        methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return cls(
            authorization_endpoint=str(authorization),
            token_endpoint=str(token),
            jwks_uri=str(keys),
            userinfo_endpoint=str(document.get("userinfo_endpoint") or ""),
            takes_basic="client_secret_basic" in methods,
            sends_issuer=document.get("authorization_response_iss_parameter_supported") is True,
        )


class Provider:
    """One provider. What is kept of it is the worker's own; it is asked on the worker's loop."""

    def __init__(self, settings: OidcProvider, now: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings
        self.http = ProviderHttp(settings.issuer)
        self._now = now
        self._metadata: Metadata | None = None
        self._metadata_until = self._rest_until = 0.0
        self._keys: Sequence[Mapping[str, Any]] = ()
        self._keys_until = self._keys_again_at = 0.0

    @property
    def name(self) -> str:
        """Its name."""
        return self.settings.name

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.settings.title or self.settings.name

    @property
    def issuer(self) -> str:
        """Its issuer."""
        return self.settings.issuer

    async def metadata(self) -> Metadata:
        """What it says of itself. Raises ProviderUnavailable."""
        if self._metadata is not None and self._now() < self._metadata_until:
            return self._metadata
        try:
            self._metadata = await self._ask(self.discovered)
            self._metadata_until = self._now() + METADATA_SECONDS
        except ProviderUnavailable:
            if self._metadata is None:
                raise
        return self._metadata

    async def discovered(self) -> Metadata:
        """Ask it what it is. Raises ProviderAway, ProviderRefused and WrongProvider."""
        document = await self.http.get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        return Metadata.of(document, self.issuer)

    async def keys(self, kid: str | None) -> Sequence[Mapping[str, Any]]:
        """Its keys of a name, or all of them; they are read again for a name that is not known.

        Raises ProviderUnavailable.
        """
        has_name = not kid or any(key.get("kid") == kid for key in self._keys)
        is_old = self._now() >= self._keys_until
        if is_old or (not has_name and self._now() >= self._keys_again_at):
            await self._read_keys()
        return [key for key in self._keys if not kid or key.get("kid") == kid]

    async def _read_keys(self) -> None:
        metadata = await self.metadata()
        self._keys_again_at = self._now() + KEYS_AGAIN_SECONDS
        try:
            document = await self._ask(lambda: self.http.get(metadata.jwks_uri))
        except ProviderUnavailable:
            if not self._keys:
                raise
            return
        keys = document.get("keys")
        listed = keys[:MAX_KEYS] if isinstance(keys, list) else []
        self._keys = [key for key in listed if isinstance(key, dict)]
        self._keys_until = self._now() + METADATA_SECONDS

    async def _ask(self, ask: Callable[[], Awaitable[T]]) -> T:
        if self._now() < self._rest_until:
            raise ProviderUnavailable(provider=self.title)
        try:
            return await ask()
        except (ProviderAway, ProviderRefused, WrongProvider) as error:
            self._rest_until = self._now() + REST_SECONDS
            raise self.unavailable(error) from None

    def unavailable(self, why: object) -> ProviderUnavailable:
        """Say so, and why in the log alone."""
        log.warning("provider_unavailable", provider=self.name, problem=str(why)[:500])
        return ProviderUnavailable(provider=self.title)


class Providers:
    """All of them."""

    def __init__(self, settings: Iterable[OidcProvider]) -> None:
        self.all = tuple(Provider(one) for one in settings)
        self._by_name = {provider.name: provider for provider in self.all}

    def named(self, name: str) -> Provider:
        """One by its name. Raises ProviderNotFound."""
        provider = self._by_name.get(name)
        if provider is None:
            raise ProviderNotFound(provider=name)
        return provider

    def name_of(self, issuer: str) -> str:
        """The name of an issuer's; the issuer where the settings do not name it any more."""
        return next((provider.name for provider in self.all if provider.issuer == issuer), issuer)

    def title_of(self, issuer: str) -> str:
        """The same for people."""
        return next((provider.title for provider in self.all if provider.issuer == issuer), issuer)
