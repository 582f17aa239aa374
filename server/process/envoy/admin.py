"""Requests of the supervisor to the running gateway, over the socket of Envoy's admin interface."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable
from pathlib import Path

from server.process.ports import LOOPBACK

MAX_PARENT_LENGTH = 70
"""Of a socket's path 107 characters fit into its address."""
SHORT_PARENT = "/tmp"  # noqa: S108 - what is made there is closed to others
LOOK_SECONDS = 0.05
ANSWER_SECONDS = 2.0


class Admin:
    """The admin interface of one gateway: a socket in a directory of its own, which only our user enters."""

    def __init__(self) -> None:
        """Make the directory; `close` deletes it, or the end of this object."""
        parent = tempfile.gettempdir()
        self._directory = Path(
            tempfile.mkdtemp(
                prefix="sanset-", dir=parent if len(parent) < MAX_PARENT_LENGTH else SHORT_PARENT
            )
        )
        self.close = weakref.finalize(self, shutil.rmtree, self._directory, ignore_errors=True)

    @property
    def socket(self) -> Path:
        """The socket on which the gateway is to listen."""
        return self._directory / "admin.sock"

    async def lives(self) -> bool:
        """Tell whether the gateway answers at all."""
        return await self._ask("GET", "/ready") is not None

    async def fail(self) -> bool:
        """Have /readyz say no from now on, and every reply ask its caller for a new connection.

        False when the gateway did not hear it.
        """
        return await self._ask("POST", "/healthcheck/fail") is not None

    async def sees(self, worker_port: int, seconds: float) -> None:
        """Wait until the gateway sends calls to the worker on this port, for `seconds` at most."""
        healthy = f"workers::{LOOPBACK}:{worker_port}::health_flags::healthy\n"
        await self._until("/clusters", lambda text: healthy in text, seconds)

    async def idle(self, seconds: float) -> None:
        """Wait until the last reply was sent, for `seconds` at most."""
        name = "http.public.downstream_rq_active"
        await self._until(f"/stats?filter={name}", lambda text: f"{name}: 0\n" in text, seconds)

    async def _until(self, path: str, holds: Callable[[str], bool], seconds: float) -> None:
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            text = await self._ask("GET", path)
            if text is None or holds(text):
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _ask(self, method: str, path: str) -> str | None:
        """The body of the answer; None where there is none, or one of a failure."""
        request = (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reader, writer = await asyncio.open_unix_connection(self.socket)
                try:
                    writer.write(request.encode())
                    answer = (await reader.read()).decode(errors="replace")
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return None
        head, _, body = answer.partition("\r\n\r\n")
        return body if " 200 " in head.partition("\r\n")[0] else None
