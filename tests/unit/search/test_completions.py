"""Completions: found at the start of a word, ranked by use, forgiving of typos, and equal to a plain search."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.search.suggest.completion import Completion, CompletionEntry, CompletionKind, Uses, ranked
from server.search.suggest.index import CompletionIndex, Match, Tokens
from server.search.suggest.phrases import shared_phrases
from server.search.suggest.suggestions import mixed
from server.search.suggest.words import words_of


def index_of(*texts: str) -> CompletionIndex:
    """Queries, the first of them used most."""
    return CompletionIndex(
        [CompletionEntry(text, CompletionKind.QUERY, 0, 1 - rank / 1000) for rank, text in enumerate(texts)]
    )


def texts(matches: Sequence[Match]) -> list[str]:
    """What is suggested, the best first."""
    return [match.completion.text for match in sorted(matches, key=lambda match: -match.score)]


def completed(index: CompletionIndex, typed: str, limit: int = 10) -> list[str]:
    """What goes on as it was typed."""
    return texts(index.matches(words_of(typed), limit))


def corrected(index: CompletionIndex, typed: str, limit: int = 10) -> list[str]:
    """What may have been meant."""
    return texts(index.corrected(words_of(typed), limit))


def test_completions_begin_at_any_word_and_best_at_the_first() -> None:
    index = index_of("White Bread", "Breakfast Loaf", "Bread", "Umbrella")
    assert completed(index, "bre") == ["Breakfast Loaf", "Bread", "White Bread"]
    assert completed(index, "BREAD") == ["Bread", "White Bread"]
    assert completed(index, "rella") == []


def test_several_words_go_on_behind_each_other() -> None:
    index = index_of("Red coffee maker", "Coffee mug", "Coffee to go mug", "Tea maker")
    assert completed(index, "coffee m") == ["Coffee mug", "Red coffee maker"]
    assert completed(index, "coffee") == ["Coffee mug", "Coffee to go mug", "Red coffee maker"]
    assert completed(index, "red coffee mak") == ["Red coffee maker"]
    assert completed(index, "maker coffee") == []


def test_more_than_three_words_are_compared_with_the_text() -> None:
    index = index_of("one two three four five", "one two three five", "zero one two three four")
    assert completed(index, "one two three f") == [
        "one two three four five",
        "one two three five",
        "zero one two three four",
    ]
    assert completed(index, "one two three four f") == ["one two three four five"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("caf", ["Café-Crème"]),
        ("creme", ["Café-Crème"]),
        ("usb-c", ["USB-C cable"]),
        ("чай", ["Чайник"]),
        ("茶", ["茶壺"]),
        ("", []),
        ("'); DROP TABLE products;--", []),
        ("\x00\u202e * ? \\", []),
    ],
)
def test_words_are_compared_without_case_accents_and_signs(typed: str, expected: list[str]) -> None:
    index = index_of("Café-Crème", "USB-C cable", "Чайник", "茶壺")
    assert (completed(index, typed) if words_of(typed) else []) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("breda", "Bread"),  # swapped
        ("braed", "Bread"),
        ("bresd", "Bread"),  # another letter
        ("brread", "Bread"),  # one too many
        ("brekfast", "Breakfast Loaf"),  # one too few
        ("brekfasr", "Breakfast Loaf"),  # two edits in eight letters
        ("keybaord", "Keyboard"),
        ("jeyboard", "Keyboard"),  # the first letter
        ("keybxa", "Keyboard"),  # while it is typed
        ("keyb0a", ""),  # a code
        ("cofee m", "Coffee mug"),  # in a word before the last
        ("coffee mgu", ""),  # three letters are too few to guess
        ("brd", ""),
        ("breadfoot", ""),
    ],
)
def test_typing_errors_are_forgiven(typed: str, expected: str) -> None:
    index = index_of("Bread", "Breakfast Loaf", "Keyboard", "Coffee mug", "Coffee tin", "Toast")
    assert (corrected(index, typed)[:1] or [""]) == [expected]


def test_what_was_typed_rightly_is_not_corrected() -> None:
    assert corrected(index_of("Bread", "Broad"), "bread") == ["Broad"]


def test_a_hidden_product_is_suggested_no_more() -> None:
    products = [Uses(f"Mug {number}", number, number) for number in range(1, 301)]
    index = CompletionIndex(list(ranked(CompletionKind.PRODUCT, products)))
    index.hide_products(range(3, 301))
    assert completed(index, "mug", limit=5) == ["Mug 2", "Mug 1"]


def test_an_empty_index_suggests_nothing() -> None:
    index = CompletionIndex([])
    assert completed(index, "mug") == []
    assert corrected(index, "bread") == []


@pytest.mark.parametrize("kind", list(CompletionKind))
def test_uses_rank_within_a_kind(kind: CompletionKind) -> None:
    entries = list(ranked(kind, [Uses("never", 1, 0), Uses("often", 2, 1000), Uses("once", 3, 1)]))
    ranks = {entry.text: entry.rank for entry in entries}
    assert ranks["often"] > ranks["once"] > ranks["never"]


def test_products_are_half_of_what_is_suggested_where_there_is_enough_else() -> None:
    def match(text: str, kind: CompletionKind, score: float) -> Match:
        return Match(Completion(text, kind), score)

    products = [match(f"Mug {number}", CompletionKind.PRODUCT, 2 - number / 100) for number in range(6)]
    queries = [match(f"mug of {number}", CompletionKind.QUERY, 1 - number / 100) for number in range(3)]
    many = mixed([*products, *queries], 4)
    assert [each.text for each in many] == ["Mug 0", "Mug 1", "mug of 0", "mug of 1"]
    few = mixed([*products, *queries], 8)
    assert [each.text for each in few] == [
        *("Mug 0", "Mug 1", "Mug 2", "Mug 3"),
        *("mug of 0", "mug of 1", "mug of 2", "Mug 4"),
    ]


def test_a_text_is_suggested_once_as_the_better_of_two_kinds() -> None:
    brand = Match(Completion("Acme", CompletionKind.BRAND), 0.9)
    query = Match(Completion("acme", CompletionKind.QUERY), 0.8)
    assert mixed([brand, query], 10) == (brand.completion,)


def test_phrases_are_what_three_names_share_and_end_where_they_differ() -> None:
    names = ["Coffee Maker X1", "Red coffee maker", "coffee maker for two", "Coffee mug", "Tea maker"]
    entries = list(ranked(CompletionKind.PRODUCT, [Uses(name, 1, 0) for name in names]))
    phrases = shared_phrases(names, [5, 0, 0, 0, 0], Tokens(entries))
    assert sorted(phrase.text for phrase in phrases) == ["coffee", "coffee maker", "maker"]


def test_a_phrase_ends_at_a_comma() -> None:
    names = [f"Garden hose, green {number}" for number in range(4)]
    entries = list(ranked(CompletionKind.PRODUCT, [Uses(name, 1, 0) for name in names]))
    phrases = {phrase.text for phrase in shared_phrases(names, [0] * 4, Tokens(entries))}
    assert "garden hose" in phrases
    assert not any("," in phrase for phrase in phrases)


def test_a_phrase_stands_as_it_is_written() -> None:
    names = [f"Crème-Brûlée no. {number}" for number in range(4)]
    entries = list(ranked(CompletionKind.PRODUCT, [Uses(name, 1, 0) for name in names]))
    phrases = shared_phrases(names, [0] * 4, Tokens(entries))
    assert "crème-brûlée" in [phrase.text for phrase in phrases]


WORDS = st.lists(st.sampled_from(["ab", "abc", "abd", "b", "bc", "ca", "é"]), min_size=1, max_size=5)


@given(names=st.lists(WORDS, min_size=1, max_size=30), typed=WORDS)
def test_completions_are_those_of_a_plain_search(names: list[list[str]], typed: list[str]) -> None:
    index = CompletionIndex(
        [
            CompletionEntry(" ".join(name), CompletionKind.PRODUCT, number, 0.5)
            for number, name in enumerate(names)
        ]
    )
    words = words_of(" ".join(typed))
    expected = {number for number, name in enumerate(names) if _goes_on(words_of(" ".join(name)), words)}
    assert {match.completion.id for match in index.matches(words, len(names))} == expected


def _goes_on(name: list[str], typed: list[str]) -> bool:
    *whole, last = typed
    return any(
        name[start : start + len(whole)] == whole and name[start + len(whole)].startswith(last)
        for start in range(len(name) - len(whole))
    )


def test_no_phrase_begins_behind_an_apostrophe() -> None:
    names = [f"{brand} Men's Running Shoes" for brand in ("Alpha", "Beta", "Gamma", "Delta")]
    entries = [CompletionEntry(name, CompletionKind.PRODUCT, number, 0) for number, name in enumerate(names)]
    phrases = {phrase.text for phrase in shared_phrases(names, [0] * 4, Tokens(entries))}
    assert "running shoes" in phrases
    assert not any(phrase.startswith("s ") for phrase in phrases)
