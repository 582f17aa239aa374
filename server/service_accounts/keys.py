"""API keys: 32 random bytes, of which a plain hash is stored, as it cannot be guessed."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Final

PREFIX: Final = "sk_"
"""By which a key is told from an access token, and found where it was published."""
MAX_KEY_CHARS: Final = 64
_BYTES: Final = 32
_HINT_CHARS: Final = 10


def new_key() -> str:
    """A key that nobody has."""
    return PREFIX + base64.urlsafe_b64encode(secrets.token_bytes(_BYTES)).decode().rstrip("=")


def hash_of(key: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def hint_of(key: str) -> str:
    """How a key begins, which tells two apart and helps nobody to guess."""
    return key[:_HINT_CHARS]
