"""The secrets of the webhooks, and the signatures they make."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from server.crypto.keys import derived_key
from server.db.base import AnyRow
from server.webhooks.courier import Headers

PREFIX = "whsec_"


class EndpointSigner:
    """Knows the secret of every endpoint: it follows from the shop's key and the endpoint's salt."""

    def __init__(self, secret_key: bytes) -> None:
        self._key = derived_key(secret_key, "webhooks")

    def secret(self, salt: str) -> str:
        """The secret that the endpoint's keeper was told."""
        return PREFIX + base64.urlsafe_b64encode(derived_key(self._key, salt)).decode().rstrip("=")

    def headers(self, endpoint: AnyRow, delivery_id: int, body: bytes, now: datetime) -> Headers:
        """The headers of a body that is sent to an endpoint now."""
        overlaps = endpoint.old_salt is not None and now < endpoint.old_salt_until
        salts = (endpoint.salt, endpoint.old_salt) if overlaps else (endpoint.salt,)
        return (
            ("Content-Type", "application/json"),
            ("User-Agent", "Sanset-Webhooks/1"),
            ("Sanset-Delivery", str(delivery_id)),
            ("Sanset-Signature", self._signature(salts, int(now.timestamp()), body)),
        )

    def _signature(self, salts: Sequence[str], seconds: int, body: bytes) -> str:
        signed = f"{seconds}.".encode() + body
        keys = (self.secret(salt).encode() for salt in salts)
        macs = (hmac.new(key, signed, hashlib.sha256).hexdigest() for key in keys)
        return f"t={seconds}," + ",".join(f"v1={mac}" for mac in macs)
