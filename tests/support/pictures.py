"""Pictures as cameras, phones and attackers make them."""

from __future__ import annotations

import io
import random
import struct
import zlib
from typing import Any

from PIL import Image

RED, BLUE = (200, 30, 30), (30, 30, 200)
ORIENTATION = 0x0112
UPRIGHT_BY_A_QUARTER = 6
"""Of EXIF: the picture is to be turned by 90 degrees clockwise."""


def picture(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image.convert(mode)


def noise(width: int, height: int) -> Image.Image:
    """A picture that no format makes small."""
    return Image.frombytes("RGB", (width, height), random.Random(width).randbytes(width * height * 3))


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as a file of a format."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def jpeg(width: int = 64, height: int = 48, **options: Any) -> bytes:
    """A JPEG."""
    return encoded(picture(width, height), "JPEG", **options)


def png(width: int = 64, height: int = 48, **options: Any) -> bytes:
    """A PNG."""
    return encoded(picture(width, height), "PNG", **options)


def webp(width: int = 64, height: int = 48, **options: Any) -> bytes:
    """A WebP."""
    return encoded(picture(width, height), "WEBP", **options)


def another_png() -> bytes:
    """A PNG like no other."""
    return encoded(Image.frombytes("RGB", (8, 8), random.SystemRandom().randbytes(192)), "PNG")


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """A part of a PNG."""
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def png_bomb(width: int, height: int) -> bytes:
    """A PNG that says that it is as large as this, of which there is nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (png_chunk(b"IHDR", header), png_chunk(b"IDAT", zlib.compress(b"")), png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def decoded(data: bytes) -> Image.Image:
    """A file as a picture."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def is_red(image: Image.Image, x: int, y: int) -> bool:
    """Whether a pixel is rather red than blue."""
    red, _, blue = image.convert("RGB").getpixel((x, y))  # type: ignore[misc]
    return red > blue
