"""Posts a body to an address, and says what came back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import httpcore

from server.public_network import NotPublic, PublicOnly, trust

ANSWER_SECONDS = 10.0
MAX_BYTES = 64 * 1024
KEEPALIVE_SECONDS = 5.0
MAX_CONNECTIONS = 100

Headers = Sequence[tuple[bytes | str, bytes | str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """How a delivery went; `code` is 0 when there was no answer."""

    code: int
    error: str

    @property
    def is_taken(self) -> bool:
        """Return whether the endpoint has it."""
        return 200 <= self.code < 300


class Courier:
    """Delivers, over connections that are checked: it follows no redirects and asks no proxy."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._connections: httpcore.AsyncConnectionPool | None = None

    async def post(self, url: str, headers: Headers, body: bytes) -> Answer:
        """Post a body; never raises for what is the endpoint's fault."""
        if not self._allow_private and not url.startswith("https://"):
            return Answer(0, "the address is not https")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._post(url, headers, body)
        except TimeoutError:
            return Answer(0, f"no answer within {ANSWER_SECONDS:g} seconds")
        except NotPublic as refusal:
            return Answer(0, str(refusal))
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
            return Answer(0, f"{type(error).__name__}: {error}"[:500].rstrip(": "))

    async def _post(self, url: str, headers: Headers, body: bytes) -> Answer:
        if self._connections is None:  # made on the loop that it works on
            self._connections = httpcore.AsyncConnectionPool(
                ssl_context=trust(),
                max_connections=MAX_CONNECTIONS,
                keepalive_expiry=KEEPALIVE_SECONDS,
                network_backend=PublicOnly(allow_private=self._allow_private),
            )
        async with self._connections.stream("POST", url, headers=headers, content=body) as response:
            read = 0
            async for part in response.aiter_stream():
                read += len(part)
                if read > MAX_BYTES:
                    break  # the rest is not wanted; the connection is closed
        if 300 <= response.status < 400:
            return Answer(response.status, f"answered {response.status}: redirects are not followed")
        taken = 200 <= response.status < 300
        return Answer(response.status, "" if taken else f"answered {response.status}")

    async def close(self) -> None:
        """Close the connections."""
        connections, self._connections = self._connections, None
        if connections is not None:
            await connections.aclose()
