"""Keyset pages: how large a page is, and the sealed token that says where the next one begins."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import Message

from server.crypto.purposes import Purpose
from server.crypto.ring import Derived, KeyRing
from server.errors import InvalidArgument

MAX_REPLY_BYTES = 4 * 1024 * 1024
"""What a reply may take: gRPC's clients refuse more unless told otherwise, the gateway holds no longer JSON."""

MAX_PAGE_BYTES = 310 * 1024
"""What the items of a page may take. Their JSON is up to ten times as long: "<" is written as \\u003c, and fields
that are empty are named; with what every message adds to that it stays below MAX_REPLY_BYTES."""

_NONCE_BYTES = 12

R = TypeVar("R")
M = TypeVar("M", bound=Message)


class InvalidPageToken(InvalidArgument):
    """The token was not issued for this list."""

    message = "The page token was not issued for this list with these arguments; start without a token."


class Pages:
    """Sizes pages and seals their tokens.

    A token holds the last row's sort keys. It is encrypted and authenticated (AES-GCM) together with the
    list's other arguments and the caller, so that one that was edited, or is used elsewhere, does not open.
    The same page has the same token, so that caches see that a list is still the same.
    """

    def __init__(self, ring: KeyRing, *, default_size: int, max_size: int) -> None:
        self._ciphers = Derived(ring, Purpose.PAGE_TOKENS, AESGCM)
        self._nonce_keys = Derived(ring, Purpose.PAGE_NONCES, bytes)
        self._default_size = default_size
        self._max_size = max_size

    def size(self, requested: int) -> int:
        """The page size for `requested`: 0 means the default, too large is coerced."""
        return min(requested, self._max_size) if requested > 0 else self._default_size

    def page(
        self,
        rows: Sequence[R],
        size: int,
        to_wire: Callable[[R], M | None],
        keys: Callable[[R], Sequence[Any]],
        *scope: object,
    ) -> tuple[list[M], str]:
        """The messages of a page, and the token of the next one; "" when none follows.

        `rows` are one more than `size` when another page follows; one whose message is None is gone, and left out.
        The page ends before its items take more than MAX_PAGE_BYTES, but holds one at least.
        """
        items, taken = fitting(rows[:size], to_wire)
        return items, self.seal(keys(rows[taken - 1]), *scope) if len(rows) > taken else ""

    def seal(self, keys: Sequence[Any], *scope: object) -> str:
        """A token for the page after the row with these sort `keys`, valid for the same `scope` only."""
        plain = _plain([{"t": key.isoformat()} if isinstance(key, datetime) else key for key in keys])
        fingerprint = _fingerprint(scope)
        key = self._nonce_keys.current
        nonce = hashlib.blake2b(fingerprint + plain, key=key, digest_size=_NONCE_BYTES).digest()
        sealed = self._ciphers.current.encrypt(nonce, plain, fingerprint)
        return _text(nonce + sealed)

    def open(self, token: str, *scope: object) -> list[Any] | None:
        """The sort keys that `token` holds; None for an empty token, the first page.

        Raises InvalidPageToken when it was edited or issued for another scope.
        """
        if not token:
            return None
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            if _text(raw) != token:  # base64 skips strange characters and the last one's spare bits
                raise InvalidPageToken().at("page_token")
        except ValueError:
            raise InvalidPageToken().at("page_token") from None
        opened = self._opened(raw, _fingerprint(scope))
        if opened is None:
            raise InvalidPageToken().at("page_token")
        keys: list[Any] = json.loads(opened)
        return [datetime.fromisoformat(key["t"]) if isinstance(key, dict) else key for key in keys]

    def _opened(self, raw: bytes, fingerprint: bytes) -> bytes | None:
        """What a token holds that was sealed with one of the shop's keys."""
        for cipher in self._ciphers.all():
            try:
                return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], fingerprint)
            except (ValueError, InvalidTag):
                continue
        return None


def fitting(rows: Sequence[R], to_wire: Callable[[R], M | None]) -> tuple[list[M], int]:
    """The messages of the first rows that take at most MAX_PAGE_BYTES together, and how many rows those are."""
    items: list[M] = []
    room = MAX_PAGE_BYTES
    for taken, row in enumerate(rows):
        item = to_wire(row)
        if item is None:
            continue
        room -= item.ByteSize()
        if items and room < 0:
            return items, taken
        items.append(item)
    return items, len(rows)


def _plain(values: list[Any]) -> bytes:
    # Not escaped: a long name in another script would outgrow what the contract takes as a token.
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def _text(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def _fingerprint(scope: Sequence[object]) -> bytes:
    return hashlib.sha256(repr(scope).encode()).digest()
