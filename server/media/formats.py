"""What a file is by its own structure, read before any decoder sees it: how large its picture is, where it ends.

A decoder takes memory for what a header claims, overlooks what follows a picture, and guesses at what is cut off.
Here all of that is refused.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from server.media.errors import InvalidImage

MAX_PIXELS: Final = 40_000_000
"""A decoded picture of so many takes up to 160 MB."""
MAX_SIDE: Final = 16_383
"""That of WebP, the smallest of the three formats'."""
MAX_PARTS: Final = 65_536
"""Chunks of a PNG: walking through a file of empty ones would take seconds."""
MAX_SCANS: Final = 100
"""Passes of a progressive JPEG, which has ten as a rule: a decoder walks through the whole picture for each, even
for an empty one of eleven bytes, so that a file of them would keep it busy for an hour."""

Format = Literal["JPEG", "PNG", "WEBP"]

NO_IMAGE: Final = "must be a JPEG, PNG or WebP image"
CUT_OFF: Final = "is cut off: its end is missing"
DAMAGED: Final = "is damaged: it cannot be decoded"
ANIMATED: Final = "must not be animated"
NOT_ALONE: Final = "is more than a picture: something follows it, or it is a file of another kind as well"

_PNG_HEAD: Final = b"\x89PNG\r\n\x1a\n"
_SCAN_END: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""The next marker after compressed data, in which FF is followed by 00 or a restart."""
_ANOTHER_KIND: Final = re.compile(rb"%PDF-|<html|<script|<\?php|<!doctype|<svg", re.IGNORECASE)
_HEAD_BYTES: Final = 1024
"""Where readers of other kinds look for their beginning."""
_ZIP_END, _ZIP_TAIL = b"PK\x05\x06", 65_557
"""How an archive ends, and how far from the end of a file its readers look for that."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says that it holds."""

    format: Format
    width: int
    height: int


def header_of(data: bytes) -> Header:
    """Return what a whole file holds. Raises InvalidImage for anything but one picture, and for one too large."""
    try:
        header = _read(data)
    except (struct.error, IndexError):
        raise InvalidImage(problem=CUT_OFF) from None
    _check_size(header)
    if _ANOTHER_KIND.search(data, 0, _HEAD_BYTES) or data.rfind(_ZIP_END, max(0, len(data) - _ZIP_TAIL)) >= 0:
        raise InvalidImage(problem=NOT_ALONE)
    return header


def _read(data: bytes) -> Header:
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(_PNG_HEAD):
        return _png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    raise InvalidImage(problem=NO_IMAGE)


def _check_size(header: Header) -> None:
    if not (0 < header.width <= MAX_SIDE and 0 < header.height <= MAX_SIDE):
        raise InvalidImage(problem=f"must have 1 to {MAX_SIDE} pixels to a side")
    if header.width * header.height > MAX_PIXELS:
        raise InvalidImage(problem=f"must have at most {MAX_PIXELS} pixels")


def _png(data: bytes) -> Header:
    header: Header | None = None
    for kind, start, length in _png_chunks(data):
        if header is None:
            if kind != b"IHDR" or length != 13:
                raise InvalidImage(problem=DAMAGED)
            header = Header("PNG", *struct.unpack_from(">II", data, start))
        elif kind == b"acTL":
            raise InvalidImage(problem=ANIMATED)
        elif kind == b"IEND":
            if start + length + 4 < len(data):
                raise InvalidImage(problem=NOT_ALONE)
            return header
    raise InvalidImage(problem=CUT_OFF)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each chunk, where its content begins, and how long that is."""
    position = len(_PNG_HEAD)
    for _ in range(MAX_PARTS):
        if position >= len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, position)
        start = position + 8
        position = start + length + 4
        if position > len(data):
            raise InvalidImage(problem=CUT_OFF)
        yield kind, start, length
    raise InvalidImage(problem=DAMAGED)


def _jpeg(data: bytes) -> Header:
    header: Header | None = None
    position, scans = 2, 0
    while True:
        marker, position = _jpeg_marker(data, position)
        if marker == 0xD9:
            break
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            continue
        (length,) = struct.unpack_from(">H", data, position)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            if header is not None:
                raise InvalidImage(problem=DAMAGED)
            _, height, width = struct.unpack_from(">BHH", data, position + 2)
            header = Header("JPEG", width, height)
        position += length
        if marker == 0xDA:
            scans += 1
            if scans > MAX_SCANS:
                raise InvalidImage(problem=f"must have at most {MAX_SCANS} scans")
            end = _SCAN_END.search(data, position)
            if end is None:
                raise InvalidImage(problem=CUT_OFF)
            position = end.start()
    if header is None:
        raise InvalidImage(problem=DAMAGED)
    _check_trailer(data[position:])
    return header


def _jpeg_marker(data: bytes, position: int) -> tuple[int, int]:
    """The marker at a position, and where its content begins."""
    if data[position] != 0xFF:
        raise InvalidImage(problem=DAMAGED)
    while data[position] == 0xFF:
        position += 1
    return data[position], position + 1


def _check_trailer(trailer: bytes) -> None:
    """Refuse what follows a JPEG, but for what cameras put there.

    That is further pictures (MPO), a short film, Samsung's notes, or zeros.
    """
    is_cameras = trailer.startswith(b"\xff\xd8\xff") or trailer[4:8] == b"ftyp" or trailer.endswith(b"SEFT")
    if not is_cameras and trailer.strip(b"\0"):
        raise InvalidImage(problem=NOT_ALONE)


def _webp(data: bytes) -> Header:
    (length,) = struct.unpack_from("<I", data, 4)
    end = 8 + length + length % 2
    if end > len(data):
        raise InvalidImage(problem=CUT_OFF)
    if end < len(data):
        raise InvalidImage(problem=NOT_ALONE)
    kind, start = data[12:16], 20
    if kind == b"VP8X":
        if data[start] & 0x02:
            raise InvalidImage(problem=ANIMATED)
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (start + 4, start + 7))
        return Header("WEBP", width, height)
    if kind == b"VP8 " and data[start + 3 : start + 6] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, start + 6))
        return Header("WEBP", width, height)
    if kind == b"VP8L" and data[start] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, start + 1)
        return Header("WEBP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    raise InvalidImage(problem=DAMAGED)
