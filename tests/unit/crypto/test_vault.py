"""What the vault seals opens in its place under the same key, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.crypto.ring import KeyRing
from server.crypto.vault import Cell, Unreadable, Vault

SECRET, ANOTHER = b"a secret of the tests, long enough for all", b"another secret of the tests, also long"
TEXT = "GIFT-7K3M-9QX4-2T01-ZZ8P"
HERE = Cell("users.sealed_phone", 7)
OWNER = 7


def vault_of(*secrets: bytes, is_sealing: bool = True) -> Vault:
    """A vault that seals with the last of the secrets, as before a rotation."""
    ring = KeyRing(secrets)
    ring.adopt(replace(ring.state, is_sealing=is_sealing))
    return Vault(ring)


def turned(*secrets: bytes) -> Vault:
    """A vault that seals with the first of the secrets, as after a rotation."""
    vault = vault_of(*secrets)
    vault.ring.adopt(replace(vault.ring.state, current=vault.ring.newest))
    return vault


def test_what_is_sealed_opens_again() -> None:
    vault = vault_of(SECRET)
    sealed = vault.seal(TEXT, HERE)
    assert TEXT not in sealed
    assert vault_of(SECRET).open(sealed, HERE) == TEXT
    assert vault.seal(TEXT, HERE) != sealed  # two who have the same are not seen to
    assert vault_of(SECRET).open_bytes(vault.seal_bytes(b"\x0a\x00", HERE), HERE) == b"\x0a\x00"


def test_nothing_stays_nothing_and_plain_values_of_before_stay_readable() -> None:
    vault = vault_of(SECRET)
    assert (vault.seal("", HERE), vault.open("", HERE), vault.open("pm_1", HERE)) == ("", "", "pm_1")
    assert (vault.seal_bytes(b"", HERE), vault.open_bytes(b"\x0a", HERE)) == (b"", b"\x0a")
    assert vault.open_token("pm_1", HERE, OWNER) == "pm_1"


def test_while_an_earlier_release_may_serve_all_is_written_as_it_reads_it() -> None:
    vault = vault_of(SECRET, is_sealing=False)
    assert (vault.seal(TEXT, HERE), vault.seal_bytes(b"\x0a", HERE)) == (TEXT, b"\x0a")
    token = vault.seal_token(TEXT, HERE, OWNER)
    assert token.startswith("sealed1:")
    assert vault_of(SECRET).open_token(token, HERE, OWNER) == TEXT


def test_the_longest_token_fits_its_column() -> None:
    for vault in (vault_of(SECRET), vault_of(SECRET, is_sealing=False)):
        assert len(vault.seal_token("a" * 128, Cell("payment_methods.token", 2**63 - 1), 2**63 - 1)) <= 256


@pytest.mark.parametrize("cell", [Cell(HERE.column, 8), Cell("addresses.sealed", HERE.row)])
def test_what_belongs_elsewhere_does_not_open(cell: Cell) -> None:
    vault = vault_of(SECRET)
    with pytest.raises(Unreadable):
        vault.open(vault.seal(TEXT, HERE), cell)
    with pytest.raises(Unreadable):
        vault.open_bytes(vault.seal_bytes(b"\x0a", HERE), cell)


def test_what_is_anothers_or_damaged_does_not_open() -> None:
    sealed = vault_of(SECRET).seal(TEXT, HERE)
    old = vault_of(SECRET, is_sealing=False).seal_token(TEXT, HERE, OWNER)
    for stored, owner, key in (
        (sealed, OWNER, ANOTHER),
        (sealed[:-4] + "AAA=", OWNER, SECRET),
        (sealed[:30], OWNER, SECRET),
        ("s2:", OWNER, SECRET),
        ("s2::", OWNER, SECRET),
        ("s2:ffffffff:é", OWNER, SECRET),
        (old, OWNER + 1, SECRET),
        (old, OWNER, ANOTHER),
        (old[:20], OWNER, SECRET),
        ("sealed1:", OWNER, SECRET),
        ("sealed1:é", OWNER, SECRET),
    ):
        with pytest.raises(Unreadable):
            vault_of(key).open_token(stored, HERE, owner)
    for raw in (b"\x00s2:", b"\x00s2:ffffffff", b"\x00s2:\xff\xff"):
        with pytest.raises(Unreadable):
            vault_of(SECRET).open_bytes(raw, HERE)


def test_another_key_is_used_once_the_database_says_so_and_those_of_before_still_open() -> None:
    before = vault_of(ANOTHER, SECRET)
    old, token = before.seal(TEXT, HERE), vault_of(SECRET, is_sealing=False).seal_token(TEXT, HERE, OWNER)
    assert vault_of(SECRET).open(old, HERE) == TEXT, "servers that know only the old one go on"
    after = turned(ANOTHER, SECRET)
    new = after.seal(TEXT, HERE)
    assert (after.open(old, HERE), after.open_token(token, HERE, OWNER)) == (TEXT, TEXT)
    assert vault_of(ANOTHER).open(new, HERE) == TEXT
    assert (new.startswith(after.mark), old.startswith(after.mark)) == (True, False)


def test_what_is_sealed_names_the_key_that_sealed_it_whatever_is_taken_up_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vault = vault_of(ANOTHER, SECRET)
    turn = replace(vault.ring.state, current=vault.ring.newest)

    def turning(count: int) -> bytes:
        vault.ring.adopt(turn)
        return bytes(count)

    monkeypatch.setattr("server.crypto.vault.os.urandom", turning)
    sealed = vault.seal(TEXT, HERE)
    assert not sealed.startswith(vault.mark)
    assert vault.open(sealed, HERE) == vault_of(SECRET).open(sealed, HERE) == TEXT


def test_what_is_sealed_already_is_not_sealed_again() -> None:
    old = vault_of(SECRET, is_sealing=False).seal_token(TEXT, HERE, OWNER)
    vault = vault_of(SECRET)
    sealed = vault.seal(TEXT, HERE)
    assert (vault.seal(sealed, HERE), vault.seal(old, HERE)) == (sealed, old)


def test_a_phone_number_is_found_however_it_is_written_and_by_every_key() -> None:
    vault, after = vault_of(SECRET), turned(ANOTHER, SECRET)
    [key] = vault.phone_keys("+49 (170) 123-4567")
    assert vault.phone_keys("0049 170 1234567") == [key]
    assert vault.phone_keys("+49 170 1234568") != [key]
    assert after.phone_keys("+491701234567")[1] == key
    assert vault.phone_keys("") == vault.phone_keys("none") == []
