"""The header `Idempotency-Key`, by which a request may bring its `request_id`: the same on both transports."""

from __future__ import annotations

import re
import uuid
from typing import Final

from google.protobuf.message import Message

from server.errors import FieldReason, InvalidField
from server.rpc.call import IDEMPOTENCY_KEY

MAX_KEY: Final = 255

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_KEYS: Final = uuid.UUID("8d3f7f0e-4c5b-5a53-9a50-5f0a4ae0a3d1")
"""The namespace of the request ids that are made of keys."""


def adopt(request: Message, key: str | bytes) -> None:
    """Give a request that takes a `request_id` the one that a key stands for; others need none.

    A key that is a UUID is the request id, any other the same one every time; quotes around it are not part of it,
    for some write it as a structured field.

    Raises InvalidField when the request has another id already, and for an empty or overlong key.
    """
    if "request_id" not in request.DESCRIPTOR.fields_by_name:
        return
    text = key.decode("latin-1") if isinstance(key, bytes) else key
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if not 1 <= len(text) <= MAX_KEY:
        reason = FieldReason.TOO_LONG if text else FieldReason.TOO_SHORT
        raise InvalidField((IDEMPOTENCY_KEY, f"must have 1 to {MAX_KEY} characters", reason))
    request_id = text.lower() if _UUID.fullmatch(text) else str(uuid.uuid5(_KEYS, text))
    sent: str = getattr(request, "request_id")  # noqa: B009 - the type is not known
    if sent and sent.lower() != request_id:
        raise InvalidField(
            (
                "request_id",
                "is another than the header Idempotency-Key says: send one of them",
                FieldReason.CONFLICT,
            )
        )
    setattr(request, "request_id", request_id)  # noqa: B010 - the same
