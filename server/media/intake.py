"""Files that are being uploaded: collected in memory, within bounds for each and for all of them together."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from server.errors import Overloaded
from server.media.errors import InvalidImage

MAX_TOTAL_BYTES: Final = 64 * 1024 * 1024
"""Of all files that a worker is being sent, or has not decoded yet.

One user's may have half of it: who begins many files and ends none would keep out all others.
"""


class Intake:
    """Counts the bytes of the uploads of a worker, on its event loop."""

    def __init__(self, *, max_file_bytes: int, max_total_bytes: int = MAX_TOTAL_BYTES) -> None:
        self._max_file_bytes = max_file_bytes
        self._max_total_bytes = max(max_total_bytes, max_file_bytes)
        self._max_user_bytes = max(self._max_total_bytes // 2, max_file_bytes)
        self._of_users: Counter[int] = Counter()
        self.total_bytes = 0

    @contextmanager
    def upload(self, user_id: int) -> Iterator[Upload]:
        """A file of a user's to be collected; what it takes is free again at the end."""
        upload = Upload(self, user_id)
        try:
            yield upload
        finally:
            self.total_bytes -= len(upload.data)
            self._of_users[user_id] -= len(upload.data)
            if not self._of_users[user_id]:
                del self._of_users[user_id]

    def admit(self, user_id: int, size: int, more: int) -> None:
        """Let a file of `size` bytes have more. Raises InvalidImage and Overloaded."""
        if size + more > self._max_file_bytes:
            raise InvalidImage(problem=f"must have at most {self._max_file_bytes} bytes")
        is_too_much = self.total_bytes + more > self._max_total_bytes
        if is_too_much or self._of_users[user_id] + more > self._max_user_bytes:
            raise Overloaded()
        self.total_bytes += more
        self._of_users[user_id] += more


class Upload:
    """A file as far as it has come."""

    def __init__(self, intake: Intake, user_id: int) -> None:
        self._intake = intake
        self._user_id = user_id
        self._digest = hashlib.sha256()
        self.data = bytearray()

    @property
    def digest(self) -> str:
        """The SHA-256 of what has come, made piece by piece: all of it at once would take the loop too long."""
        return self._digest.hexdigest()

    def add(self, piece: bytes) -> None:
        """Take the next piece. Raises InvalidImage for a file that is too large, and Overloaded."""
        self._intake.admit(self._user_id, len(self.data), len(piece))
        self._digest.update(piece)
        self.data += piece
