"""The messages of an upload behind its first one."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from server.errors import FieldReason, InvalidField

_FILE = "file"


def piece_of(message: Message) -> bytes:
    """The piece of a file in a message after the first. Raises InvalidField when it has more than that."""
    wrong = [field.name for field, _ in message.ListFields() if field.name != _FILE]
    if wrong:
        text = "is for the first message only"
        raise InvalidField(*((name, text, FieldReason.CONFLICT) for name in wrong))
    piece: Any = message
    data: bytes = piece.file.data
    return data
