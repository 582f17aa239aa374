"""Files as they arrive: bounded in number, bytes and patience."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.errors import Overloaded
from server.imports import uploads as upload_rules
from server.imports.errors import FileTooLarge, InvalidFile
from server.imports.products.file import FileKind
from server.imports.products.records import Encoding
from server.imports.uploads import MAX_UPLOADS, Uploads

HEADING = b"sku,name\n"


async def sent(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@pytest.fixture(autouse=True)
def no_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody goes away in these tests."""
    monkeypatch.setattr(upload_rules, "MOMENT_SECONDS", 0)


async def taken(uploads: Uploads, *pieces: bytes, size_bytes: int = 0) -> bytes:
    """The file as it was kept."""
    async with uploads.slot() as intake:
        upload = await intake.take(sent(*pieces), None, Encoding.UTF_8, size_bytes=size_bytes)
        assert upload.form.kind is FileKind.CSV
        assert upload.size_bytes == sum(map(len, pieces))
        return b"".join(upload.pieces())


def test_a_file_is_kept_as_it_was_sent() -> None:
    pieces = [HEADING, *(b"A%d,x\n" % i * 10_000 for i in range(40))]
    assert asyncio.run(taken(Uploads("USD", max_bytes=10**8), *pieces)) == b"".join(pieces)


def test_a_file_that_is_too_large_is_refused_where_it_becomes_so() -> None:
    with pytest.raises(FileTooLarge) as refused:
        asyncio.run(taken(Uploads("USD", max_bytes=1000), HEADING, b"x" * 992))
    assert (refused.value.reason, refused.value.facts) == ("FILE_TOO_LARGE", {"limit": "1000"})


def test_a_file_of_a_known_size_is_taken_whole_or_not_at_all() -> None:
    uploads = Uploads("USD", max_bytes=1000)
    assert asyncio.run(taken(uploads, HEADING, size_bytes=len(HEADING))) == HEADING
    with pytest.raises(InvalidFile, match="9 of its 10 bytes"):
        asyncio.run(taken(uploads, HEADING, size_bytes=10))


def test_a_file_is_judged_by_its_beginning() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"naem,sku\n" + b"x" * 100_000

    async def judged() -> None:
        uploads = Uploads("USD", max_bytes=10**12)
        async with uploads.slot() as intake:
            with pytest.raises(InvalidFile, match="naem"):
                await intake.take(endless(), None, Encoding.UTF_8)

    asyncio.run(judged())


def test_a_worker_takes_a_few_files_at_a_time_and_frees_their_places() -> None:
    async def crowded() -> None:
        uploads = Uploads("USD", max_bytes=1000)
        async with uploads.slot():
            async with uploads.slot():
                assert MAX_UPLOADS == 2
                with pytest.raises(Overloaded):
                    await taken(uploads, HEADING)
            await taken(uploads, HEADING)

    asyncio.run(crowded())


def test_who_falls_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_rules, "SILENT_SECONDS", 0.05)

    async def silent() -> AsyncIterator[bytes]:
        yield HEADING
        await asyncio.sleep(60)

    async def waited() -> None:
        async with Uploads("USD", max_bytes=1000).slot() as intake:
            with pytest.raises(TimeoutError):
                await intake.take(silent(), None, Encoding.UTF_8)

    asyncio.run(waited())


def test_who_sends_too_slowly_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_rules, "SILENT_SECONDS", 0.05)

    async def slow() -> AsyncIterator[bytes]:
        yield HEADING
        while True:
            await asyncio.sleep(0.001)
            yield b""

    async def waited() -> None:
        async with Uploads("USD", max_bytes=1000).slot() as intake:
            with pytest.raises(TimeoutError):
                await intake.take(slow(), None, Encoding.UTF_8)

    asyncio.run(waited())
