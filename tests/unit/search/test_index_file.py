"""The file of the index: what was written is read, and what is damaged is not believed."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest

from server.search.index import file
from server.search.index.documents import Document, entry_of
from server.search.index.file import DamagedIndex, Stamp
from server.search.index.index import SearchIndex
from server.search.index.segment import segment_of

STAMP = Stamp(database="a", position=7, categories={3: "Kitchen\nMugs"})
DOCUMENTS = [
    Document(
        product_id=4, name="Red mug", brand="Acme", tags=["gift"], attributes={"size": "L"}, skus={"M-1": 9}
    ),
    Document(product_id=8, name="Blue cup", category_id=3, categories=["Kitchen", "Mugs"], vendor_id=5),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a file that was written."""
    there = tmp_path / "products.index"
    file.write(there, segment_of(entry_of(document) for document in DOCUMENTS), STAMP)
    return there


def test_what_was_written_is_read(path: Path) -> None:
    stored = file.read(path)
    index = SearchIndex([stored.segment])
    assert stored.stamp == STAMP
    assert stored.identity == file.identity_of(path)
    assert index.postings("mug")[0].tolist() == [0, 1]
    assert index.columns.product_ids.tolist() == [4, 8]
    assert index.sku("m-1") == (0, 9)
    assert index.columns.attributes.label(0) == ("size", "L")
    assert list(index.words_beginning_with("b")) == ["blue"]


def test_an_index_of_nothing_is_one(tmp_path: Path) -> None:
    file.write(tmp_path / "empty", segment_of(()), STAMP)
    assert len(file.read(tmp_path / "empty").segment) == 0


def test_a_file_that_was_damaged_anywhere_is_not_believed(path: Path) -> None:
    whole = path.read_bytes()
    dice = random.Random(7)
    header = range(1_400)  # every byte of it; of the rest some
    for position in [*header, *(dice.randrange(len(whole)) for _ in range(60))]:
        damaged = bytearray(whole)
        damaged[position] ^= 1 << dice.randrange(8)
        path.write_bytes(damaged)
        try:
            stored = file.read(path)
        except DamagedIndex:
            continue
        # What lies between the parts says nothing.
        assert np.array_equal(stored.segment.docs, file.read(path).segment.docs)
        assert stored.stamp == STAMP


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_not_believed(path: Path, share: float) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises((DamagedIndex, ValueError)):
        file.read(path)


def test_who_reads_the_old_file_is_not_disturbed_by_a_new_one(path: Path) -> None:
    before = file.read(path)
    file.write(path, segment_of(()), STAMP)
    assert before.segment.postings("mug")[0].tolist() == [0, 1]
    assert len(file.read(path).segment) == 0


def test_no_builder_writes_to_what_another_has_put_in_place(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that lost its lock, and still writes, ends without a trace when another is through."""
    whole = segment_of(entry_of(document) for document in DOCUMENTS)
    sync = os.fsync

    def overtaken(descriptor: int) -> None:
        monkeypatch.setattr(os, "fsync", sync)
        file.write(path, whole, STAMP)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", overtaken)
    with pytest.raises(FileNotFoundError):
        file.write(path, segment_of(()), STAMP)
    assert len(file.read(path).segment) == len(DOCUMENTS)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_new_index_is_a_new_file(path: Path) -> None:
    with path.open("rb") as before:
        inode, content = os.fstat(before.fileno()).st_ino, before.read()
        file.write(path, segment_of(()), STAMP)
        before.seek(0)
        assert (os.fstat(before.fileno()).st_ino, before.read()) == (inode, content)
    assert path.stat().st_ino != inode
