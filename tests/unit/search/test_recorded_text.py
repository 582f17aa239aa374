"""What is recorded of queries, and which of them others may see."""

from __future__ import annotations

import pytest

from server.search.analytics.recorded_text import is_shareable, recorded


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("  Red   MUG ", "red mug"),
        ("red\nmug\t\x00", "red mug"),
        ("Straße", "strasse"),
        ("ann@shop.test", ""),
        ("mail of ann @ shop.test", "mail of ann @ shop.test"),
        ("4242 4242 4242 4242", ""),
        ("my card 4242-4242-4242-4242 12/27", ""),
        ("x" * 500, "x" * 100),
    ],
)
def test_a_query_is_recorded_without_case_and_not_at_all_with_an_address_or_card(
    query: str, expected: str
) -> None:
    assert recorded(query) == expected


@pytest.mark.parametrize("query", ["red mug", "16gb ram", "чайник", "ps5", "iso 9001"])
def test_words_may_be_shown_to_others(query: str) -> None:
    assert is_shareable(query)


@pytest.mark.parametrize(
    "query",
    [
        *("", "a", "5901234123457", "x" * 61),
        *(
            "ann@shop.test",
            "mail of ann @ shop.test",
            "call +49 30 1234567",
            "0171/2345678 anna",
            "4242 4242 4242 4242 card",
        ),
    ],
)
def test_what_may_name_a_person_or_says_nothing_is_not_shown_to_others(query: str) -> None:
    assert not is_shareable(query)
