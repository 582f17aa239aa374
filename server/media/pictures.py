"""Pictures: an uploaded file decoded, and made anew in every size, without anything else that was in it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from server.catalog.image_files import SIZES, ImageSize
from server.media.errors import InvalidImage
from server.media.formats import DAMAGED, Header, header_of

if TYPE_CHECKING:
    from PIL.Image import Image, Resampling

QUALITIES: Final = (82, 60, 35)
"""WebP's; a lower one for a picture that would be too large for one reply, as noise is."""
MAX_FILE_BYTES: Final = 3 * 1024 * 1024
EFFORT: Final = 4
"""WebP's `method`: 6 makes files 2 % smaller in twice the time."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept: its largest size, and the file of each."""

    width: int
    height: int
    files: Mapping[ImageSize, bytes]


def picture_of(data: bytes) -> Picture:
    """Decode a file, and encode it in every size. Takes a second or two, and up to 550 MB. Raises InvalidImage."""
    header = header_of(data)
    try:
        picture = _decoded(data, header)
        width, height = picture.size
        files = {}
        for size in sorted(SIZES, key=lambda one: one.pixels, reverse=True):
            picture.thumbnail((size.pixels, size.pixels), _lanczos())
            files[size] = _encoded(picture)
    except Exception as error:  # what a decoder raises for a damaged file may be anything
        log.info("image_refused", error=type(error).__name__, text=str(error)[:200])
        raise InvalidImage(problem=DAMAGED) from None
    return Picture(width, height, files)


def _lanczos() -> Resampling:
    from PIL import Image

    return Image.Resampling.LANCZOS


def _decoded(data: bytes, header: Header) -> Image:
    """The picture, upright, in sRGB and no larger than is kept."""
    from PIL import Image, ImageOps

    largest = max(size.pixels for size in SIZES)
    with Image.open(io.BytesIO(data), formats=[header.format]) as opened:
        if opened.size != (header.width, header.height):
            # The decoder reads another size than was found small enough, as of the second header of a PNG.
            raise ValueError(f"{opened.size} instead of {header.width} x {header.height}")
        if header.format == "JPEG":
            opened.draft(
                opened.mode, (largest, largest)
            )  # decodes a large one at a half, a quarter or an eighth
        opened.load()
        picture = _plain(opened)
    picture.thumbnail((largest, largest), _lanczos(), reducing_gap=3.0)
    picture = _in_srgb(ImageOps.exif_transpose(picture))
    picture.info = {}  # what is left of metadata would be written with it
    return picture


def _plain(opened: Image) -> Image:
    """The picture in a mode that can be scaled; ink stays ink where a profile says which."""
    if opened.mode.startswith(("I", "F")):
        # 16 bits a pixel, of which a conversion would cut the upper half off
        opened = opened.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if opened.mode in ("RGB", "RGBA") and "transparency" not in opened.info:
        return opened  # a conversion would copy it
    if opened.mode == "CMYK" and "icc_profile" in opened.info:
        return opened
    has_alpha = opened.mode in ("LA", "PA", "La", "RGBa") or "transparency" in opened.info
    return opened.convert("RGBA" if has_alpha else "RGB")


def _in_srgb(picture: Image) -> Image:
    """The picture in the colours that browsers assume, as those of phones are others."""
    from PIL import ImageCms

    profile, mode = picture.info.get("icc_profile"), "RGBA" if picture.mode == "RGBA" else "RGB"
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                picture, source, ImageCms.createProfile("sRGB"), outputMode=mode
            )
        except (ImageCms.PyCMSError, OSError, ValueError):  # a profile of something else, or a broken one
            converted = None
        if converted is not None:
            return converted
    return picture.convert(mode)


def _encoded(picture: Image) -> bytes:
    """The picture as WebP."""
    for quality in QUALITIES:
        file = io.BytesIO()
        picture.save(file, "WEBP", quality=quality, method=EFFORT)
        if file.tell() <= MAX_FILE_BYTES:
            break
    return file.getvalue()
