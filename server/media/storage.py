"""Where the files of images are: a directory of this machine, or a bucket of an S3-compatible store.

A file has a name that is never used for another content; writing it again is harmless.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from server.settings import Settings

CONTENT_TYPE: Final = "image/webp"
FOREVER: Final = "public, max-age=31536000, immutable"
MAX_DELETED_AT_ONCE: Final = 1000
"""S3's limit of one call."""


class StoreAway(Exception):
    """The files can be neither read nor written now."""


class FileStore(Protocol):
    """Holds files by their names. All methods may block, and raise StoreAway."""

    def write(self, name: str, data: bytes) -> None:
        """Store a file; when it returns, the file outlives a loss of power."""
        ...

    def read(self, name: str) -> bytes | None:
        """The content of a file; None when there is none."""
        ...

    def has(self, name: str) -> bool:
        """Tell whether there is a file."""
        ...

    def delete(self, names: Collection[str]) -> None:
        """Delete files, as far as they are there."""
        ...

    def delete_unfinished(self, before: datetime) -> None:
        """Delete what was being written at a time, and never was whole: its writer has died."""
        ...


def store_of(settings: Settings) -> FileStore:
    """The store that the settings name."""
    if settings.media_storage == "s3":
        return BucketStore.of(settings)
    return FolderStore(settings.media_dir)


class FolderStore:
    """Files below a directory, which all workers of the shop must share."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, name: str, data: bytes) -> None:
        """Store a file: beside its place first, so that nobody reads the half of it."""
        path = self._path(name)
        unfinished = path.with_name(f".{secrets.token_hex(8)}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with unfinished.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                unfinished.replace(path)
            finally:
                unfinished.unlink(missing_ok=True)
            for directory in (path.parent, self._root):
                _sync(directory)
        except OSError as error:
            raise StoreAway(f"{path}: {error.strerror}") from error

    def read(self, name: str) -> bytes | None:
        """The content of a file."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreAway(f"{name}: {error.strerror}") from error

    def has(self, name: str) -> bool:
        """Tell whether there is a file."""
        return self._path(name).is_file()

    def delete(self, names: Collection[str]) -> None:
        """Delete files."""
        try:
            for name in names:
                self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise StoreAway(str(error.strerror)) from error

    def delete_unfinished(self, before: datetime) -> None:
        """Delete files that have not got their names."""
        try:
            for path in self._root.glob("*/.*"):
                if path.is_file() and path.stat().st_mtime < before.timestamp():
                    path.unlink(missing_ok=True)
        except FileNotFoundError:  # another swept it
            pass
        except OSError as error:
            raise StoreAway(str(error.strerror)) from error

    def _path(self, name: str) -> Path:
        # The contract lets no name through that is not made of digits and letters: see GetMediaFileRequest.
        return self._root / name[:2] / name


def _sync(directory: Path) -> None:
    """Make the names in a directory outlive a loss of power."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class BucketStore:
    """Files in a bucket of S3, or of what speaks as it does."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        """`client` is one of boto3's, which has no types."""
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    @classmethod
    def of(cls, settings: Settings) -> BucketStore:
        """As the settings say. boto3 is loaded here: most shops have none."""
        import boto3
        from botocore.config import Config

        secret = settings.s3_secret_access_key.get_secret_value()
        client = boto3.client(
            "s3",
            endpoint_url=settings.s3_endpoint or None,
            region_name=settings.s3_region or None,
            aws_access_key_id=settings.s3_access_key_id or None,
            aws_secret_access_key=secret or None,
            config=Config(
                connect_timeout=2, read_timeout=10, retries={"max_attempts": 2}, max_pool_connections=16
            ),
        )
        return cls(client, settings.s3_bucket, settings.s3_prefix)

    def write(self, name: str, data: bytes) -> None:
        """Store a file."""
        self._call(
            "put_object", Key=self._key(name), Body=data, ContentType=CONTENT_TYPE, CacheControl=FOREVER
        )

    def read(self, name: str) -> bytes | None:
        """The content of a file."""
        stored = self._call("get_object", Key=self._key(name))
        if stored is None:
            return None
        try:
            return bytes(stored["Body"].read())
        except Exception as error:  # urllib3's, of whatever broke the connection off
            raise StoreAway(type(error).__name__) from error

    def has(self, name: str) -> bool:
        """Tell whether there is a file."""
        return self._call("head_object", Key=self._key(name)) is not None

    def delete(self, names: Collection[str]) -> None:
        """Delete files."""
        keys = [{"Key": self._key(name)} for name in names]
        for start in range(0, len(keys), MAX_DELETED_AT_ONCE):
            objects = keys[start : start + MAX_DELETED_AT_ONCE]
            reply = self._call("delete_objects", Delete={"Objects": objects, "Quiet": True})
            if reply is not None and reply.get("Errors"):
                raise StoreAway(str(reply["Errors"][0].get("Code")))

    def delete_unfinished(self, before: datetime) -> None:
        """Nothing: a bucket has a file whole, or not at all."""

    def _key(self, name: str) -> str:
        return f"{self._prefix}{name}"

    def _call(self, operation: str, **arguments: Any) -> Any:
        """What a call returns; None where there is no such file."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return getattr(self._client, operation)(Bucket=self._bucket, **arguments)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
                return None
            raise StoreAway(str(error)) from error
        except BotoCoreError as error:
            raise StoreAway(str(error)) from error
