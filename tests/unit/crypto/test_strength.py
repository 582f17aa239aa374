"""How hard secrets are to guess: what is published, typed or repeated is easy, whatever its length."""

from __future__ import annotations

import base64
import os
import secrets
from random import Random

import pytest

from server.crypto.strength import KEY_BITS, PASSWORD_BITS, strength_bits

KEYS = 40 if "SANSET_FAULT_ROUNDS" in os.environ else 10
"""Random ones, each written in five ways."""

PUBLISHED = """
your-super-secret-key-change-this-in-production
supersecret_very_long_random_string
changeme-changeme-changeme-changeme
change-mechange-mechange-mechange-me
your-secret-key-here-change-me-please
CHANGE-ME-IN-PRODUCTION-1234567890
a-string-secret-at-least-256-bits-long
replace-with-at-least-32-characters-please
please-change-this-very-long-secret-key-before-you-go-to-production
09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7
404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970
django-insecure-change-me-please-1234567890
550e8400-e29b-41d4-a716-446655440000
correct-horse-battery-staple-correct
"""
SEQUENCES = """
12345678901234567890123456789012
abcdefghijklmnopqrstuvwxyzabcdef
0123456789abcdef0123456789abcdef
fedcba9876543210fedcba9876543210
zyxwvutsrqponmlkjihgfedcba987654
qwertyuiopasdfghjklzxcvbnm123456
1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9
!@#$%^&*()!@#$%^&*()!@#$%^&*()!@
3.14159265358979323846264338327950288
"""
REPEATED = """
aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb
aaaabbbbccccddddeeeeffffgggghhhh
11223344556677889900112233445566
00000000-0000-0000-0000-000000000000
abcd1234abcd1234abcd1234abcd1234
deadbeefdeadbeefdeadbeefdeadbeef
1q2w3e4r5t6y7u8i9o0p1q2w3e4r5t6y
a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4
2024-01-01-2024-01-01-2024-01-01
x7Kq-x7Kq-x7Kq-x7Kq-x7Kq-x7Kq-x7Kq
"""
WORDS = """
passwordpasswordpasswordpassword1
supersecretkeysupersecretkeysuper
P@ssw0rdP@ssw0rdP@ssw0rdP@ssw0rd
S3cr3tK3yS3cr3tK3yS3cr3tK3yS3cr3t
elephantelephantelephantelephant
monkeydragonfootballbaseballmaster
sunshineprincessfootballcharlieshadow
thisisaverysecretkeythatnobodyknows
ThisIsMySecretKeyForTheProductionServer
thequickbrownfoxjumpsoverthelazydog
my_very_secret_key_for_my_shop_2026
drowssapdrowssapdrowssapdrowssap
To-Be-Or-Not-To-Be-That-Is-The-Question
"""
FIRST_TRIED = """
Password123! Admin1234 Welcome2026 Summer2026! changeme-changeme-1 P@ssw0rd2026 Qwerty123456 letmein-please-1
admin-demo-1 demo-vendor-1 Sup3rS3cret! test1234test1234 iloveyou123 Sanset-Admin-1 Olga-Petrova-1 shop.test1
"""


@pytest.mark.parametrize(
    "secret", [each for group in (PUBLISHED, SEQUENCES, REPEATED, WORDS) for each in group.split()]
)
def test_a_key_that_people_type_or_publish_is_weak(secret: str) -> None:
    assert len(secret) >= 27
    assert strength_bits(secret) < KEY_BITS
    assert strength_bits(secret + "1") < KEY_BITS


@pytest.mark.parametrize("plain", ["changemechangemechangemechangeme", "your-super-secret-key-for-the-shop"])
def test_a_weak_key_is_no_stronger_for_being_encoded(plain: str) -> None:
    for encoded in (plain.encode().hex(), base64.b64encode(plain.encode()).decode()):
        assert strength_bits(encoded) < KEY_BITS


def test_random_keys_are_strong_however_they_are_written() -> None:
    random = Random(7)
    for _ in range(KEYS):
        key = random.randbytes(32)
        for written in (
            key.hex(),
            key[:16].hex(),
            key.hex().upper(),
            base64.b64encode(key).decode(),
            base64.urlsafe_b64encode(key[:24]).decode(),
        ):
            assert strength_bits(written) > KEY_BITS
    assert strength_bits(secrets.token_hex(32)) > KEY_BITS


@pytest.mark.parametrize(
    "phrase",
    [
        "maple-orbit-canyon-velvet-tundra-gravel",
        "unicycle gallstone rework uptake cubbyhole deniable",
        "tidy-lava-punch-robe-mango-clerk-stem",
        "passionthesisotterbricklunarflute",
        "backspin.defrost.grimy.onyx.trifle",
    ],
)
def test_a_phrase_of_random_words_is_strong(phrase: str) -> None:
    assert strength_bits(phrase) > KEY_BITS


@pytest.mark.parametrize("password", FIRST_TRIED.split())
def test_a_password_that_is_tried_first_is_weak(password: str) -> None:
    assert strength_bits(password, ("olga", "petrova", "shop.test")) < PASSWORD_BITS


@pytest.mark.parametrize(
    "password", ["Xk29vmQpa81z", "purple-llama-42-dance", "a-long-and-own-one-7", "mW4-tKz9-qLp2"]
)
def test_a_password_of_ones_own_is_strong_enough(password: str) -> None:
    assert strength_bits(password) > PASSWORD_BITS


def test_the_longest_secret_is_looked_at_no_longer_than_needed() -> None:
    assert strength_bits(Random(7).randbytes(100_000).hex()) > KEY_BITS
    assert strength_bits("") == 0
