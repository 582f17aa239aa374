"""Pictures wait for a decoder on the loop, where what is given up is gone at once."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from support.pictures import png

from server.media import library
from server.media.library import Library
from server.media.pictures import Picture
from server.media.storage import FolderStore


def test_the_files_of_callers_who_left_do_not_wait_for_a_decoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, decoded = threading.Event(), threading.Event(), list[bytes]()

    def decode(data: bytes) -> Picture:
        decoded.append(data)
        begun.set()
        go_on.wait(60)
        return Picture(1, 1, {})

    monkeypatch.setattr(library, "picture_of", decode)

    async def leave_and_come_back() -> int:
        media = Library(FolderStore(tmp_path))
        for _ in range(5):
            left = asyncio.create_task(media.decode(png()))
            await asyncio.to_thread(begun.wait, 60)
            await asyncio.sleep(0)
            left.cancel()
            await asyncio.wait([left])
        queued: int = media._decoding._work_queue.qsize()
        patient = asyncio.create_task(media.decode(b"patient"))
        await asyncio.sleep(0)
        go_on.set()
        assert (await asyncio.wait_for(patient, 60)).width == 1
        await media.close()
        return queued

    assert asyncio.run(leave_and_come_back()) == 0
    assert decoded == [png(), b"patient"]
