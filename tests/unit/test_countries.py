"""Countries: the codes of ISO 3166-1, and what is said of others."""

from __future__ import annotations

from itertools import product
from string import ascii_uppercase

import pytest

from server.countries import COUNTRIES, country_code, country_problem
from server.errors import InvalidField
from server.imports.countries import _CODES, UNKNOWN


def test_there_are_as_many_as_iso_has_officially_assigned() -> None:
    assert len(COUNTRIES) == 249
    assert all(len(code) == 2 and code.isascii() and code.isupper() for code in COUNTRIES)


def test_every_other_pair_of_letters_is_refused_by_its_field() -> None:
    for pair in map("".join, product(ascii_uppercase, repeat=2)):
        for spelled in (pair, pair.lower(), pair.title()):
            if pair in COUNTRIES:
                assert country_code(spelled, "country") == pair
                continue
            with pytest.raises(InvalidField) as caught:
                country_code(spelled, "address.country")
            assert str(caught.value).startswith(f"address.country: {pair} is no country"), spelled


@pytest.mark.parametrize(
    ("code", "said"), [("UK", "write GB"), ("el", "write GR"), ("EU", "member state"), ("XX", "such as US")]
)
def test_what_is_meant_is_suggested(code: str, said: str) -> None:
    assert said in (country_problem(code) or "")


def test_what_imports_write_is_a_country_or_not_known() -> None:
    assert set(_CODES.values()) <= COUNTRIES
    assert UNKNOWN == ""
