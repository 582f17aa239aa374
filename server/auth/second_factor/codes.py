"""Codes of the second factor: those of authenticators (RFC 6238), and recovery codes."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Final

STEP_SECONDS: Final = 30
DIGITS: Final = 6
STEPS_OFF: Final = 1
"""So many steps the clock of an authenticator may be early or late."""
SECRET_CHARACTERS: Final = 32
"""160 bits in base32, as RFC 4226 recommends."""
RECOVERY_CODES: Final = 10
_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without what is mistaken for something else."""
_GROUP, _GROUPS = 5, 3


def uri_of(secret: str, *, account: str, issuer: str) -> str:
    """What an authenticator reads a secret from, as a QR code or link, with the names that it shows."""
    from pyotp import TOTP

    return TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def hash_of(recovery_code: str, user_id: int) -> str:
    """Return what is stored of a recovery code, however it is typed.

    It is random, 73 bits of it, so a plain hash cannot be guessed, and needs no key that a shop may lose.
    """
    plain = re.sub(r"[\s-]", "", recovery_code).lower()
    return hashlib.sha256(f"{user_id} {plain}".encode()).hexdigest()


def new_secret() -> str:
    """A secret for an authenticator, in base32."""
    from pyotp import random_base32

    return random_base32(SECRET_CHARACTERS)


def new_recovery_codes() -> list[str]:
    """Codes to write down: "k7m2p-x9qrt-4hwae"."""
    return ["-".join(map("".join, _groups())) for _ in range(RECOVERY_CODES)]


def step_of(code: str, secret: str, now: datetime) -> int | None:
    """The step of time whose code of `secret` this is; None when it is of none that is near."""
    from pyotp import TOTP

    if not re.fullmatch(rf"\d{{{DIGITS}}}", code, re.ASCII):
        return None
    totp, current = TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    matching = None
    for step in range(current - STEPS_OFF, current + STEPS_OFF + 1):  # all of them, whichever it is
        if hmac.compare_digest(totp.at(step * STEP_SECONDS), code):
            matching = step
    return matching


def _groups() -> Iterator[list[str]]:
    for _ in range(_GROUPS):
        yield [secrets.choice(_ALPHABET) for _ in range(_GROUP)]
