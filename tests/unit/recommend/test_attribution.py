"""The attribution token: it says which list led to an event, and cannot be made up."""

from __future__ import annotations

import base64

import pytest

from server.crypto.ring import KeyRing
from server.recommend.feedback.attribution import Attributions

SECRET = b"a secret of more than 32 characters"


def test_a_token_tells_its_model_and_no_two_lists_share_one() -> None:
    attributions = Attributions(KeyRing([SECRET]))
    first, second = attributions.issue("all_20260601T120000Z"), attributions.issue("all_20260601T120000Z")
    read = attributions.read(first)
    assert read is not None
    assert read.model_version == "all_20260601T120000Z"
    assert first != second
    assert len(first) <= 512


def test_another_workers_token_with_the_same_secret_is_read() -> None:
    assert (
        Attributions(KeyRing([SECRET])).read(Attributions(KeyRing([SECRET])).issue("popularity")) is not None
    )


def test_a_token_under_another_secret_is_refused() -> None:
    assert (
        Attributions(KeyRing([SECRET])).read(Attributions(KeyRing([b"another secret"])).issue("popularity"))
        is None
    )


def test_a_token_with_any_bit_changed_is_refused() -> None:
    attributions = Attributions(KeyRing([SECRET]))
    raw = bytearray(base64.urlsafe_b64decode(attributions.issue("all") + "=="))
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        assert attributions.read(base64.urlsafe_b64encode(bytes(changed)).decode().rstrip("=")) is None


@pytest.mark.parametrize("token", ["", "x", "not base64!", "ÄÖÜ", "A" * 512, "=", "\x00"])
def test_rubbish_is_no_token(token: str) -> None:
    assert Attributions(KeyRing([SECRET])).read(token) is None
