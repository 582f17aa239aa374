"""Budgets in Redis, or in Valkey, which speaks the same."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Final

from limits.aio.storage import RedisStorage
from limits.storage import storage_from_string

from server.budgets.store import Draw

MINUTE_SECONDS: Final = 60
PATIENCE_SECONDS: Final = 0.5
CONNECTIONS: Final = 8


class RedisStore:
    """A number for each key and minute, which the server forgets by itself."""

    def __init__(self, url: str) -> None:
        """`url` is redis://, rediss://, valkey:// or valkeys://, with a password where there is one."""
        options = {"socket_timeout": PATIENCE_SECONDS, "socket_connect_timeout": PATIENCE_SECONDS}
        url = re.sub("^valkey", "redis", url)
        storage = storage_from_string(f"async+{url}", implementation="redispy", **options)
        assert isinstance(storage, RedisStorage)
        self._storage = storage
        self._turns = asyncio.Semaphore(CONNECTIONS)

    async def take(self, draws: Sequence[Draw]) -> Mapping[str, int]:
        """Add the draws up. Raises what the client raises when the server is away."""
        async with asyncio.timeout(2 * PATIENCE_SECONDS):
            totals = await asyncio.gather(*map(self._take, draws))
        return {draw.key: total for draw, total in zip(draws, totals, strict=True)}

    async def _take(self, draw: Draw) -> int:
        async with self._turns:
            return await self._storage.incr(
                f"{draw.key} {draw.minute}", 2 * MINUTE_SECONDS, amount=draw.calls
            )

    async def close(self) -> None:
        """Close the connections."""
        await self._storage.bridge.get_connection().aclose()  # type: ignore[attr-defined]
