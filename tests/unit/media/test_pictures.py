"""What is made of an uploaded file: the picture alone, upright, in the browsers' colours, in every size."""

from __future__ import annotations

import io
import random
from contextlib import suppress

import pytest
from PIL import Image, ImageCms
from support.pictures import (
    ORIENTATION,
    UPRIGHT_BY_A_QUARTER,
    decoded,
    encoded,
    is_red,
    jpeg,
    noise,
    picture,
    png,
    webp,
)

from server.catalog.image_files import CARD, SIZES, WHOLE
from server.media import pictures
from server.media.errors import InvalidImage
from server.media.pictures import picture_of


def whole_of(data: bytes) -> Image.Image:
    """The largest picture that is kept of a file."""
    return decoded(picture_of(data).files[WHOLE])


@pytest.mark.parametrize("data", [jpeg(3000, 1500), png(3000, 1500), webp(3000, 1500)])
def test_a_picture_is_kept_in_every_size(data: bytes) -> None:
    made = picture_of(data)
    assert (made.width, made.height) == (2048, 1024)
    assert list(made.files) == list(SIZES)
    for size, file in made.files.items():
        image = decoded(file)
        assert image.format == "WEBP"
        assert image.size == (size.pixels, size.pixels // 2)
        assert is_red(image, 5, 5)
        assert not is_red(image, size.pixels - 5, 5)


def test_a_small_picture_is_not_made_larger() -> None:
    made = picture_of(jpeg(100, 50))
    assert (made.width, made.height) == (100, 50)
    assert {decoded(file).size for file in made.files.values()} == {(100, 50)}


def test_a_picture_is_turned_as_the_camera_was() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = UPRIGHT_BY_A_QUARTER
    image = whole_of(jpeg(64, 32, exif=exif))
    assert image.size == (32, 64)
    assert is_red(image, 16, 5)
    assert not is_red(image, 16, 60)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_that_was_in_a_file_beside_its_picture_is_kept(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif.get_ifd(0x8825)[1] = "N"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encoded(
        picture(), kind, exif=exif, icc_profile=profile, comment=b"secret", xmp=b"<x:xmpmeta>secret"
    )
    for file in picture_of(data).files.values():
        assert not {b"EXIF", b"ICCP", b"XMP "} & {file[at : at + 4] for at in range(len(file) - 4)}
        assert b"secret" not in file
        assert b"taken at home" not in file


def test_a_profile_of_colours_is_applied_and_a_broken_one_is_passed_over() -> None:
    plain = Image.new("RGB", (16, 16), (120, 180, 60))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for data in (
        encoded(plain, "PNG", icc_profile=profile),
        encoded(plain, "PNG", icc_profile=b"no profile"),
    ):
        pixel = whole_of(data).convert("RGB").getpixel((8, 8))
        assert isinstance(pixel, tuple)
        assert all(abs(one - other) < 12 for one, other in zip(pixel, (120, 180, 60), strict=True))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_is_read(mode: str) -> None:
    image = picture(mode="L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.frombytes("I;16", (64, 48), b"\x00\x80" * 64 * 48)
    made = whole_of(encoded(image, "PNG"))
    assert made.size == (64, 48)
    if mode == "I;16":
        assert 110 < made.convert("L").getpixel((5, 5)) < 145  # type: ignore[operator]


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_every_kind_of_jpeg_is_read(mode: str) -> None:
    assert whole_of(encoded(picture(mode=mode), "JPEG")).size == (64, 48)


def test_transparency_is_kept() -> None:
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    for kind in ("PNG", "WEBP"):
        assert whole_of(encoded(image, kind)).getpixel((5, 5))[3] == 0  # type: ignore[index]


def test_a_picture_that_would_be_too_large_a_file_is_kept_coarser(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(noise(300, 300), "PNG")
    fine = picture_of(data).files[CARD]
    monkeypatch.setattr(pictures, "MAX_FILE_BYTES", len(fine) // 2)
    assert len(picture_of(data).files[CARD]) < len(fine)


def test_files_that_are_changed_anywhere_are_refused_or_read() -> None:
    dice = random.Random(7)
    for data in (jpeg(), png(), webp()):
        for _ in range(60):
            changed = bytearray(data)
            for _ in range(dice.randint(1, 4)):
                changed[dice.randrange(20, len(data))] = dice.randrange(256)
            with suppress(InvalidImage):
                assert picture_of(bytes(changed)).width > 0


def test_a_second_header_does_not_make_a_picture_larger_than_the_first() -> None:
    small, larger = png(), png(640, 480)
    signature_and_header = 8 + 25
    with pytest.raises(InvalidImage, match="damaged"):
        picture_of(small[:signature_and_header] + larger[8:])


def test_a_picture_whose_data_lack_is_refused() -> None:
    whole = png()
    start = whole.index(b"IDAT") - 4
    end = whole.index(b"IEND") - 4
    with pytest.raises(InvalidImage, match="damaged"):
        picture_of(whole[:start] + whole[end:])


def test_the_largest_picture_takes_little_time_and_memory_beyond_its_own() -> None:
    file = io.BytesIO()
    Image.new("RGB", (8000, 5000)).save(file, "JPEG")
    assert picture_of(file.getvalue()).width == 2048
