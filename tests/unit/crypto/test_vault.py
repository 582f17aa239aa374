"""What the vault seals opens for its owner under the same key, and for nobody else."""

from __future__ import annotations

import pytest

from server.crypto.vault import Unreadable, Vault

SECRET = b"a secret of the tests, long enough for all"
TEXT = "GIFT-7K3M-9QX4-2T01-ZZ8P"


def test_what_is_sealed_opens_again() -> None:
    vault = Vault(SECRET)
    sealed = vault.seal(TEXT, 7)
    assert TEXT not in sealed
    assert Vault(SECRET).open(sealed, 7) == TEXT
    assert vault.seal(TEXT, 7) != sealed  # two who have the same are not seen to


def test_nothing_stays_nothing_and_plain_texts_of_before_stay_readable() -> None:
    vault = Vault(SECRET)
    assert (vault.seal("", 7), vault.open("", 7), vault.open("pm_1", 7)) == ("", "", "pm_1")


def test_the_longest_token_fits_its_column() -> None:
    assert len(Vault(SECRET).seal("a" * 128, 2**63 - 1)) <= 256


def test_what_is_anothers_or_damaged_does_not_open() -> None:
    vault = Vault(SECRET)
    sealed = vault.seal(TEXT, 7)
    for stored, user_id, key in (
        (sealed, 8, SECRET),
        (sealed, 7, b"another secret"),
        (sealed[:-4] + "AAA=", 7, SECRET),
        (sealed[:20], 7, SECRET),
        ("sealed1:", 7, SECRET),
        ("sealed1:é", 7, SECRET),
    ):
        with pytest.raises(Unreadable):
            Vault(key).open(stored, user_id)
