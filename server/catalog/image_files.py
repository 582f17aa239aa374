"""The files of images: how they are named, and the addresses that they are served from."""

from __future__ import annotations

from typing import Final, NamedTuple


class ImageSize(NamedTuple):
    """A size in which images are kept: the field that names its address, and the most pixels to a side."""

    field: str
    pixels: int


SIZES: Final = (
    ImageSize("url", 2048),
    ImageSize("large_url", 1024),
    ImageSize("medium_url", 480),
    ImageSize("thumbnail_url", 160),
)
WHOLE: Final = SIZES[0]
CARD: Final = SIZES[2]
"""The size that cards of lists show."""
THUMBNAIL: Final = SIZES[3]
"""The size that lines show."""


def file_name(key: str, size: ImageSize) -> str:
    """The name of the file of an image, by the key of its files."""
    return f"{key}.webp" if size is WHOLE else f"{key}-{size.pixels}.webp"


def file_names(key: str) -> list[str]:
    """The names of all files with a key."""
    return [file_name(key, size) for size in SIZES]


def file_url(key: str, size: ImageSize) -> str:
    """The address of a file as a path of the shop; empty without a key."""
    return f"/media/{file_name(key, size)}" if key else ""
