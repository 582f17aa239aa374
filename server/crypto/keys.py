"""Keys: one for each purpose, all from the shop's one secret."""

from __future__ import annotations

import hashlib
import hmac


def derived_key(secret: bytes, purpose: str) -> bytes:
    """The 32-byte key for one purpose, so that what leaks from one use opens no other."""
    return hmac.digest(secret, purpose.encode(), hashlib.sha256)
