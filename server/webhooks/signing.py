"""The secrets of the webhooks, and the signatures they make."""

from __future__ import annotations

import base64
import hashlib
import hmac

from server.crypto.keys import derived_key

PREFIX = "whsec_"


class EndpointSigner:
    """Knows the secret of every endpoint: it follows from the shop's key and the endpoint's salt."""

    def __init__(self, secret_key: bytes) -> None:
        self._key = derived_key(secret_key, "webhooks")

    def secret(self, salt: str) -> str:
        """The secret that the endpoint's keeper was told."""
        return PREFIX + base64.urlsafe_b64encode(derived_key(self._key, salt)).decode().rstrip("=")

    def signature(self, salt: str, seconds: int, body: bytes) -> str:
        """The header `Sanset-Signature` for a body sent at this time."""
        signed = f"{seconds}.".encode() + body
        mac = hmac.new(self.secret(salt).encode(), signed, hashlib.sha256).hexdigest()
        return f"t={seconds},v1={mac}"
