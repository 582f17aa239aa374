"""Adds images from a directory of this machine, with the proofs that an upload is put to; for commands."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Final

from server.catalog.image_files import file_name
from server.clock import Clock
from server.db.database import Database
from server.identity import Identity
from server.media import queries, service
from server.media.errors import InvalidImage
from server.media.pictures import picture_of
from server.media.queries import StoredPicture
from server.media.service import NewImage
from server.media.storage import FileStore

MISSING: Final = "is no file of the directory of images"
UNREADABLE: Final = "cannot be read"


class ImageFolder:
    """A directory of images, by their paths in it."""

    def __init__(
        self, db: Database, store: FileStore, clock: Clock, *, directory: Path, max_file_bytes: int
    ) -> None:
        self._db = db
        self._store = store
        self._clock = clock
        self._directory = directory.resolve()
        self._max_file_bytes = max_file_bytes

    def check(self, name: str) -> None:
        """Put a file to the proofs. Raises InvalidImage."""
        picture_of(self._read(name))

    def add(self, caller: Identity, product_id: int, variant_id: int | None, name: str) -> bool:
        """Add the image in a file behind the others of a product; False where the product has it already.

        Of a picture that the shop has nothing is decoded or stored again. Raises InvalidImage, StoreAway, and what
        `service.add_image` raises.
        """
        data = self._read(name)
        digest = hashlib.sha256(data).hexdigest()
        with self._db.read() as connection:
            picture = queries.stored_picture(connection, digest)
            if picture is not None and queries.has_picture(connection, product_id, picture.key):
                return False
        if picture is None:
            with self._db.transaction() as tx:
                service.check_room(tx, caller, product_id, variant_id)
            picture = self._stored(data, digest)
        new = NewImage(
            product_id=product_id,
            variant_id=variant_id,
            alt="",
            file_key=picture.key,
            width=picture.width,
            height=picture.height,
        )
        with self._db.transaction() as tx:
            service.add_image(tx, caller, new, self._clock())
        return True

    def _stored(self, data: bytes, digest: str) -> StoredPicture:
        """Decode a file, and store it in every size."""
        picture = picture_of(data)
        with self._db.transaction() as tx:
            key = queries.claim_file(tx, digest, secrets.token_hex(16), self._clock())
        for size, content in picture.files.items():
            self._store.write(file_name(key, size), content)
        return StoredPicture(key, picture.width, picture.height)

    def _read(self, name: str) -> bytes:
        """The content of a file, wherever links lead inside the directory. Raises InvalidImage."""
        try:
            path = (self._directory / name).resolve()
            if not path.is_relative_to(self._directory) or not path.is_file():
                raise InvalidImage(problem=MISSING)
            with path.open("rb") as file:
                data = file.read(self._max_file_bytes + 1)
        except (OSError, ValueError, RuntimeError):  # a name that no file can have, and links in a circle
            raise InvalidImage(problem=UNREADABLE) from None
        if len(data) > self._max_file_bytes:
            raise InvalidImage(problem=f"must have at most {self._max_file_bytes} bytes")
        return data
