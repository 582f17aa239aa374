"""What a file is by its structure: one picture of three formats, whole, alone and not too large."""

from __future__ import annotations

import io
import random
import zipfile

import pytest
from support.pictures import encoded, jpeg, picture, png, png_bomb, png_chunk, webp

from server.media import formats
from server.media.errors import InvalidImage
from server.media.formats import ANIMATED, CUT_OFF, DAMAGED, NO_IMAGE, NOT_ALONE, Header, header_of

FILES = {
    "JPEG": jpeg(),
    "progressive JPEG": jpeg(progressive=True),
    "JPEG with restarts": jpeg(restart_marker_rows=1),
    "PNG": png(),
    "WebP": webp(),
    "lossless WebP": webp(lossless=True),
    "WebP with transparency": encoded(picture(mode="RGBA"), "WEBP"),
}
each = pytest.mark.parametrize("data", FILES.values(), ids=FILES)


def problem_of(data: bytes) -> str:
    """Why a file is refused."""
    with pytest.raises(InvalidImage) as caught:
        header_of(data)
    (violation,) = caught.value.violations
    assert violation.field == "file"
    return violation.description


@each
def test_a_whole_picture_says_how_large_it_is(data: bytes) -> None:
    header = header_of(data)
    assert (header.width, header.height) == (64, 48)
    assert header.format in ("JPEG", "PNG", "WEBP")


@each
def test_a_file_that_is_cut_off_anywhere_is_refused(data: bytes) -> None:
    for end in range(len(data)):
        with pytest.raises(InvalidImage):
            header_of(data[:end])
    assert problem_of(data[:-1]) in (CUT_OFF, NOT_ALONE)


@each
def test_what_follows_a_picture_is_refused(data: bytes) -> None:
    assert problem_of(data + b"and more") in (NOT_ALONE, CUT_OFF)


@each
def test_a_picture_that_is_an_archive_too_is_refused(data: bytes) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("evil.class", "x")
    assert problem_of(data + archive.getvalue()) in (NOT_ALONE, CUT_OFF)
    disguised = (
        jpeg() + b"\xff\xd8\xff" + archive.getvalue()
    )  # behind what a camera's second picture begins with
    assert problem_of(disguised) == NOT_ALONE


@pytest.mark.parametrize("other", [b"%PDF-1.7", b"<HTML>", b"<script>", b"<?php", b"<svg "])
def test_a_picture_that_another_program_would_read_as_its_own_is_refused(other: bytes) -> None:
    assert problem_of(jpeg(comment=other)) == NOT_ALONE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"GIF89a" + bytes(50),
        b"BM" + bytes(50),
        b"<svg></svg>",
        b"%PDF-1.7",
        b"RIFF0000WAVE",
    ],
)
def test_another_kind_of_file_is_refused(data: bytes) -> None:
    assert problem_of(data) == NO_IMAGE


def test_what_cameras_put_behind_a_picture_is_let_through() -> None:
    for trailer in (b"", bytes(64), jpeg(), b"\0\0\0\x18ftypmp42" + bytes(9), b"\0\0\1\2notesSEFT"):
        assert header_of(jpeg() + trailer) == Header("JPEG", 64, 48)


def test_animations_are_refused() -> None:
    frames = [picture(), picture().rotate(90)]
    for kind in ("PNG", "WEBP"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert problem_of(data) == ANIMATED


def test_a_picture_that_says_that_it_is_huge_is_refused_before_it_is_decoded() -> None:
    assert "pixels to a side" in problem_of(png_bomb(100_000, 1))
    assert "pixels to a side" in problem_of(png_bomb(0, 10))
    assert problem_of(png_bomb(10_000, 10_000)) == f"must have at most {formats.MAX_PIXELS} pixels"
    assert header_of(png_bomb(8000, 5000)).width == 8000


def test_a_png_of_countless_parts_is_not_walked_through() -> None:
    head, rest = png()[:33], png()[33:]
    assert problem_of(head + png_chunk(b"tEXt", b"") * (formats.MAX_PARTS + 1) + rest) == DAMAGED


def test_a_jpeg_of_countless_scans_is_refused_before_a_decoder_walks_through_each() -> None:
    data, scan = jpeg(progressive=True)[:-2], b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00\x00"
    scans = data.count(b"\xff\xda")
    allowed = data + scan * (formats.MAX_SCANS - scans)
    assert header_of(allowed + b"\xff\xd9").format == "JPEG"
    assert problem_of(allowed + scan + b"\xff\xd9") == f"must have at most {formats.MAX_SCANS} scans"


def test_a_jpeg_that_says_twice_how_large_it_is_is_refused() -> None:
    data = jpeg()
    start = data.index(b"\xff\xc0")
    length = int.from_bytes(data[start + 2 : start + 4])
    assert problem_of(data[:start] + data[start : start + 2 + length] + data[start:]) == DAMAGED


@each
def test_bytes_that_are_changed_anywhere_break_nothing(data: bytes) -> None:
    dice = random.Random(len(data))
    for _ in range(300):
        changed = bytearray(data)
        for _ in range(dice.randint(1, 8)):
            changed[dice.randrange(len(data))] = dice.randrange(256)
        try:
            header_of(bytes(changed))
        except InvalidImage:
            continue
