"""The files of images as a worker reads and makes them: on threads of its own, the latest read in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final, TypeVar

import structlog

from server.catalog.image_files import file_name
from server.events.cache import Bounded
from server.media.errors import MediaAway
from server.media.pictures import Picture, picture_of
from server.media.storage import FileStore, StoreAway

T = TypeVar("T")

MAX_CACHED_BYTES: Final = 16 * 1024 * 1024
STORE_THREADS: Final = 4
DECODING_THREADS: Final = 1
"""Pictures decoded at a time: each takes a core for a second or two, and up to 550 MB."""

log = structlog.get_logger()


class Library:
    """Stores and reads the files of images, for use on the event loop."""

    def __init__(self, store: FileStore) -> None:
        self._store = store
        self._storing = ThreadPoolExecutor(STORE_THREADS, "media-store")
        self._decoding = ThreadPoolExecutor(DECODING_THREADS, "media-decode")
        self._decoders = asyncio.Semaphore(DECODING_THREADS)
        self._files: Bounded[str, bytes] = Bounded(size=MAX_CACHED_BYTES, weigh=len)

    async def decode(self, data: bytes | bytearray) -> Picture:
        """Make a picture of an uploaded file. Raises InvalidImage.

        It is handed over once a thread is free, and not queued there: a queue would hold the files of callers who
        have left until the thread came to them, and nothing would bound these.
        """
        await self._decoders.acquire()
        decoding = self._decoding.submit(picture_of, bytes(data))
        loop = asyncio.get_running_loop()

        def free(_: object) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._decoders.release)

        decoding.add_done_callback(free)  # the thread's end, which a caller who leaves does not bring about
        return await asyncio.wrap_future(decoding)

    async def write(self, key: str, picture: Picture) -> None:
        """Store the files of a picture. Raises MediaAway."""

        def write_all() -> None:
            for size, data in picture.files.items():
                self._store.write(file_name(key, size), data)

        await self._on_store(write_all)

    async def read(self, name: str) -> bytes | None:
        """The content of a file; None when there is none. Raises MediaAway."""
        cached = self._files.peek(name)
        if cached is not None:
            return cached
        data = await self._on_store(lambda: self._store.read(name))
        if data is not None:
            self._files.put(name, data)
        return data

    async def delete(self, names: list[str]) -> None:
        """Delete files. Raises MediaAway."""
        await self._on_store(lambda: self._store.delete(names))

    async def delete_unfinished(self, before: datetime) -> None:
        """Delete what was being written at a time and never was whole. Raises MediaAway."""
        await self._on_store(lambda: self._store.delete_unfinished(before))

    async def _on_store(self, use: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._storing, use)
        except StoreAway as error:
            log.error("media_away", problem=str(error))
            raise MediaAway() from None

    async def close(self) -> None:
        """Let what runs end, and begin nothing more."""
        for executor in (self._storing, self._decoding):
            executor.shutdown(wait=False, cancel_futures=True)
