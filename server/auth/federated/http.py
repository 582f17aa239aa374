"""Calls to a provider: a few seconds, a bounded answer, no redirects, and no private host but its own."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpcore
import orjson

from server.public_network import NotPublic, PublicOnly, trust

ANSWER_SECONDS: Final = 4.0
MAX_BYTES: Final = 256 * 1024

Headers = Sequence[tuple[bytes | str, bytes | str]]


class ProviderAway(Exception):
    """The provider does not answer, or answers what nobody can use; the text says why."""


class ProviderRefused(Exception):
    """The provider refuses what it was sent; the text is its status."""


class ProviderHttp:
    """Speaks to one provider. Sign-ins are rare, so each call has a connection of its own."""

    def __init__(self, issuer: str) -> None:
        parts = urlsplit(issuer)
        self._host, self._is_plain = parts.hostname or "", parts.scheme == "http"
        self._trust: ssl.SSLContext | None = None

    async def get(self, url: str, headers: Headers = ()) -> Mapping[str, Any]:
        """Read a JSON object. Raises ProviderAway and ProviderRefused."""
        return await self._call("GET", url, headers, b"")

    async def post(self, url: str, form: Mapping[str, str], headers: Headers = ()) -> Mapping[str, Any]:
        """Send a form, and read a JSON object. Raises ProviderAway and ProviderRefused."""
        form_type = (b"content-type", b"application/x-www-form-urlencoded")
        return await self._call("POST", url, [form_type, *headers], urlencode(form).encode())

    async def _call(self, method: str, url: str, headers: Headers, body: bytes) -> Mapping[str, Any]:
        self._check(url)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                status, answer = await self._exchange(method, url, headers, body)
        except TimeoutError:
            raise ProviderAway(f"no answer of {_shown(url)} within {ANSWER_SECONDS:g} seconds") from None
        except (NotPublic, OSError, httpcore.NetworkError, httpcore.TimeoutException) as error:
            raise ProviderAway(f"{_shown(url)}: {error or type(error).__name__}") from None
        except httpcore.ProtocolError:
            raise ProviderAway(f"{_shown(url)} does not speak HTTP") from None
        if 400 <= status < 500 and status != 429:
            raise ProviderRefused(f"{_shown(url)} answered {status}")
        if status != 200:  # redirects, too: who asks has not named where they lead
            raise ProviderAway(f"{_shown(url)} answered {status}")
        try:
            document = orjson.loads(answer)
        except orjson.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            raise ProviderAway(f"{_shown(url)} answers no JSON object")
        return document

    async def _exchange(self, method: str, url: str, headers: Headers, body: bytes) -> tuple[int, bytes]:
        if self._trust is None:  # it reads a file of many certificates
            self._trust = await asyncio.to_thread(trust)
        network = PublicOnly(allow_private=False, trusted_host=self._host)
        accept = (b"accept", b"application/json")
        async with (
            httpcore.AsyncConnectionPool(ssl_context=self._trust, network_backend=network) as connections,
            connections.stream(method, url, headers=[accept, *headers], content=body) as response,
        ):
            answer = b""
            async for part in response.aiter_stream():
                answer += part
                if len(answer) > MAX_BYTES:
                    raise ProviderAway(f"{_shown(url)} answers more than {MAX_BYTES} bytes")
            return response.status, answer

    def _check(self, url: str) -> None:
        """Raise ProviderAway for an address that a document of the provider must not lead to."""
        try:
            parts = urlsplit(url)
            scheme, host = parts.scheme, parts.hostname
            httpcore.URL(url)
        except (ValueError, TypeError):
            raise ProviderAway("an address that is none") from None
        is_own = self._is_plain and scheme == "http" and host == self._host
        if not host or not (scheme == "https" or is_own):
            raise ProviderAway(f"{_shown(url)} is not https")


def _shown(url: str) -> str:
    """An address without what may be secret in it."""
    return url.partition("?")[0][:200]
