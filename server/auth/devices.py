"""Devices: what a client keeps of its sign-ins, to be known again where strangers have had an account locked.

Nothing of it is stored. A device shows its id, signed, with a mark for each account that signed in on it; a mark
says nothing of the account to whoever lacks the shop's key, and none can be carried to another device. Who has it
can do no more than guess a few passwords while others cannot.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from typing import Self

from server.crypto.purposes import Purpose
from server.crypto.ring import Derived
from server.settings import Settings

DEVICE_HEADER = "x-device-id"
MAX_ACCOUNTS = 8
"""Whose marks a device keeps: of those who signed in last."""

_ID_BYTES, _MARK_BYTES, _SIGNATURE_BYTES = 16, 8, 16
_SHAPE = re.compile(r"([A-Za-z0-9_-]{22,110})\.([A-Za-z0-9_-]{22})")


@dataclass(frozen=True, slots=True)
class Device:
    """A device, and the marks of the accounts that signed in on it, the last one last."""

    raw_id: bytes
    marks: tuple[bytes, ...] = ()

    @property
    def id(self) -> str:
        """The id as text."""
        return self.raw_id.hex()


class Devices:
    """Makes and reads the signed ids of devices."""

    def __init__(self, keys: Derived[bytes]) -> None:
        self._keys = keys

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """With the keys of the shop: a device outlives them."""
        return cls(Derived(settings.ring, Purpose.DEVICES, bytes))

    def read(self, sent: object) -> Device | None:
        """The device whose signed id was sent; None when it is none of ours."""
        shape = _SHAPE.fullmatch(sent) if isinstance(sent, str) else None
        if shape is None:
            return None
        body, signature = shape.groups()
        if not any(hmac.compare_digest(signature, _signature(body, key)) for key in self._keys.all()):
            return None
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        rest = raw[_ID_BYTES:]
        marks = (rest[at : at + _MARK_BYTES] for at in range(0, len(rest), _MARK_BYTES))
        return Device(raw[:_ID_BYTES], tuple(marks))

    def id_for(self, user_id: int | None, device: Device | None) -> str:
        """The id of a device on which an account signed in before; empty when it did not, or there is none."""
        if user_id is None or device is None:
            return ""
        marks = (_mark(device.raw_id, user_id, key) for key in self._keys.all())
        return device.id if any(mark in device.marks for mark in marks) else ""

    def signed_in(self, device: Device | None, user_id: int, session_id: str) -> str:
        """The signed id to keep of a device, the session's own where there is none, once an account signed in."""
        device = device or self._own_of(session_id)
        mark = _mark(device.raw_id, user_id, self._keys.current)
        others = [each for each in device.marks if each != mark]
        return self._text(replace(device, marks=(*others, mark)[-MAX_ACCOUNTS:]))

    def carried_on(self, device: Device | None, user_id: int, session_id: str) -> str:
        """The signed id to keep of a device on which a session goes on: as it is shown, or the session's own.

        No password was proven: who has but a refresh token gets no other devices, each with guesses of its own.
        """
        if device is not None and not self.id_for(user_id, device):
            return self._text(device)
        return self.signed_in(device, user_id, session_id)

    def _own_of(self, session_id: str) -> Device:
        """The device that a session has by itself: always the same."""
        key = self._keys.current
        return Device(hmac.digest(key, b"session " + session_id.encode(), hashlib.sha256)[:_ID_BYTES])

    def _text(self, device: Device) -> str:
        body = _encode(device.raw_id + b"".join(device.marks))
        return f"{body}.{_signature(body, self._keys.current)}"


def _mark(raw_id: bytes, user_id: int, key: bytes) -> bytes:
    return hmac.digest(key, b"account %d on " % user_id + raw_id, hashlib.sha256)[:_MARK_BYTES]


def _signature(body: str, key: bytes) -> str:
    return _encode(hmac.digest(key, b"device " + body.encode(), hashlib.sha256)[:_SIGNATURE_BYTES])


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
