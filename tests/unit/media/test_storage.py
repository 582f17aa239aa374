"""Both stores hold files alike: a directory, and a bucket that stands for S3."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.media.storage import BucketStore, FileStore, FolderStore, StoreAway, store_of
from server.settings import load

NAME, OTHER = "0123456789abcdef0123456789abcdef.webp", "f123456789abcdef0123456789abcdef-160.webp"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """S3's double, with a bucket."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    boto3, moto = pytest.importorskip("boto3"), pytest.importorskip("moto")
    with moto.mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="pictures")
        yield client


def _bucket_store() -> FileStore:
    settings = load(
        environment="test", media_storage="S3", s3_bucket="pictures", s3_prefix="shop/", s3_region="us-east-1"
    )
    return store_of(settings)


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    """Each store in turn."""
    if request.param == "folder":
        return store_of(load(environment="test", upload_folder=tmp_path / "files"))
    request.getfixturevalue("bucket")
    return _bucket_store()


def test_the_settings_say_which_store(store: FileStore) -> None:
    assert isinstance(store, FolderStore | BucketStore)


def test_what_a_writer_left_that_died_is_deleted_once_it_is_old(store: FileStore) -> None:
    store.write(NAME, b"whole")
    now = datetime.now(UTC)
    unfinished: Path | None = None
    if isinstance(store, FolderStore):
        unfinished = store._root / NAME[:2] / ".0123456789abcdef"
        unfinished.write_bytes(b"ha")
    store.delete_unfinished(now - timedelta(hours=1))
    assert unfinished is None or unfinished.exists()
    store.delete_unfinished(now + timedelta(hours=1))
    assert unfinished is None or not unfinished.exists()
    assert store.read(NAME) == b"whole"


def test_a_file_is_there_until_it_is_deleted(store: FileStore) -> None:
    assert store.read(NAME) is None
    assert not store.has(NAME)
    store.write(NAME, b"one")
    store.write(NAME, b"again")
    store.write(OTHER, b"other")
    assert (store.read(NAME), store.has(NAME)) == (b"again", True)
    store.delete([NAME, "a" * 32 + ".webp"])
    store.delete([])
    assert (store.read(NAME), store.has(NAME), store.read(OTHER)) == (None, False, b"other")


def test_a_bucket_says_what_its_files_are(bucket: Any) -> None:
    _bucket_store().write(NAME, b"one")
    head = bucket.head_object(Bucket="pictures", Key=f"shop/{NAME}")
    assert head["ContentType"] == "image/webp"
    assert "immutable" in head["CacheControl"]


def test_a_bucket_that_does_not_answer_is_away(bucket: Any) -> None:
    store = BucketStore(bucket, "nobodys", "")
    for use in (lambda: store.read(NAME), lambda: store.write(NAME, b""), lambda: store.delete([NAME])):
        with pytest.raises(StoreAway):
            use()


def test_a_directory_holds_no_half_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FolderStore(tmp_path)
    store.write(NAME, b"whole")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreAway, match="No space"):
        store.write(NAME, b"half")
    assert store.read(NAME) == b"whole"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [NAME]


def test_a_directory_that_cannot_be_used_is_away(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("no directory")
    store = FolderStore(tmp_path / "files")
    for use in (lambda: store.read(NAME), lambda: store.write(NAME, b""), lambda: store.delete([NAME])):
        with pytest.raises(StoreAway):
            use()


def test_a_bucket_must_be_named() -> None:
    with pytest.raises(Exception, match="S3_BUCKET"):
        load(environment="test", media_storage="s3")
