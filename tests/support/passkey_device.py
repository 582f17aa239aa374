"""A device that makes passkeys and signs with them, as browsers speak to one: real keys, and ways to err."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
P256, EC2, ES256 = 1, 2, -7


@dataclass
class PasskeyDevice:
    """A device with at most one passkey. What is changed of it is how it errs."""

    origin: str = "https://shop.test"
    rp_id: str = ""
    """Empty: the one that is asked for."""
    flags: int = PRESENT | VERIFIED
    counts: bool = True
    """Whether it counts its signatures; passkeys that are kept in a cloud do not."""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: token_bytes(32))
    user_handle: bytes = b""
    signatures: int = 0

    def create(self, options_json: str) -> str:
        """Make the passkey that a page asks for, and answer as `navigator.credentials.create` does."""
        options = json.loads(options_json)
        assert options["authenticatorSelection"]["residentKey"] == "required"
        assert options["authenticatorSelection"]["userVerification"] == "required"
        excluded = {decoded(one["id"]) for one in options["excludeCredentials"]}
        assert self.credential_id not in excluded, "a browser makes no second one here"
        self.user_handle = decoded(options["user"]["id"])
        public = self.key.public_key().public_numbers()
        cose = cbor2.dumps(
            {1: EC2, 3: ES256, -1: P256, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")}
        )
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cose
        data = self._data(options["rp"]["id"], self.flags | ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client_data = self._client_data("webauthn.create", options["challenge"])
        return self._credential(clientDataJSON=client_data, attestationObject=attestation)

    def sign(self, options_json: str) -> str:
        """Sign what a page asks for, and answer as `navigator.credentials.get` does."""
        options = json.loads(options_json)
        assert options["userVerification"] == "required"
        assert not options.get("allowCredentials"), "the page does not know who comes"
        self.signatures += self.counts
        data = self._data(options["rpId"], self.flags)
        client_data = self._client_data("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        return self._credential(
            clientDataJSON=client_data,
            authenticatorData=data,
            signature=signature,
            userHandle=self.user_handle,
        )

    def _data(self, rp_id: str, flags: int) -> bytes:
        site = hashlib.sha256((self.rp_id or rp_id).encode()).digest()
        return site + bytes([flags]) + self.signatures.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> bytes:
        said: dict[str, Any] = {"type": kind, "challenge": challenge, "origin": self.origin}
        return json.dumps(said | {"crossOrigin": False}).encode()

    def _credential(self, **response: bytes) -> str:
        shown = encoded(self.credential_id)
        answer = {name: encoded(value) for name, value in response.items()}
        return json.dumps({"id": shown, "rawId": shown, "type": "public-key", "response": answer})


def encoded(raw: bytes) -> str:
    """Bytes as the API's JSON writes them."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """The bytes that it writes so."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
