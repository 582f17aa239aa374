"""Splits the pieces of a file into lines, however they were cut and however long a line is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

MAX_LINE_BYTES: Final = 128 * 1024
"""Of a row: a product with the longest of everything takes less."""
BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of a file, by its number from 1; `data` is None when it is longer than MAX_LINE_BYTES."""

    number: int
    data: bytes | None


def lines_of(pieces: Iterable[bytes]) -> Iterator[TextLine]:
    """The lines of a file in pieces, without their ends and the byte order mark; never more than one in memory."""
    number, rest, overlong = 1, b"", False
    for piece in pieces:
        *ended, last = piece.split(b"\n")
        for data in ended:
            data, rest = rest + data, b""
            yield _line(number, data, overlong)
            number, overlong = number + 1, False
        rest += last
        if len(rest) > MAX_LINE_BYTES:
            rest, overlong = b"", True
    if rest or overlong:
        yield _line(number, rest, overlong)


def _line(number: int, data: bytes, overlong: bool) -> TextLine:
    if overlong or len(data) > MAX_LINE_BYTES:
        return TextLine(number, None)
    if number == 1:
        data = data.removeprefix(BOM)
    return TextLine(number, data.removesuffix(b"\r"))


class LineReader:
    """Reads lines, and takes some back that are to be read again."""

    def __init__(self, lines: Iterable[TextLine]) -> None:
        self._lines = iter(lines)
        self._again: deque[TextLine] = deque()

    def next(self) -> TextLine | None:
        """The next line; None behind the last."""
        return self._again.popleft() if self._again else next(self._lines, None)

    def read_again(self, lines: Iterable[TextLine]) -> None:
        """Give these lines once more, before any other."""
        self._again.extendleft(reversed(list(lines)))
