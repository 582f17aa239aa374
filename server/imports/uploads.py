"""Takes files from callers: counted, judged by their first bytes, kept on disk until they are whole."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

from server.errors import Overloaded
from server.imports.errors import FileTooLarge, InvalidFile
from server.imports.products.columns import WrongFile
from server.imports.products.file import HEAD_BYTES, FileForm, FileKind, check_heading, form_of
from server.imports.products.records import Encoding

PIECE_BYTES: Final = 512 * 1024
"""Of the file as it is kept."""
IN_MEMORY: Final = 1024 * 1024
MAX_UPLOADS: Final = 2
"""Files that a worker takes at a time: each may fill as much disk as it may have bytes."""
SILENT_SECONDS: Final = 60.0
"""How long the next piece of a file may take."""
MIN_BYTES_A_SECOND: Final = 16 * 1024
"""How fast a file has to come when it has had so long: who sends it a byte at a time keeps others from sending."""
MOMENT_SECONDS: Final = 0.2
FIELD: Final = "file"


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that has arrived whole."""

    file: BinaryIO
    form: FileForm
    size_bytes: int
    digest: str

    def pieces(self) -> Iterator[bytes]:
        """The file from its beginning, in pieces."""
        self.file.seek(0)
        while piece := self.file.read(PIECE_BYTES):
            yield piece


class Uploads:
    """Takes files, a few at a time."""

    def __init__(self, currency: str, languages: Collection[str] = (), *, max_bytes: int) -> None:
        self._currency = currency
        self._languages = languages
        self._max_bytes = max_bytes
        self._under_way = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[FileIntake]:
        """Yield what takes one file, and forget that at the end. Raises Overloaded when there are enough."""
        if self._under_way >= MAX_UPLOADS:
            raise Overloaded()
        self._under_way += 1
        try:
            with tempfile.SpooledTemporaryFile(IN_MEMORY, prefix="sanset-import-") as file:
                yield FileIntake(file, self._currency, self._languages, self._max_bytes)
        finally:
            self._under_way -= 1


class FileIntake:
    """Takes one file."""

    def __init__(
        self,
        file: tempfile.SpooledTemporaryFile[bytes],
        currency: str,
        languages: Collection[str],
        max_bytes: int,
    ) -> None:
        self._file = file
        self._currency = currency
        self._languages = languages
        self.max_bytes = max_bytes

    async def take(
        self, pieces: AsyncIterator[bytes], kind: FileKind | None, encoding: Encoding, *, size_bytes: int = 0
    ) -> UploadedFile:
        """The file, when its last piece has come; it has `size_bytes`, where these are known.

        Raises FileTooLarge, InvalidFile, and TimeoutError where a piece is waited for in vain.
        """
        file, digest, size, head = self._file, hashlib.sha256(), 0, b""
        form: FileForm | None = None
        async for piece in _in_time(pieces):
            size += len(piece)
            if size > self.max_bytes:
                raise FileTooLarge(limit=self.max_bytes).at(FIELD)
            digest.update(piece)
            if form is None:
                head += piece
                if len(head) >= HEAD_BYTES:
                    form = self._judged(head, kind, encoding)
            if size > IN_MEMORY:
                await asyncio.to_thread(file.write, piece)
            else:
                file.write(piece)
        # To gRPC a caller who goes away has ended the file first, and is gone a moment later.
        await asyncio.sleep(MOMENT_SECONDS)
        if size_bytes not in (0, size):
            raise InvalidFile(problem=f"{size:,} of its {size_bytes:,} bytes have arrived").at(FIELD)
        form = form or self._judged(head, kind, encoding)
        return UploadedFile(cast(BinaryIO, file), form, size, digest.hexdigest())

    def _judged(self, head: bytes, kind: FileKind | None, encoding: Encoding) -> FileForm:
        try:
            form = form_of(head, kind, encoding)
            check_heading(head, form, self._currency, self._languages)
        except WrongFile as wrong:
            raise InvalidFile(problem=str(wrong)).at(FIELD) from None
        return form


async def _in_time(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces, as long as neither one nor all take too long. Raises TimeoutError."""
    source, now = aiter(pieces), asyncio.get_running_loop().time
    until = now() + SILENT_SECONDS
    while True:
        async with asyncio.timeout_at(min(until, now() + SILENT_SECONDS)):
            piece = await anext(source, None)
        if piece is None:
            return
        until += len(piece) / MIN_BYTES_A_SECOND
        yield piece
