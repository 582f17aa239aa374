"""Uploads take no more memory than they may, one by one and together."""

from __future__ import annotations

import hashlib
from contextlib import suppress

import pytest

from server.errors import Overloaded
from server.media.errors import InvalidImage
from server.media.intake import Intake


def test_a_file_is_collected_up_to_its_limit() -> None:
    intake = Intake(max_file_bytes=10)
    with intake.upload(1) as upload:
        for piece in (b"12345", b"", b"67890"):
            upload.add(piece)
        assert bytes(upload.data) == b"1234567890"
        assert upload.digest == hashlib.sha256(b"1234567890").hexdigest()
        with pytest.raises(InvalidImage, match="at most 10 bytes"):
            upload.add(b"1")
        assert intake.total_bytes == 10
    assert intake.total_bytes == 0


def test_all_files_together_have_a_limit_too() -> None:
    intake = Intake(max_file_bytes=10, max_total_bytes=15)
    with intake.upload(1) as first, intake.upload(2) as second:
        first.add(bytes(10))
        second.add(bytes(5))
        with pytest.raises(Overloaded):
            second.add(b"1")
        assert intake.total_bytes == 15
    with intake.upload(1) as third:
        third.add(bytes(10))


def test_one_user_leaves_room_for_the_others() -> None:
    intake = Intake(max_file_bytes=10, max_total_bytes=40)
    with intake.upload(1) as first, intake.upload(1) as second, intake.upload(1) as third:
        first.add(bytes(10))
        second.add(bytes(10))
        with pytest.raises(Overloaded):
            third.add(b"1")
        with intake.upload(2) as others:
            others.add(bytes(10))
    with intake.upload(1) as third:
        third.add(bytes(10))


def test_what_an_upload_took_is_free_again_however_it_ends() -> None:
    intake = Intake(max_file_bytes=10)
    with suppress(KeyError), intake.upload(1) as upload:
        upload.add(bytes(7))
        raise KeyError
    assert intake.total_bytes == 0
