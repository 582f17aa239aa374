"""Where a list of stock comes from: a file, or an address that answers with one.

The address is the shop's own choice, but not what its name leads to: unless the shop says otherwise, it must be
https and public, whatever it resolves to at the moment of the connection. Redirects are not followed, and no proxy
is asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import stat
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import IO, Final, Protocol, TextIO

import httpcore

from server.inventory_sync.rows import SourceUnusable
from server.public_network import NotPublic, PublicOnly, trust

MAX_BYTES: Final = 64 * 1024 * 1024
FETCH_SECONDS: Final = 60.0


class StockSource(Protocol):
    """Something that has a list of stock, as the text of a CSV file."""

    def opened(self) -> AbstractAsyncContextManager[TextIO]:
        """The list, to be read once. Raises SourceUnusable."""


def source_of(address: str, *, allow_private: bool) -> StockSource:
    """The source at an address or a path."""
    if address.startswith(("http://", "https://")):
        return AddressSource(address, allow_private=allow_private)
    return FileSource(Path(address))


class FileSource:
    """A file of this host."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[TextIO]:
        try:
            status = await asyncio.to_thread(self._path.stat)
            if not stat.S_ISREG(status.st_mode):
                raise SourceUnusable(f"{self._path} is no file")
            _check_size(status.st_size)
            file = await asyncio.to_thread(self._path.open, "rb")
        except OSError as error:
            raise SourceUnusable(f"{self._path} cannot be read: {error.strerror}") from None
        with contextlib.closing(_as_text(file)) as text:
            yield text


class AddressSource:
    """A file that an address answers with."""

    def __init__(self, url: str, *, allow_private: bool) -> None:
        self._url = url
        self._allow_private = allow_private

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[TextIO]:
        if not self._allow_private and not self._url.startswith("https://"):
            raise SourceUnusable("the address must begin with https://")
        with tempfile.TemporaryFile() as file:  # never all of it in memory
            try:
                async with asyncio.timeout(FETCH_SECONDS):
                    await self._fetch(file)
            except TimeoutError:
                raise SourceUnusable(f"no whole answer within {FETCH_SECONDS:g} seconds") from None
            except NotPublic as refusal:
                raise SourceUnusable(str(refusal)) from None
            except (
                httpcore.NetworkError,
                httpcore.TimeoutException,
                httpcore.ProtocolError,
                OSError,
            ) as error:
                raise SourceUnusable(f"{type(error).__name__}: {error}"[:500].rstrip(": ")) from None
            file.seek(0)
            yield _as_text(file)

    async def _fetch(self, file: IO[bytes]) -> None:
        backend = PublicOnly(allow_private=self._allow_private)
        async with (
            httpcore.AsyncConnectionPool(ssl_context=trust(), network_backend=backend) as connections,
            connections.stream("GET", self._url, headers={"accept": "text/csv"}) as response,
        ):
            if response.status != 200:
                raise SourceUnusable(f"the address answered {response.status}")
            size = 0
            async for part in response.aiter_stream():
                size += len(part)
                _check_size(size)
                file.write(part)


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise SourceUnusable(f"the list has more than {MAX_BYTES} bytes")


def _as_text(file: IO[bytes]) -> TextIO:
    """What cannot be decoded is no sku and no location: such rows are refused, each for itself."""
    return io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
