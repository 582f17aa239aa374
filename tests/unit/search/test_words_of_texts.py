"""Words: the same thing, written in two ways, is the same word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.search.index.words import MAX_WORD_LENGTH, number_of, stem, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("16GB", "16 gb"),
        ("27 inch monitor", '27" monitor'),
        ("2.5 inches", "2.5in"),
        ("Café", "CAFE"),
        ("women's shoes", "womens shoes".replace("womens", "women")),
        ("L'Oréal", "loreal"),
        ("500 watts", "500W"),
        ("ＦＵＬＬ", "full"),
        ("Straße", "strasse"),
    ],
)
def test_two_ways_to_write_it_are_the_same_words(one: str, other: str) -> None:
    assert words(one) == words(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("WH-1000XM4", ["wh", "1000xm4"]),
        ("5 in 1", ["5", "in", "1"]),
        ("USB 3.0 hub", ["usb", "3.0", "hub"]),
        ("東京都", ["東京", "京都"]),
        ("iPhone用ケース", ["iphone", "用ケ", "ケー", "ース"]),
        ("", []),
        ('"(^~*:', []),
        ("a\x00b\x1fc", ["a", "b", "c"]),
        ("x" * 100, ["x" * MAX_WORD_LENGTH]),
    ],
)
def test_a_text_is_cut_into_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_words_of_one_stem_are_found_by_each_other() -> None:
    assert {stem(word) for word in ("printer", "printers")} == {stem("printer")}
    assert stem("1000xm4") == "1000xm4"


def test_the_number_of_a_measure_stands_by_itself_as_well() -> None:
    assert (number_of("27in"), number_of("2.5gb"), number_of("27"), number_of("gb"), number_of("a1")) == (
        *("27", "2.5"),
        *(None, None, None),
    )


@given(st.text(max_size=200))
def test_every_text_has_words_that_are_their_own_words(text: str) -> None:
    for word in words(text):
        assert word
        assert len(word) <= MAX_WORD_LENGTH + 3
        assert stem(word)
