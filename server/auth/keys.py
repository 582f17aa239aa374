"""The keys of the accounts: one for each purpose, and those that sign access tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from server.crypto.keys import derived_key
from server.settings import InvalidSettings, Settings

PrivateKey: TypeAlias = bytes | Ed25519PrivateKey | RSAPrivateKey
PublicKey: TypeAlias = bytes | Ed25519PublicKey | RSAPublicKey
"""A secret of ours is both."""

MIN_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A key and the one algorithm it is used with: a token cannot choose another."""

    algorithm: str
    key: PublicKey


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The key that signs, its `kid`, and by `kid` every key that is accepted."""

    kid: str
    algorithm: str
    signing_key: PrivateKey
    accepted: Mapping[str, VerifyingKey]

    @classmethod
    def of(cls, settings: Settings) -> KeyRing:
        """The keys that `settings` name.

        Raises InvalidSettings when a file is missing or holds another kind of key.
        """
        accepted = {kid: _public_key(path) for kid, path in settings.jwt_previous_keys.items()}
        signing: PrivateKey
        verifying: PublicKey
        if settings.jwt_key_file is None or settings.algorithm == "HS256":
            signing = verifying = account_key(settings.secret_key.get_secret_value(), "access-token")
        else:
            pair = _private_key(settings.jwt_key_file, settings.algorithm)
            signing, verifying = pair, pair.public_key()
        accepted[settings.jwt_key_id] = VerifyingKey(settings.algorithm, verifying)
        return cls(settings.jwt_key_id, settings.algorithm, signing, accepted)


def account_key(secret_key: str, purpose: str) -> bytes:
    """The 32-byte key for one purpose of the accounts; raises InvalidSettings when there is no secret."""
    if not secret_key:
        raise InvalidSettings("SECRET_KEY: required, e.g. `openssl rand -hex 32`")
    return derived_key(secret_key.encode(), purpose)


def _private_key(path: Path, algorithm: str) -> Ed25519PrivateKey | RSAPrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise InvalidSettings(
            f"JWT_KEY_FILE: {path} cannot be read as an unencrypted PEM private key"
        ) from error
    if algorithm == "EdDSA" and isinstance(key, Ed25519PrivateKey):
        return key
    if algorithm == "RS256" and isinstance(key, RSAPrivateKey) and key.key_size >= MIN_RSA_BITS:
        return key
    needed = "an Ed25519 key" if algorithm == "EdDSA" else f"an RSA key of {MIN_RSA_BITS} bits or more"
    raise InvalidSettings(f"JWT_KEY_FILE: {algorithm} needs {needed}")


def _public_key(path: Path) -> VerifyingKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InvalidSettings(f"JWT_PREVIOUS_KEYS: {path} cannot be read as a PEM public key") from error
    if isinstance(key, Ed25519PublicKey):
        return VerifyingKey("EdDSA", key)
    if isinstance(key, RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
        return VerifyingKey("RS256", key)
    raise InvalidSettings(
        f"JWT_PREVIOUS_KEYS: {path} is neither Ed25519 nor RSA of {MIN_RSA_BITS} bits or more"
    )
