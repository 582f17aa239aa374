"""The secrets of the webhooks, and the signatures they make."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from server.crypto.keys import derived_key
from server.crypto.purposes import Purpose
from server.crypto.ring import Derived, KeyRing
from server.db.base import AnyRow
from server.webhooks.courier import Headers

PREFIX = "whsec_"


class EndpointSigner:
    """Knows the secret of every endpoint: it follows from a key of the shop's and the endpoint's salt.

    A salt says which key that is, "3f2a9c01.…", unless it is the shop's first.
    """

    def __init__(self, ring: KeyRing) -> None:
        self._keys = Derived(ring, Purpose.WEBHOOKS, bytes)

    def new_salt(self) -> str:
        """A salt, and with it a secret, for an endpoint."""
        name, _ = self._keys.marked()
        return f"{name}.{secrets.token_hex(11)}" if name else secrets.token_hex(16)

    def secret(self, salt: str) -> str:
        """The secret that the endpoint's keeper was told."""
        name, is_named, _ = salt.rpartition(".")
        key = self._keys.of(name) if is_named else self._keys.first
        if key is None:  # it is lost, and so are the secrets that followed from it: this one nobody knows
            key = self._keys.current
        return PREFIX + base64.urlsafe_b64encode(derived_key(key, salt)).decode().rstrip("=")

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
