"""Opens the text files that people have: plain or gzipped, or a pipe, in the encoding a spreadsheet wrote."""

from __future__ import annotations

import codecs
import gzip
import io
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP_MAGIC: Final = b"\x1f\x8b"
ZIP_MAGIC: Final = b"PK\x03\x04"
MAX_LINE: Final = 1 << 20
"""Bytes, or characters; a longer line is read as several, so that no file fills the memory."""
BUFFER: Final = 1 << 16

WINDOWS: Final = "cp1252"
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""What a file begins with that says its encoding."""


class UnreadableFile(Exception):
    """A file cannot be used; the text says why, and in which line."""


@dataclass(slots=True)
class TextFile:
    """A file that can be read from its beginning as often as needed."""

    raw: IO[bytes]
    packed: bool
    size: int
    """Bytes as they lie in the file, packed or not."""

    def position(self) -> int:
        """How many of its bytes were read."""
        return self.raw.tell()

    def bytes_lines(self) -> Iterator[bytes]:
        """Its lines as bytes, from the beginning."""
        binary = self._from_the_beginning()
        return iter(lambda: binary.readline(MAX_LINE), b"")

    def lines(self, encoding: str) -> Iterator[str]:
        """Its lines as text, from the beginning; bytes that mean nothing survive as lone surrogates."""
        text = io.TextIOWrapper(self._from_the_beginning(), encoding, errors="surrogateescape", newline="")
        return iter(lambda: text.readline(MAX_LINE), "")

    def _from_the_beginning(self) -> io.BufferedReader:
        self.raw.seek(0)
        source = gzip.GzipFile(fileobj=self.raw) if self.packed else _Shared(self.raw)
        return io.BufferedReader(source, BUFFER)


class _Shared(io.RawIOBase):
    """The bytes of a file that stays open when its reader is gone."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read what fits."""
        view = memoryview(buffer).cast("B")
        data = self._raw.read(len(view))
        view[: len(data)] = data
        return len(data)


@contextmanager
def opened(path: Path) -> Iterator[TextFile]:
    """The file at `path`; what comes from a pipe is kept beside while it is read.

    Raises UnreadableFile, from within the block too: it is missing, cut short, or no text but a ZIP or Excel file.
    """
    try:
        with ExitStack() as stack:
            raw: IO[bytes] = stack.enter_context(path.open("rb"))
            if not raw.seekable():
                spooled = stack.enter_context(tempfile.TemporaryFile(prefix="sanset-"))
                shutil.copyfileobj(raw, spooled)
                raw = spooled
            size = raw.seek(0, io.SEEK_END)
            raw.seek(0)
            start = raw.read(len(ZIP_MAGIC))
            if start == ZIP_MAGIC:
                raise UnreadableFile(f"{path}: a ZIP or Excel file; unpack it, or save it as CSV")
            yield TextFile(raw, start.startswith(GZIP_MAGIC), size)
    except FileNotFoundError as error:
        raise UnreadableFile(f"{path}: no such file") from error
    except (OSError, EOFError, zlib.error, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableFile(f"{path}: cannot be read to its end: {reason}") from error


def encoding_of(file: TextFile, watch: Callable[[bytes], None] = lambda line: None) -> str:
    """The encoding that a file says it has, or else shows; `watch` sees every line.

    Without a mark it is UTF-8, unless most of the lines that are not ASCII make no sense as such: then it is the
    one that Excel writes in western Europe, which reads Latin-1 too.
    """
    sensible = senseless = 0
    for number, line in enumerate(file.bytes_lines()):
        if number == 0:
            for mark, encoding in _MARKS:
                if line.startswith(mark):
                    return encoding
        if not line.isascii():
            try:
                line.decode()
                sensible += 1
            except UnicodeDecodeError:
                senseless += 1
        watch(line)
    return WINDOWS if senseless > sensible else "utf-8"
