"""Where anonymous callers are, as a number that tells two of them apart and nothing else."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from ipaddress import IPv4Address

from server.addresses import address_of, household_of
from server.crypto.purposes import Purpose
from server.crypto.ring import Derived, KeyRing

_DIGITS = 16
_REMEMBERED = 1024
"""Addresses whose origin is at hand: parsing and hashing one costs as much as a statement."""


class Origins:
    """Turns addresses into origins: keyed hashes, so that a stolen table does not tell who visited."""

    def __init__(self, ring: KeyRing) -> None:
        self._keys = Derived(ring, Purpose.ORIGINS, bytes)
        self._remembered = lru_cache(_REMEMBERED)(self._hashed)

    def of(self, address: str) -> str:
        """The origin of an address: 16 hexadecimal digits.

        Of IPv6 it is that of the network of 64 bits, since whoever has one address there has them all.
        """
        return self._remembered(address, self._keys.name)

    def _hashed(self, address: str, _key: str) -> str:
        digest = hmac.digest(self._keys.current, _network(address).encode(), hashlib.sha256)
        return digest.hex()[:_DIGITS]


def _network(address: str) -> str:
    """What is hashed of an address: to change it would make strangers of all visitors."""
    parsed = address_of(address)
    if parsed is None:
        return address
    return str(parsed if isinstance(parsed, IPv4Address) else household_of(parsed).network_address)
